"""How often a query reads its tables, common table expressions and subqueries included."""

from __future__ import annotations

import pytest

from mlsql_engine.engines.reads import reads


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select * from a", {"a": 1}),
        ("select * from a join b on a.x = b.x join a as c", {"a": 2, "b": 1}),
        ("select * from ((select * from a) union all select * from b) as q", {"a": 1, "b": 1}),
        ("select * from a lateral view explode(l) as e", {"a": 1}),
        ("with c as (select * from a) select * from b", {"b": 1}),
        ("with c as (select * from a) select * from c as x, C as y", {"a": 2}),
        (
            "with c as (select * from a), d as (select * from c union all select * from c) select 1 from d, d as e",
            {"a": 4},
        ),
        ("with a as (select * from a) select * from a", {"a": 1}),
        ("with c as (select * from a) select * from (with c as (select * from b) select * from c) as q", {"b": 1}),
        ("with recursive r as (select x from a union all select x + 1 from r) select * from r", {"a": 2}),
        ("select * from a where x in (select y from b)", {"a": 1, "b": 2}),
        ("select (select max(x) from b), exists(select 1 from c) from a", {"a": 1, "b": 2, "c": 2}),
        ("select * from a join b on a.x = (select max(y) from c)", {"a": 1, "b": 1, "c": 2}),
        ("select * from a pivot (sum(x) for y in (1, 2))", {"a": 2}),
        (f"select {' + '.join(['x'] * 5_000)} from a", {"a": 1}),
    ],
)
def test_tables(query: str, expected: dict[str, int]) -> None:
    from sqlglot import parse_one

    found = reads(parse_one(query, dialect="spark"))
    assert dict(found) == expected


def test_a_lateral_join_reads_for_every_row() -> None:
    from sqlglot import parse_one

    query = "select * from a join lateral (select * from b where b.x = a.x)"
    found = reads(parse_one(query, dialect="spark"))
    assert (found["a"], found["b"] >= 2) == (1, True)
