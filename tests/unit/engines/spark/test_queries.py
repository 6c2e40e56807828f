"""Spark's functions of clauses on DuckDB: the values that Spark 4.3 gives with its ANSI mode off."""

# ruff: noqa: E501
from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from unit.engines.duckdb.sessions import EngineSession

QUERIES: list[tuple[str, list[tuple[Any, ...]]]] = [
    (
        "select a, sum(b) from values ('x', 1), ('y', 2), ('x', 3) as t(a, b) group by a with rollup order by a",
        [(None, 6), ("x", 4), ("y", 2)],
    ),
    (
        "select a, c, sum(b) from values ('x', 1, 'p'), ('y', 2, 'q') as t(a, b, c) group by a, c with cube order by a, c",
        [
            (None, None, 3),
            (None, "p", 1),
            (None, "q", 2),
            ("x", None, 1),
            ("x", "p", 1),
            ("y", None, 2),
            ("y", "q", 2),
        ],
    ),
    (
        "select a, c, sum(b) from values ('x', 1, 'p'), ('y', 2, 'q') as t(a, b, c) group by a, c grouping sets ((a), (c), ()) order by a, c",
        [(None, None, 3), (None, "p", 1), (None, "q", 2), ("x", None, 1), ("y", None, 2)],
    ),
    (
        "select a, sum(b), grouping(a), grouping_id() from values ('x', 1), ('y', 2) as t(a, b) group by rollup(a) order by a",
        [(None, 3, 1, 1), ("x", 1, 0, 0), ("y", 2, 0, 0)],
    ),
    ("select a from values (2), (null), (1) as t(a) order by a", [(None,), (1,), (2,)]),
    ("select a from values (2), (null), (1) as t(a) order by a desc", [(2,), (1,), (None,)]),
    ("select /*+ broadcast(t) */ a from values (1) as t(a)", [(1,)]),
    ("select a, row_number() over (order by a) as n from values (3), (1) as t(a) qualify n = 1", [(1, 1)]),
    (
        "select * from values ('p', 'x', 1), ('p', 'y', 2) as t(k, c, v) pivot (sum(v) for c in ('x', 'y'))",
        [("p", 1, 2)],
    ),
    ("select * from (select 1 as a, 2 as b) unpivot (v for n in (a, b))", [("a", 1), ("b", 2)]),
    ("select * except (b) from values (1, 2) as t(a, b)", [(1,)]),
    ("select a from values (1), (2) as t(a) except select 1", [(2,)]),
    ("select * from values (1) as t(a) left semi join values (1), (2) as u(b) on a = b", [(1,)]),
    ("select * from values (1), (3) as t(a) left anti join values (1), (2) as u(b) on a = b", [(3,)]),
    ("select t.s.x, t.s.y[1] from (select named_struct('x', 1, 'y', array(5, 6)) as s) t", [(1, 6)]),
    (
        "select a, first_value(b, true) over (order by a rows between unbounded preceding and current row) as f from values (1, null), (2, 5), (3, 6) as t(a, b) order by a",
        [(1, None), (2, 5), (3, 5)],
    ),
    ("select a, lag(a, 1, 0) over (order by a) as p from values (1), (2) as t(a) order by a", [(1, 0), (2, 1)]),
    ("select a from values (2), (1) as t(a) sort by a", [(1,), (2,)]),
    ("select `a b` from (select 1 as `a b`)", [(1,)]),
    ("select count(*) from range(3) cross join range(2)", [(6,)]),
    ("select transform(collect_list(a), x -> x * 2) from values (1), (2) as t(a)", [([2, 4],)]),
    ("select a, b from values (1, 2) as t(a, b) where (a, b) in ((1, 2))", [(1, 2)]),
    (
        "select date_add(a, 1), a + interval 1 day from values (date '2020-01-31') as t(a)",
        [(date(2020, 2, 1), date(2020, 2, 1))],
    ),
    (
        "select a % b, a div b, a / b from values (7, 0), (7, 2) as t(a, b) order by b",
        [(None, None, None), (1, 3, 3.5)],
    ),
    (
        "select cast(a as int) from values ('1'), ('x'), ('2.9'), (null) as t(a) order by a",
        [(None,), (None,), (1,), (2,)],
    ),
    (
        "select l[i], m[k] from values (array(5, 6), 1, map('a', 1), 'a'), (array(5), -1, map('b', 2), 'a') as t(l, i, m, k)",
        [(6, 1), (None, None)],
    ),
    ("select m[k] from values (map(1, 'x'), 1), (map(2, 'y'), 1) as t(m, k)", [("x",), (None,)]),
]


@pytest.mark.parametrize(("query", "rows"), QUERIES)
def test_rows(session: EngineSession, query: str, rows: list[tuple[Any, ...]]) -> None:
    assert session.rows(query) == rows
