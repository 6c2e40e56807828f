"""The rows of several requests as one batch."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from mlsql_engine.serving.parts import Columns, Numbers

DOUBLES = pa.list_(pa.float64())


@pytest.mark.parametrize(
    "parts",
    [
        [Numbers([1.0, 2.0], 2, 1), Numbers([3.0, 4.0, 5.0, 6.0], 2, 2)],
        [Numbers([1.0, 2.0], 2, 1), Numbers(np.array([3.0, 4.0, 5.0, 6.0]), 2, 2)],
        [Numbers(np.array([1.0, 2.0]), 2, 1), Numbers(np.array([3.0, 4.0, 5.0, 6.0]), 2, 2)],
        [Numbers(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), 2, 3)],
        [Numbers([1, 2, 3, 4, 5, 6], 2, 3)],
        [Numbers(np.arange(12.0)[1:7], 2, 3)],
        [Numbers(np.array([9, 1, 9, 2, 9, 3, 9, 4, 9, 5, 9, 6.0])[1::2], 2, 3)],
    ],
    ids=["lists", "both", "arrays", "an array", "whole numbers", "a part of an array", "every other number"],
)
def test_numbers_are_one_column_of_arrays(parts: list[Numbers]) -> None:
    batch = parts[0].batch(parts)
    batch.validate(full=True)
    assert batch.schema == pa.schema([("arg0", DOUBLES)])
    assert batch.to_pydict() == {"arg0": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]}


def test_numbers_of_an_array_are_not_copied() -> None:
    values = np.arange(6.0)
    batch = Numbers(values, 3, 2).batch([Numbers(values, 3, 2)])
    assert batch.column(0).values.buffers()[1].address == values.ctypes.data


def test_numbers_go_together_where_they_are_as_wide() -> None:
    assert Numbers([1.0], 1, 1).key == Numbers([2.0, 3.0], 1, 2).key
    assert Numbers([1.0], 1, 1).key != Numbers([2.0, 3.0], 2, 1).key


def test_columns_are_one_after_the_other() -> None:
    parts = [
        Columns(pa.record_batch({"a": [1], "b": ["x"]})),
        Columns(pa.record_batch({"a": [2, 3], "b": ["y", None]})),
    ]
    assert parts[0].key == parts[1].key
    assert parts[0].batch(parts).to_pydict() == {"a": [1, 2, 3], "b": ["x", "y", None]}
    assert [part.rows for part in parts] == [1, 2]


def test_columns_of_other_types_or_names_do_not_go_together() -> None:
    keys = {Columns(pa.record_batch(columns)).key for columns in ({"a": [1]}, {"a": [1.0]}, {"b": [1]})}
    assert len(keys) == 3


def test_a_lone_batch_is_as_it_came() -> None:
    part = Columns(pa.record_batch({"a": [1]}))
    assert part.batch([part]) is part.columns
