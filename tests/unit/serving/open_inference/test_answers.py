from __future__ import annotations

import datetime
import json
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsql_engine.core.errors import DataProblem
from mlsql_engine.serving.answers import Answers
from mlsql_engine.serving.open_inference import byte_strings
from mlsql_engine.serving.open_inference.answers import Output
from mlsql_engine.serving.open_inference.datatypes import DATATYPES
from mlsql_sdk import vectors
from unit.serving.described import answers

MAP = pa.map_(pa.string(), pa.int64())
STRUCT = pa.struct([("a", pa.int64()), ("m", MAP)])
VECTORS = [(1, None, None, [1.0, 2.0]), (0, 2, [1], [5.0])]


def output_of(kind: pa.DataType) -> Output:
    return Output.of("f", "3", kind)


def by_json(found: Answers, kind: pa.DataType) -> tuple[str, list[int], list[Any]]:
    answer = json.loads(output_of(kind).json(found, None))
    (tensor,) = answer["outputs"]
    assert tensor["name"] == "prediction"
    return tensor["datatype"], tensor["shape"], tensor["data"]


def by_bytes(found: Answers, kind: pa.DataType) -> tuple[str, list[int], bytes]:
    body, length = output_of(kind).binary(found, None)
    (tensor,) = json.loads(body[:length])["outputs"]
    assert tensor["parameters"] == {"binary_data_size": len(body) - length}
    return tensor["datatype"], tensor["shape"], body[length:]


def test_the_whole_answer() -> None:
    output, found = output_of(pa.float64()), answers([0.5, 1.5])
    assert json.loads(output.json(found, "seven")) == {
        "model_name": "f",
        "model_version": "3",
        "id": "seven",
        "outputs": [{"name": "prediction", "shape": [2], "datatype": "FP64", "data": [0.5, 1.5]}],
    }
    assert "id" not in json.loads(output.json(found, None))
    body, length = output.binary(found, "seven")
    assert json.loads(body[:length])["id"] == "seven"
    assert body[length:] == np.array([0.5, 1.5]).tobytes()


@pytest.mark.parametrize("name", [name for name in DATATYPES if name != "BYTES"])
def test_numbers_of_every_datatype(name: str) -> None:
    datatype = DATATYPES[name]
    assert datatype.little is not None
    values = np.array([0, 1, 1], datatype.little)
    found = answers(pa.array(values, datatype.arrow))
    assert by_json(found, datatype.arrow) == (name, [3], values.tolist())
    assert by_bytes(found, datatype.arrow) == (name, [3], values.tobytes())


TEXTS = [
    (pa.string(), ["a", "é"], ["a", "é"]),
    (pa.large_string(), ["a"], ["a"]),
    (pa.binary(), [b"a"], ["a"]),
    (pa.date32(), [datetime.date(2024, 2, 29)], ["2024-02-29"]),
    (MAP, [[("a", 1), ("b", None)]], ['{"a":1,"b":null}']),
    (STRUCT, [{"a": 1, "m": [("x", 2)]}], ['{"a":1,"m":{"x":2}}']),
    (pa.list_(MAP), [[[("a", 1)]]], ['[{"a":1}]']),
]


@pytest.mark.parametrize(("kind", "values", "texts"), TEXTS)
def test_what_is_text(kind: pa.DataType, values: list[Any], texts: list[str]) -> None:
    found = answers(values, kind)
    assert by_json(found, kind) == ("BYTES", [len(texts)], texts)
    assert by_bytes(found, kind) == ("BYTES", [len(texts)], byte_strings.write([text.encode() for text in texts]))
    assert by_json(answers([*values, None], kind), kind)[2] == [*texts, None]


def test_decimals_are_doubles() -> None:
    kind = pa.decimal128(4, 2)
    found = answers([Decimal("1.25")], kind)
    assert by_json(found, kind) == ("FP64", [1], [1.25])
    assert by_bytes(found, kind) == ("FP64", [1], np.array([1.25]).tobytes())


ROWS = [
    (pa.list_(pa.float64()), [[1.0, 2.0], [3.0, 4.0]], "FP64", [1.0, 2.0, 3.0, 4.0]),
    (pa.list_(pa.int32(), 2), [[1, 2], [3, 4]], "INT32", [1, 2, 3, 4]),
    (pa.large_list(pa.string()), [["a", "b"], ["c", "d"]], "BYTES", ["a", "b", "c", "d"]),
]


