"""Spark's functions of rows out of arrays and maps on DuckDB: the values that Spark 4.3 gives with its ANSI mode off."""

# ruff: noqa: E501
from __future__ import annotations

from typing import Any

import pytest

from unit.engines.duckdb.sessions import EngineSession

QUERIES: list[tuple[str, list[tuple[Any, ...]]]] = [
    ("select explode(array(10, 20)) as e", [(10,), (20,)]),
    ("select explode(map('a', 1, 'b', 2)) as (k, v)", [("a", 1), ("b", 2)]),
    ("select explode(map('a', 1))", [("a", 1)]),
    ("select posexplode(array('x', 'y')) as (p, c)", [(0, "x"), (1, "y")]),
    ("select posexplode(array('x', 'y'))", [(0, "x"), (1, "y")]),
    ("select 7 as a, posexplode(array('x', 'y')) as (p, c) order by p desc", [(7, 1, "y"), (7, 0, "x")]),
    ("select explode_outer(array())", [(None,)]),
    ("select posexplode_outer(cast(null as array<int>)) as (p, c)", [(None, None)]),
    ("select inline(array(struct(1, 'a'), struct(2, 'b')))", [(1, "a"), (2, "b")]),
    ("select inline(array(struct(1, 'a'), struct(2, 'b'))) as (n, w)", [(1, "a"), (2, "b")]),
    ("select stack(2, 1, 'a', 2, 'b')", [(1, "a"), (2, "b")]),
    ("select stack(2, 1, 'a', 2) as (n, w)", [(1, "a"), (2, None)]),
    ("select json_tuple('{\"a\":1,\"b\":\"x\"}', 'a', 'b')", [("1", "x")]),
    ("select json_tuple('{\"a\":1,\"b\":\"x\"}', 'a', 'b') as (one, two)", [("1", "x")]),
    (
        "select a, e from values (1, array(5, 6)), (2, array()), (3, null) as t(a, l) lateral view explode(l) x as e",
        [(1, 5), (1, 6)],
    ),
    (
        "select a, e from values (1, array(5, 6)), (2, array()), (3, null) as t(a, l) lateral view outer explode(l) x as e",
        [(1, 5), (1, 6), (2, None), (3, None)],
    ),
    (
        "select a, p, e from values (1, array(5, 6)), (2, null) as t(a, l) lateral view posexplode(l) x as p, e",
        [(1, 0, 5), (1, 1, 6)],
    ),
    (
        "select a, p, e from values (1, array(5, 6)), (2, null) as t(a, l) lateral view outer posexplode(l) x as p, e",
        [(1, 0, 5), (1, 1, 6), (2, None, None)],
    ),
    ("select k, v from (select map('a', 1, 'b', 2) as m) lateral view explode(m) x as k, v", [("a", 1), ("b", 2)]),
    (
        "select e, f from (select array(array(1, 2), array(3)) as l) lateral view explode(l) x as e lateral view explode(e) y as f",
        [([1, 2], 1), ([1, 2], 2), ([3], 3)],
    ),
    ("select x.col from (select array(1, 2) as l) lateral view explode(l) x", [(1,), (2,)]),
    ("select a, b from (select array(struct(1, 'p')) as l) lateral view inline(l) x as a, b", [(1, "p")]),
    ("select n, w from (select 1 as q) lateral view stack(2, 1, 'a', 2, 'b') x as n, w", [(1, "a"), (2, "b")]),
    (
        "select c1, c2 from (select '{\"a\":1,\"b\":2}' as j) lateral view json_tuple(j, 'a', 'b') x as c1, c2",
        [("1", "2")],
    ),
    ("select * from explode(array(1, 2)) as t(e)", [(1,), (2,)]),
    ("select t.a, q.e from (select 1 as a, array(2, 3) as l) t, lateral explode(t.l) as q(e)", [(1, 2), (1, 3)]),
]


@pytest.mark.parametrize(("query", "rows"), QUERIES)
def test_rows(session: EngineSession, query: str, rows: list[tuple[Any, ...]]) -> None:
    assert session.rows(query) == rows
