"""Arrays of doubles as a matrix of Arrow's own memory, and when they are none."""

from __future__ import annotations

import pyarrow as pa
import pytest

from mlsql_sdk.array_columns import is_doubles, shared_matrix

ROWS = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


def arrays(rows: object) -> pa.Array:
    return pa.array(rows, pa.list_(pa.float64()))


def of_offsets(offsets: list[int], values: pa.Array) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


@pytest.mark.parametrize(
    ("column", "rows"),
    [
        (arrays(ROWS), ROWS),
        (arrays(ROWS)[1:], ROWS[1:]),
        (arrays([[9.0], *ROWS])[1:3], ROWS[:2]),
        (arrays(ROWS[:1]), ROWS[:1]),
        (
            pa.ListArray.from_arrays(pa.array([1, 3, 5], pa.int32()), pa.array([9.0, 1.0, 2.0, 3.0, 4.0, 9.0])),
            ROWS[:2],
        ),
        (pa.ListArray.from_arrays(pa.array([0, 2], pa.int32()), pa.array([9.0, 1.0, 2.0])[1:]), ROWS[:1]),
    ],
    ids=["whole", "a part", "a part after another length", "one row", "from the middle", "values from the middle"],
)
def test_a_matrix_of_the_columns_memory(column: pa.ListArray, rows: list[list[float]]) -> None:
    matrix = shared_matrix(column)
    assert matrix is not None
    assert matrix.tolist() == rows
    assert matrix.flags.c_contiguous


@pytest.mark.parametrize(
    "rows",
    [[], [None], [[1.0], None], [[1.0], [1.0, 2.0]], [[1.0, 2.0], [None, 4.0]], [[], []]],
    ids=["no rows", "NULL", "a NULL", "lengths", "a NULL element", "no elements"],
)
def test_no_matrix(rows: object) -> None:
    assert shared_matrix(arrays(rows)) is None


def test_arrays_of_doubles() -> None:
    assert is_doubles(pa.list_(pa.float64()))
    for kind in (pa.list_(pa.int64()), pa.large_list(pa.float64()), pa.list_(pa.float64(), 2), pa.float64()):
        assert not is_doubles(kind)
