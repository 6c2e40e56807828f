"""Arguments of a call in the shapes that predictors take, and results put back beside their NULLs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlsql_sdk import arguments, call_memory, types, vectors
from mlsql_sdk.failures import ContractError

MANY = 10_000


def batch(**columns: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(columns)


def test_spread_a_struct_carries_its_nulls() -> None:
    structs = pa.array([{"a": 1, "b": "x"}, None, {"a": 3, "b": None}])
    spread = arguments.spread(pa.RecordBatch.from_arrays([structs], names=["arg0"]))
    assert spread.to_pydict() == {"a": [1, None, 3], "b": ["x", None, None]}


def test_a_vector_is_not_spread() -> None:
    column = vectors.from_tuples([(1, None, None, [1.0])])
    one = pa.RecordBatch.from_arrays([column], names=["arg0"])
    assert arguments.spread(one) is one


def test_complete_rows_and_back() -> None:
    rows = batch(a=[1.0, None, 3.0, 4.0], b=[1.0, 2.0, None, 4.0])
    complete, mask = arguments.complete_rows(rows)
    assert complete.to_pydict() == {"a": [1.0, 4.0], "b": [1.0, 4.0]}
    assert arguments.restore(pa.array([10, 40]), mask).to_pylist() == [10, None, None, 40]
    whole, no_mask = arguments.complete_rows(batch(a=[1.0]))
    assert (whole.num_rows, no_mask) == (1, None)


def test_restore_structs() -> None:
    _, mask = arguments.complete_rows(batch(a=[None, 1.0]))
    values = vectors.from_tuples([(1, None, None, [2.0])])
    expected = {"type": 1, "size": None, "indices": None, "values": [2.0]}
    assert arguments.restore(values, mask).to_pylist() == [None, expected]


@pytest.mark.parametrize(
    "columns",
    [
        {"a": pa.array([1, 3], pa.int32()), "b": pa.array([2.0, 4.0])},
        {"a": pa.array([True, False]), "b": pa.array([2, 4])},
        {"v": pa.array([[1, 2], [3, 4]])},
        {"v": pa.array([[1, 2], [3, 4]], pa.list_(pa.int64(), 2))},
    ],
)
def test_matrix(columns: dict[str, pa.Array]) -> None:
    matrix = arguments.matrix(pa.RecordBatch.from_pydict(columns))
    expected = [[1.0, 2.0], [0.0 if columns.get("a", pa.array([1])).type == pa.bool_() else 3.0, 4.0]]
    assert matrix.dtype == np.float64
    assert matrix.tolist() == expected


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": ["x"]}, "the argument 'a' is string, and the model takes numbers"),
        ({"v": [[1.0], [1.0, 2.0]]}, r"the arrays have different lengths: \[1, 2\]"),
        ({"v": [[1.0, None]]}, "an array has NULL elements"),
        ({"v": [["x"]]}, "the argument is array<string>, and the model takes numbers"),
    ],
)
def test_arguments_that_are_no_features(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        arguments.matrix(batch(**columns))


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ({"a": [1.0, 2.0], "b": [3, 4]}, [(1, None, None, [1.0, 3.0]), (1, None, None, [2.0, 4.0])]),
        ({"a": [[1, 2]]}, [(1, None, None, [1.0, 2.0])]),
        ({"a": ["text", "more"]}, ["text", "more"]),
    ],
)
def test_serialised_rows(columns: dict[str, Any], rows: list[Any]) -> None:
    assert list(arguments.serialised_rows(batch(**columns))) == rows


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("double", pa.float64()),
        (" BIGINT ", pa.int64()),
        ("array<string>", pa.list_(pa.string())),
        ("array(array(int))", pa.list_(pa.list_(pa.int32()))),
        ("vector", vectors.arrow_type()),
        ("timestamp", pa.timestamp("us")),
    ],
)
def test_types(text: str, kind: pa.DataType) -> None:
    assert types.parse(text) == kind


def test_an_unknown_type() -> None:
    with pytest.raises(ValueError, match=r"^'array' is not a type; known: double, float"):
        types.parse("array")


@pytest.mark.parametrize(
    "columns",
    [
        [pa.array([1.5, 2.5]), pa.array([3.5, 4.5])],
        [pa.array([1, 2], pa.int64()), pa.array([3, 4], pa.int8())],
        [pa.array([2**64 - 1, 2], pa.uint64()), pa.array([-1, 2], pa.int64())],
        [pa.array([1.5, 2.5], pa.float32()), pa.array([16_777_217, 2], pa.int64())],
        [pa.array([True, False]), pa.array([1, 2]).cast(pa.decimal128(20, 1))],
        [pa.array([9.0, 1.5, 2.5]).slice(1), pa.array([7, 8])],
        [pa.array([], pa.float64()), pa.array([], pa.int32())],
    ],
)
def test_number_columns_are_column_major_doubles(columns: list[pa.Array]) -> None:
    rows = pa.RecordBatch.from_arrays(columns, names=["a", "b"])
    matrix = arguments.matrix(rows)
    assert matrix.tolist() == [[float(a), float(b)] for a, b in zip(*(c.to_pylist() for c in columns), strict=True)]
    assert (matrix.dtype, matrix.flags.f_contiguous, matrix.shape) == (np.float64, True, (len(columns[0]), 2))


def sent(columns: list[pa.Array]) -> pa.RecordBatch:
    """The columns as they come out of an Arrow IPC message."""
    rows = pa.RecordBatch.from_arrays(columns, names=[str(place) for place in range(len(columns))])
    return pa.ipc.read_record_batch(pa.py_buffer(bytearray(rows.serialize())), rows.schema)


@pytest.mark.parametrize("count", [1, 2, 30])
def test_doubles_of_a_message_are_a_view(count: int) -> None:
    rows = sent([pa.array(np.arange(MANY) + place / 64) for place in range(count)])
    matrix = arguments.matrix(rows)
    expected = np.arange(MANY)[:, None] + np.arange(count) / 64
    assert np.array_equal(matrix, expected)
    assert (matrix.flags.owndata, matrix.flags.writeable, matrix.flags.f_contiguous) == (False, True, True)
    assert np.array_equal(arguments.matrix(rows.slice(1, MANY - 2)), expected[1:-1])
    matrix[:] = 7.0
    assert rows.column(count - 1).to_pylist() == [7.0] * MANY


def test_few_doubles_are_copied() -> None:
    rows = sent([pa.array([1.5, 2.5]), pa.array([3.5, 4.5])])
    assert call_memory.matrix(rows) is None
    assert arguments.matrix(rows).tolist() == [[1.5, 3.5], [2.5, 4.5]]


def test_what_a_view_is_of_lives_as_long_as_the_view() -> None:
    matrix = arguments.matrix(sent([pa.array([1.5] * MANY), pa.array([2.5] * MANY)]))
    assert np.array_equal(matrix, np.full((MANY, 2), [1.5, 2.5]))
    assert isinstance(matrix.base.owner, pa.RecordBatch)


@pytest.mark.parametrize(
    "second",
    [
        pa.array(range(MANY)),
        pa.array(np.zeros(MANY, np.float32)),
        pa.array(["a"] * MANY),
        pa.array([None, *[1.5] * (MANY - 1)]),
    ],
)
def test_what_is_no_view(second: pa.Array) -> None:
    first = pa.array(np.ones(MANY))
    for columns in ([first, second], [second, first], [second, second]):
        assert call_memory.matrix(sent(columns)) is None


def test_columns_in_another_order_are_no_view() -> None:
    rows = sent([pa.array(np.full(MANY, value)) for value in (1.0, 2.0, 3.0)])
    for names in (["1", "0"], ["0", "2", "1"], ["1", "1"], ["0", "2"]):
        assert call_memory.matrix(rows.select(names)) is None
        assert arguments.matrix(rows.select(names))[MANY - 1].tolist() == [float(name) + 1 for name in names]


def test_vectors_and_arrays_are_views() -> None:
    for column in (
        vectors.from_matrix(np.arange(8.0).reshape(4, 2)),
        pa.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
    ):
        rows = pa.RecordBatch.from_arrays([column.slice(1)], names=["a"])
        matrix = arguments.matrix(rows)
        assert (matrix.flags.owndata, matrix.flags.writeable, matrix.flags.c_contiguous) == (False, False, True)
        assert matrix.tolist()[0] == [2.0, 3.0] if len(column) == 4 else [3.0, 4.0]


@pytest.mark.parametrize(
    "rows",
    [
        [(1, None, None, [1.0, 0.0]), (0, 2, [1], [5.0])],
        [(0, 2, [], []), (0, 2, [0], [5.0])],
        [(1, None, None, [1.0, 2.0])],
    ],
)
def test_vectors_of_both_kinds(rows: list[Any]) -> None:
    given = pa.RecordBatch.from_arrays([vectors.from_tuples(rows)], names=["a"])
    dense = [
        values if kind else [dict(zip(at, values, strict=True)).get(i, 0.0) for i in range(2)]
        for kind, _, at, values in rows
    ]
    assert arguments.matrix(given).tolist() == dense
    assert arguments.dense_matrix(given).tolist() == dense
    assert arguments.csr_matrix(given).toarray().tolist() == dense
    assert arguments.csr_matrix(given).nnz == sum(bool(value) for row in dense for value in row)


def test_vectors_of_several_sizes() -> None:
    given = pa.RecordBatch.from_arrays(
        [vectors.from_tuples([(1, None, None, [1.0]), (1, None, None, [1.0, 2.0])])], names=["a"]
    )
    with pytest.raises(ContractError, match=r"^row 1: the vector has size 2, but that of row 0 has size 1"):
        arguments.matrix(given)
    assert arguments.widths(given.column(0)) == [1, 2]


def test_wide_sparse_vectors_stay_sparse() -> None:
    wide = vectors.from_tuples([(0, 1_000_000, [0, 999_999], [1.0, 2.0])] * 300)
    given = pa.RecordBatch.from_arrays([wide], names=["a"])
    assert arguments.matrix(given).nnz == arguments.csr_matrix(given).nnz == 600
    with pytest.raises(ContractError) as caught:
        arguments.dense_matrix(given)
    assert str(caught.value) == "300 sparse vectors of size 1000000 are too many numbers for a matrix"
    assert caught.value.hint == "python_fun.csr(batch) gives them as a sparse matrix"


def test_widths() -> None:
    assert arguments.widths(pa.array([[1.0], None, [1.0, 2.0]])) == [1, 2]
    assert arguments.widths(pa.array([None], pa.list_(pa.float64()))) == []
    mixed = [(0, 7, [1], [1.0]), None, (1, None, None, [1.0, 2.0])]
    assert arguments.widths(vectors.from_tuples(mixed)) == [2, 7]


def test_no_number_for_a_matrix_of_a_script() -> None:
    with pytest.raises(ContractError, match=r"^argument 2 is string, and python_fun.matrix takes numbers$"):
        arguments.dense_matrix(batch(arg0=[1.0], arg1=["x"]))
    with pytest.raises(ContractError, match=r"^the argument is array<string>, and python_fun.csr takes numbers$"):
        arguments.csr_matrix(batch(arg0=[["x"]]))
