from __future__ import annotations

import datetime
import json
import math
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from mlsql_engine.serving.scoring import answers
from mlsql_sdk import vectors
from unit.serving import described

VECTORS = vectors.from_tuples([(1, None, None, [1.0, 2.0]), (0, 3, [1], [5.0]), None])

VALUES = [
    (pa.float64(), [0.5, None, math.nan], [0.5, None, None]),
    (pa.int64(), [1, None], [1, None]),
    (pa.bool_(), [True], [True]),
    (pa.string(), ["é"], ["é"]),
    (pa.binary(), [b"\x00\xff"], ["AP8="]),
    (pa.decimal128(4, 2), [Decimal("1.25"), None], [1.25, None]),
    (pa.date32(), [datetime.date(2024, 2, 29)], ["2024-02-29"]),
    (pa.list_(pa.float64()), [[1.0, math.nan], None], [[1.0, None], None]),
    (pa.map_(pa.string(), pa.int64()), [[("a", 1)]], [{"a": 1}]),
    (pa.struct([("a", pa.int64())]), [{"a": 1}], [{"a": 1}]),
]


@pytest.mark.parametrize(("kind", "values", "told"), VALUES)
def test_answers_of_every_type(kind: pa.DataType, values: list[Any], told: list[Any]) -> None:
    found = answers.write(described.answers(values, kind), kind)
    assert json.loads(found) == {"predictions": told}


def test_vectors_are_arrays() -> None:
    found = answers.write(described.answers(VECTORS), vectors.arrow_type())
    assert json.loads(found) == {"predictions": [[1.0, 2.0], [0.0, 5.0, 0.0], None]}