@pytest.mark.parametrize(("kind", "values", "datatype", "flat"), ROWS)
def test_arrays_are_rows_of_a_tensor(kind: pa.DataType, values: Any, datatype: str, flat: list[Any]) -> None:
    found = answers(values, kind)
    assert by_json(found, kind) == (datatype, [2, 2], flat)
    little = DATATYPES[datatype].little
    data = (
        byte_strings.write([text.encode() for text in flat]) if little is None else np.array(flat, little).tobytes()
    )
    assert by_bytes(found, kind) == (datatype, [2, 2], data)


def test_vectors_are_rows_of_a_tensor() -> None:
    kind = vectors.arrow_type()
    found = answers(vectors.from_tuples(VECTORS))
    assert by_json(found, kind) == ("FP64", [2, 2], [1.0, 2.0, 0.0, 5.0])
    assert by_bytes(found, kind) == ("FP64", [2, 2], np.array([1.0, 2.0, 0.0, 5.0]).tobytes())
    _, shape, data = by_json(answers(vectors.from_tuples([VECTORS[0], None])), kind)
    assert (shape, data) == ([2, 2], [1.0, 2.0, None, None])


def test_no_rows() -> None:
    for kind in (pa.float64(), pa.string(), pa.list_(pa.float64())):
        _, shape, data = by_json(answers([], kind), kind)
        assert (shape[0], data) == (0, [])


def test_null_and_nan() -> None:
    found = answers([0.5, None, math.nan])
    assert by_json(found, pa.float64())[2] == [0.5, None, None]
    values = np.frombuffer(by_bytes(found, pa.float64())[2])
    assert np.array_equal(values, [0.5, np.nan, np.nan], equal_nan=True)
    whole = answers([1, None], pa.int64())
    assert by_json(whole, pa.int64()) == ("INT64", [2], [1, None])
    rows = answers([[1.0, 2.0], None], pa.list_(pa.float64()))
    assert by_json(rows, pa.list_(pa.float64())) == ("FP64", [2, 2], [1.0, 2.0, None, None])


def problem(found: Answers, kind: pa.DataType, *, binary: bool = False) -> str:
    with pytest.raises(DataProblem) as caught:
        output_of(kind).binary(found, None) if binary else output_of(kind).json(found, None)
    assert caught.value.code == "ANSWER"
    return caught.value.message


def test_answers_that_are_no_tensor() -> None:
    arrays = pa.list_(pa.float64())
    ragged = answers([[1.0], [1.0, 2.0]], arrays)
    assert problem(ragged, arrays) == "the answers are arrays of different lengths: 1, 2"
    assert problem(answers([1, None], pa.int64()), pa.int64(), binary=True) == (
        "the answer 1 is NULL, and binary data of INT64 have none"
    )
    assert problem(answers(["a", None]), pa.string(), binary=True) == (
        "the answer 1 is NULL, and binary data of BYTES have none"
    )
    whole = pa.list_(pa.int64())
    assert problem(answers([[1], None], whole), whole) == (
        "an answer is NULL, and a tensor of rows of INT64 has none"
    )
    assert problem(answers([b"\xff"], pa.binary()), pa.binary()) == (
        "an answer is of bytes that are no UTF-8 text, which JSON has not"
    )
    wide = vectors.from_tuples([(0, 1 << 24, [0], [1.0])] * 2)
    assert problem(answers(wide), vectors.arrow_type()) == (
        f"2 sparse vectors of size {1 << 24} are too many numbers for a tensor"
    )
    uneven = vectors.from_tuples([(1, None, None, [1.0]), (1, None, None, [1.0, 2.0])])
    assert problem(answers(uneven), vectors.arrow_type()).startswith("the answers are no tensor: ")


@given(st.lists(st.floats() | st.none(), max_size=30))
def test_doubles_come_as_they_were_answered(values: list[float | None]) -> None:
    found = answers(values, pa.float64())
    told = [value if value is not None and math.isfinite(value) else None for value in values]
    assert by_json(found, pa.float64())[2] == told
    expected = [math.nan if value is None else value for value in values]
    assert np.array_equal(np.frombuffer(by_bytes(found, pa.float64())[2]), expected, equal_nan=True)
