"""Vectors between DuckDB's hidden layout and Spark's: types, memory, SQL in both directions."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsql_engine.core import vectors
from mlsql_engine.engines.duckdb import vector_columns
from unit.engines.duckdb.sessions import VECTOR

HIDDEN = pa.struct([field.with_name(name) for field, name in zip(VECTOR, vectors.FIELDS, strict=True)])
ROW = {"type": 0, "size": 3, "indices": [1], "values": [2.0]}
HIDDEN_ROW = dict(zip(vectors.FIELDS, ROW.values(), strict=True))
AROUND = [
    (lambda kind: kind, lambda value: value),
    (pa.list_, lambda value: [value, None]),
    (pa.large_list, lambda value: [value]),
    (lambda kind: pa.struct([("v", kind), ("n", pa.int64())]), lambda value: {"v": value, "n": 1}),
    (lambda kind: pa.map_(pa.string(), kind), lambda value: [("k", value)]),
    (lambda kind: pa.list_(pa.struct([("v", pa.list_(kind))])), lambda value: [{"v": [value]}]),
    (lambda kind: pa.map_(pa.string(), pa.list_(kind)), lambda value: [("k", [value]), ("l", None)]),
]


def test_what_is_a_vector() -> None:
    assert vector_columns.is_hidden_vector(HIDDEN)
    assert vector_columns.is_public_vector(VECTOR)
    others = [VECTOR, pa.int64(), pa.list_(HIDDEN), pa.struct([]), pa.struct(list(HIDDEN)[:3])]
    assert [kind for kind in others if vector_columns.is_hidden_vector(kind)] == []
    for place, kind in ((0, pa.int64()), (1, pa.int64()), (2, pa.list_(pa.int64())), (3, pa.list_(pa.float32()))):
        fields = [field.with_type(kind) if n == place else field for n, field in enumerate(VECTOR)]
        assert not vector_columns.is_public_vector(pa.struct(fields))
    assert not vector_columns.is_public_vector(pa.int64())


@pytest.mark.parametrize(("kind", "value"), AROUND)
def test_types_and_memory(kind: Any, value: Any) -> None:
    schema = pa.schema([("c", kind(HIDDEN)), ("plain", pa.string())])
    public = vector_columns.public_schema(schema)
    assert public == pa.schema([("c", kind(VECTOR)), ("plain", pa.string())])
    batch = pa.RecordBatch.from_pylist([{"c": value(HIDDEN_ROW), "plain": "x"}, {"c": None, "plain": None}], schema)
    shown = vector_columns.relabel(batch, public)
    assert shown.schema == public
    assert shown.to_pylist() == [{"c": value(ROW), "plain": "x"}, {"c": None, "plain": None}]
    shown.validate(full=True)


def test_relabel_keeps_slices_and_the_batch_that_is_right() -> None:
    schema = pa.schema([("v", HIDDEN)])
    batch = pa.RecordBatch.from_pylist([{"v": HIDDEN_ROW}, {"v": None}, {"v": HIDDEN_ROW}], schema)
    part = vector_columns.relabel(batch.slice(1, 2), vector_columns.public_schema(schema))
    assert part.to_pylist() == [{"v": None}, {"v": ROW}]
    assert vector_columns.relabel(batch, schema) is batch


@pytest.mark.parametrize(("kind", "value"), [item for item in AROUND if item[0](HIDDEN) != pa.large_list(HIDDEN)])
def test_sql_there_and_back(kind: Any, value: Any) -> None:
    import duckdb

    rows = [{"c c": value(HIDDEN_ROW)}, {"c c": None}]
    with duckdb.connect() as connection:
        connection.register("t", pa.Table.from_pylist(rows, pa.schema([("c c", kind(HIDDEN))])))
        out = vector_columns.to_public('"c c"', kind(HIDDEN))
        connection.execute(f'CREATE TABLE u AS SELECT {out} AS "c c" FROM t')
        public = connection.sql("FROM u").to_arrow_table()
        assert public.to_pylist() == [{"c c": value(ROW)}, {"c c": None}]
        back = vector_columns.from_public('"c c"', public.schema.field(0).type)
        again = connection.sql(f'SELECT {back} AS "c c" FROM u').to_arrow_table()
    assert again.to_pylist() == rows


def test_sql_of_what_has_no_vector_is_the_column() -> None:
    kind = pa.struct([("a", pa.list_(pa.map_(pa.string(), pa.int64())))])
    for convert in (vector_columns.to_public, vector_columns.to_json, vector_columns.from_public):
        assert convert('"c"', kind) == '"c"'


def json_of(row: dict[str, Any]) -> str:
    import duckdb

    with duckdb.connect() as connection:
        connection.register("t", pa.Table.from_pylist([{"v": row}], pa.schema([("v", HIDDEN)])))
        found = connection.execute(f"SELECT {vector_columns.to_json('v', HIDDEN)} FROM t").fetchone()
    assert found is not None
    return str(found[0])


def test_json_is_sparks() -> None:
    assert json_of(HIDDEN_ROW) == '{"type":0,"size":3,"indices":[1],"values":[2.0]}'
    values = dict(zip(vectors.FIELDS, (1, None, None, [1.0, -0.5]), strict=True))
    assert json_of(values) == '{"type":1,"values":[1.0,-0.5]}'
    empty = dict(zip(vectors.FIELDS, (0, 4, [], []), strict=True))
    assert json_of(empty) == '{"type":0,"size":4,"indices":[],"values":[]}'


@given(st.recursive(st.sampled_from([HIDDEN, pa.int64(), pa.string()]), lambda inner: inner.map(pa.list_)))
def test_a_public_type_has_no_hidden_field(kind: pa.DataType) -> None:
    assert "__" not in str(vector_columns.public_type(kind))
    assert vector_columns.public_type(vector_columns.public_type(kind)) == vector_columns.public_type(kind)
