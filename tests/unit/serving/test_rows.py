"""Rows of JSON as record batches: what they are taken for, and errors that name the row and the key."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from mlsql_engine.core.errors import BadValue
from mlsql_engine.serving import rows, vector_rows
from mlsql_sdk import vectors

I64, F64, STR, LIST = pa.int64(), pa.float64(), pa.string(), pa.list_


@pytest.mark.parametrize(
    ("data", "kind", "values"),
    [
        ([{"a": 1}, {"a": -2}], I64, [1, -2]),
        ([{"a": 1}, {"a": 2.5}], F64, [1.0, 2.5]),
        ([{"a": 1.5}], F64, [1.5]),
        ([{"a": 9007199254740993}, {"a": 0.5}, {}], F64, [9007199254740992.0, 0.5, None]),
        ([{"a": True}, {"a": None}], pa.bool_(), [True, None]),
        ([{"a": "é😀"}, {"b": 1}], STR, ["é😀", None]),
        ([{"a": None}], pa.int32(), [None]),
        ([{"a": [1, 2.5]}, {"a": []}, {"a": None}], LIST(F64), [[1.0, 2.5], [], None]),
        ([{"a": []}], LIST(pa.int32()), [[]]),
        ([{"a": [["x"], None, []]}], LIST(LIST(STR)), [[["x"], None, []]]),
        (
            [{"a": {"x": 1}}, {"a": None}, {"a": {"y": "s"}}],
            pa.struct([("x", I64), ("y", STR)]),
            [{"x": 1, "y": None}, None, {"x": None, "y": "s"}],
        ),
        ([{"a": [{"x": 1}, {"x": 2.5}]}], LIST(pa.struct([("x", F64)])), [[{"x": 1.0}, {"x": 2.5}]]),
        ([{"a": 10**400}, {"a": 0.5}, {"a": -(10**400)}], F64, [float("inf"), 0.5, float("-inf")]),
    ],
)
def test_objects(data: list[Any], kind: pa.DataType, values: list[Any]) -> None:
    column = rows.objects(data).column("a")
    assert (column.type, column.to_pylist()) == (kind, values)
    column.validate(full=True)


def test_columns_come_in_the_order_of_the_keys() -> None:
    assert rows.objects([{"b": 1, "a": 2}, {"c": 3, "b": 4}]).schema.names == ["b", "a", "c"]
    assert rows.objects([]).num_rows == 0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([{"a": 1}, 5], "data, row 2 is a number, and not an object"),
        ([{"a": 1}, None], "data, row 2 is null, and not an object"),
        ([{}], "data: the rows have no keys"),
        ([{"a": 1}, {}, {"a": "x"}], "data, row 3, key 'a' is a string, and a number in row 1"),
        ([{"a": [1]}, {"a": [2, "x"]}], "data, row 2, key 'a[]' is a string, and a number in row 1"),
        ([{"a": {"x": 1}}, {"a": {"x": [1]}}], "data, row 2, key 'a.x' is an array, and a number in row 1"),
        ([{"a": True}, {"a": 1}], "data, row 2, key 'a' is a number, and true or false in row 1"),
        ([{"a": 1}, {"a": 2**63}], "data, row 2, key 'a': 9223372036854775808 is beyond bigint"),
        ([{"a": 1, "A": 2}], "data: the keys 'a' and 'A' differ in case only"),
        ([{"": 1}], "data: no key is ''"),
        ([{"a": {"__type": 1}}], "data, in a: no key is '__type'"),
        ([{"a": {}}], "data, row 1, key 'a': an object without keys is no value"),
    ],
)
def test_objects_that_are_no_rows(data: list[Any], message: str) -> None:
    with pytest.raises(BadValue) as caught:
        rows.objects(data)
    assert (caught.value.code, caught.value.message) == ("REQUEST_DATA", message)


def test_rows_that_are_nested_deeply() -> None:
    value: Any = 1
    for _ in range(40):
        value = [value]
    with pytest.raises(BadValue, match="it is nested too deeply"):
        rows.objects([{"a": value}])


def test_strings() -> None:
    batch = rows.strings(["a", None])
    assert batch.to_pylist() == [{"feature": "a"}, {"feature": None}]
    with pytest.raises(BadValue, match="data, row 2 is a number, and not a string"):
        rows.strings(["a", 1])


DENSE = {"type": 1, "size": None, "indices": None, "values": [1.0, 2.5]}
SPARSE = {"type": 0, "size": 5, "indices": [1, 3], "values": [2.0, 0.5]}


@pytest.mark.parametrize(
    ("data", "values"),
    [
        ([[1, 2.5]], [DENSE]),
        ([[1, 2.5], None], [DENSE, None]),
        ([{"type": 1, "values": [1, 2.5]}], [DENSE]),
        ([[1, 2.5], {"type": 0, "size": 5, "indices": [1, 3], "values": [2, 0.5]}], [DENSE, SPARSE]),
        ([[]], [DENSE | {"values": []}]),
        ([[10**400]], [DENSE | {"values": [float("inf")]}]),
        ([[-(10**400)], None], [DENSE | {"values": [float("-inf")]}, None]),
        ([{"type": 1, "size": None, "indices": None, "values": [10**400]}], [DENSE | {"values": [float("inf")]}]),
        ([], []),
    ],
)
def test_dense_vectors(data: list[Any], values: list[Any]) -> None:
    batch = vector_rows.dense_vectors(data)
    assert batch.column("feature").to_pylist() == values
    batch.validate(full=True)


@pytest.mark.parametrize(
    "item", [{"3": 0.5, "1": 2}, {"type": 0, "size": 5, "indices": [1, 3], "values": [2, 0.5]}]
)
def test_sparse_vectors(item: dict[str, Any]) -> None:
    assert vector_rows.sparse_vectors([item, None], 5).column("feature").to_pylist() == [SPARSE, None]


def test_a_number_that_no_double_holds_in_a_sparse_vector() -> None:
    batch = vector_rows.sparse_vectors([{"1": 10**400}], 3)
    assert batch.column("feature").to_pylist() == [SPARSE | {"size": 3, "indices": [1], "values": [float("inf")]}]


ARRAYS = "data, row 1: the values and indices of a vector are arrays of numbers"
WHOLE = "data, row 1: the size and the indices of a sparse vector are whole numbers from 0 on"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([[1.0], [1.0, "x"]], "data, row 2, element 2 is a string, and a vector has numbers"),
        ([None, [None]], "data, row 2, element 1 is null, and a vector has numbers"),
        ([[True]], "data, row 1, element 1 is true or false, and a vector has numbers"),
        ([1.5], "data, row 1 is a number, and a vector is an array of numbers"),
        ([{"a": 1}], "data, row 1 is an object, and no vector as vectors are printed"),
        ([{"type": 1, "values": ["x"]}], ARRAYS),
        (
            [[1.0], {"type": 0, "size": 2, "indices": [2], "values": [1.0]}],
            "data, row 2: its index 2 is outside of its size 2",
        ),
        ([{"type": 0, "size": 2, "indices": [0.5], "values": [1.0]}], WHOLE),
        ([{"type": 0, "size": -1, "indices": [], "values": []}], WHOLE),
        ([{"type": 0, "size": 1 << 31, "indices": [], "values": []}], WHOLE),
        ([{"type": 0, "size": "x", "indices": [], "values": []}], WHOLE),
        ([{"type": 0, "size": 2, "indices": None, "values": []}], ARRAYS),
        ([{"type": 1, "values": None}], ARRAYS),
        ([{"type": True, "values": [1.0]}], "data, row 1 is an object, and no vector as vectors are printed"),
    ],
)
def test_what_is_no_dense_vector(data: list[Any], message: str) -> None:
    with pytest.raises(BadValue) as caught:
        vector_rows.dense_vectors(data)
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("data", "size", "message"),
    [
        ([{"0": 1}], None, "vecType=sparse needs vecSize"),
        ([{"0": 1, "x": 2}], 3, "data, row 1, key 'x': a sparse vector has numbers by their index, from 0"),
        ([{"0": "1"}], 3, "data, row 1, key '0': a sparse vector has numbers by their index, from 0"),
        ([{"0": 1}, {"3": 1}], 3, "data, row 2: its index 3 is outside of its size 3"),
        ([[1.0]], 3, 'data, row 1 is an array, and a sparse vector is an object: {"0": 1.0, "7": 2.5}'),
        ([{"1": 1, "01": 2}], 3, "data, row 1: its indices are not strictly increasing"),
    ],
)
def test_what_is_no_sparse_vector(data: list[Any], size: int | None, message: str) -> None:
    with pytest.raises(BadValue) as caught:
        vector_rows.sparse_vectors(data, size)
    assert caught.value.message == message


@pytest.mark.parametrize("count", [1, 64, 65, 1_000])
def test_dense_vectors_of_several_lengths(count: int) -> None:
    data = [[float(row)] * (row % 3) for row in range(count)]
    batch = vector_rows.dense_vectors(data)
    batch.validate(full=True)
    assert batch.column(0).equals(vectors.from_tuples([(1, None, None, row) for row in data]))
