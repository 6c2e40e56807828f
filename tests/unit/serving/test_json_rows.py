"""Rows as JSON: what the engine itself writes of them, byte for byte."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsql_engine import SilentProgress, connect
from mlsql_engine.core.errors import InternalError
from mlsql_engine.engines.requests import JsonSave
from mlsql_engine.serving import json_rows

EVERY_KIND = """
select * from (
  select 1 as n, true as t, null as nothing, 'a"\\\\/é😀\\n' as s, 1.50BD as short, 123456789012345678.5BD as long,
    date'2020-01-02' as d, timestamp'2020-01-02 03:04:05.120' as ts, timestamp'2020-01-02 03:04:00' as whole,
    array(1, null) as a, array() as empty, struct(1.5D as x, array('y') as y) as st, map('k', 1.0D) as m,
    map(1.5D, date'2020-01-01') as m2, vec_dense(array(1.0D, 1e-7D)) as v, vec_sparse(5, map(1, 2.0D)) as sv,
    array(vec_dense(array(1.0D))) as av, cast('aé''' as binary) as b, interval 1 month as i, cast(0.1 as float) as f
  union all
  select null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
    null, null
) as t;
"""


def engine_lines(table: Any, folder: Path) -> list[str]:
    table.write(str(folder / "t.json"), JsonSave())
    return (folder / "t.json").read_text().splitlines()


def test_every_kind_is_as_the_engine_writes_it(tmp_path: Path) -> None:
    with connect(progress=SilentProgress()) as session:
        table = session.run(EVERY_KIND)
        assert table is not None
        with table.stream() as stream:
            made = json_rows.rows(stream).decode()
        assert made == f"[{','.join(engine_lines(table, tmp_path))}]"
    assert '"v":{"type":1,"values":[1.0,1e-7]},"sv":{"type":0,"size":5,"indices":[1],"values":[2.0]}' in made


def column(sql: str) -> tuple[pa.Table, str]:
    """The column of an SQL expression, and the JSON that DuckDB makes of its only row."""
    import duckdb

    with duckdb.connect() as connection:
        made = connection.sql(f"SELECT {sql} AS x").to_arrow_table()
        row = connection.execute(f"SELECT to_json({sql})").fetchone()
        assert row is not None
        return made, row[0]


@pytest.mark.parametrize(
    "sql",
    [
        "date '0044-03-15 (BC)'",
        "date '12020-03-15'",
        "date '0001-01-01'",
        "date '-infinity'",
        "timestamp 'infinity'",
        "timestamp '0001-01-01 00:00:00.5'",
        "timestamp_s '2020-01-02 03:04:00'",
        "timestamp_ms '2020-01-02 03:04:05.120'",
        "timestamp_ns '2020-01-02 03:04:05.123456789'",
        "timestamptz '2020-01-02 03:04:05.5+02'",
        "timestamptz 'infinity'",
        "time '01:02:03.5'",
        "time '01:02:00'",
        "interval '14 months -3 days 04:05:06.7'",
        "interval '-1 month'",
        "interval '-90 minutes'",
        "interval '0 day'",
        "'\\xAA\\x00abc\\x27'::blob",
        "uuid '68435c54-6bc3-487f-b3e4-adc9c5a101da'",
        "array_value(1.5::double, 2.5)",
        "map{1e20::double: 1, 'nan'::double: 2, 1e-7::double: 3}",
        "map{0.1::float: 1}",
        "map{true: 1}",
        "map{[1, 2]: 'a'}",
        "map{{'a': 1, 'b': null}: 'a'}",
        "map{1.50::decimal(3, 2): 2}",
        "map{'ab'::blob: 2}",
        "map{interval '1 day': 2}",
        "0.0000000001::decimal(38, 10)",
        "3::decimal(5, 0)",
        "5::hugeint",
        "5::ubigint",
        "3.4e38::float",
        "-0.0::double",
    ],
)
def test_values_that_json_has_no_form_of(sql: str) -> None:
    table, wanted = column(sql)
    assert json_rows.rows(table.to_batches()).decode() == f'[{{"x":{wanted}}}]'


@settings(deadline=None)
@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_are_spelled_alike(numbers: list[float | None]) -> None:
    import duckdb

    table = pa.table({"x": pa.array(numbers, pa.float64())})
    with duckdb.connect() as connection:
        found = connection.execute("SELECT to_json(x) FROM (SELECT unnest(?::double[]) AS x)", [numbers]).fetchall()
    wanted = [row[0] or "null" for row in found]
    objects = ",".join(f'{{"x":{text}}}' for text in wanted)
    assert json_rows.rows(table.to_batches()).decode() == f"[{objects}]"
    many = pa.table({"x": pa.array([*numbers, *[0.5] * json_rows._FEW], pa.float64())})
    others = ',{"x":0.5}' * json_rows._FEW
    assert json_rows.rows(many.to_batches()).decode() == f"[{objects}{others}]"


@settings(deadline=None)
@given(st.floats(1e-9, 1e25))
def test_numbers_about_the_limits_of_exponents(number: float) -> None:
    import duckdb

    with duckdb.connect() as connection:
        row = connection.execute("SELECT to_json(?::double)", [number]).fetchone()
    assert row is not None
    assert json_rows.spelled(number) == row[0]


NESTED = pa.list_(pa.struct([("a", pa.map_(pa.string(), pa.list_(pa.float64()))), ("b", pa.list_(pa.int32(), 2))]))
ROWS = [
    [{"a": [("k", [1.0, None])], "b": [1, 2]}, None],
    None,
    [],
    [{"a": None, "b": None}, {"a": [], "b": [3, None]}],
    [{"a": [("x", None), ("y", [])], "b": [5, 6]}],
]
SHOWN = [
    {"x": [{"a": {"k": [1.0, None]}, "b": [1, 2]}, None]},
    {"x": None},
    {"x": []},
    {"x": [{"a": None, "b": None}, {"a": {}, "b": [3, None]}]},
    {"x": [{"a": {"x": None, "y": []}, "b": [5, 6]}]},
]


@settings(deadline=None)
@given(st.integers(0, 5), st.integers(0, 5))
def test_a_slice_of_nested_rows(start: int, length: int) -> None:
    batch = pa.record_batch({"x": pa.array(ROWS, NESTED)}).slice(start, length)
    assert json.loads(json_rows.rows([batch])) == SHOWN[start : start + length]


def test_pieces_join_to_one_array() -> None:
    numbers = list(range(20_000))
    batches = pa.table({"a": numbers, "b": numbers}).to_batches(max_chunksize=9_000)
    empty = batches[0].slice(0, 0)
    pieces = list(json_rows.pieces([empty, *batches, empty]))
    assert len(pieces) == 6
    assert json.loads(b"".join(pieces)) == [{"a": number, "b": number} for number in numbers]


def test_no_rows_and_no_columns() -> None:
    assert json_rows.rows([]) == b"[]"
    assert json_rows.rows([pa.record_batch({"a": pa.array([], pa.int64())})]) == b"[]"
    nothing = pa.record_batch({"a": [1, 2]}).select([])
    assert json_rows.rows([nothing]) == b"[{},{}]"


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32()])
def test_numbers_that_json_has_not_are_strings(kind: pa.DataType) -> None:
    batch = pa.record_batch({"a": pa.array([1.5, math.inf, -math.inf, math.nan, None], kind)})
    made = json_rows.rows([batch])
    assert made == b'[{"a":1.5},{"a":"Infinity"},{"a":"-Infinity"},{"a":"NaN"},{"a":null}]'
    nested = pa.record_batch({"a": pa.array([[1.5, math.nan]], pa.list_(kind))})
    assert json_rows.rows([nested]) == b'[{"a":[1.5,"NaN"]}]'


def test_a_type_without_a_form() -> None:
    batch = pa.record_batch({"a": pa.array([1], pa.duration("s"))})
    with pytest.raises(InternalError, match=r"a value of type duration\[s\] has no form in JSON"):
        json_rows.rows([batch])
