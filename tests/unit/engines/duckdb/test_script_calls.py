"""Functions and aggregates of scripts in queries: what they are given, and how often they are called."""

# ruff: noqa: E501

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from mlsql_engine.core.errors import MlsqlError, SqlProblem
from unit.engines.duckdb.sessions import EngineSession, FakeModel, Row
from unit.worker_path.script_contracts import udaf, udf

SEEN = """
    def aggregate(*columns) -> 'list[string]':
        return [repr(list(row)) for row in zip(*columns)]
""".replace("string", "str")
COUNTER = """
    n = 0
    def apply() -> int:
        global n
        n += 1
        return n
"""


@pytest.fixture
def seen(session: EngineSession) -> FakeModel:
    """seen(…) over `t` (k = a % 2, a, b = NULL for 3): the rows of a group as Python values, as texts."""
    session.numbers(5)
    session.sql("select a % 2 as k, a, if(a = 3, null, a * 10) as b from numbers", "t")
    contract = udaf(SEEN)
    return session.model("seen", contract.predict, contract.return_type(), "udaf")


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("select seen(a order by a desc) as s from t", [(["[4]", "[3]", "[2]", "[1]", "[0]"],)]),
        (
            "select k, seen(b order by a) as s from t group by k order by k",
            [(0, ["[0]", "[20]", "[40]"]), (1, ["[10]", "[None]"])],
        ),
        ("select k, SEEN(k, b order by a desc) as s from t where a > 2 group by k order by k", [(0, ["[0, 40]"]), (1, ["[1, None]"])]),
        ("select k, size(seen(a)) as n from t group by k having size(seen(a)) > 2", [(0, 3)]),
        ("select seen(distinct k order by k) as s from t", [(["[0]", "[1]"],)]),
        ("select size(seen(distinct k, k)) as n from t", [(2,)]),
        ("select k, seen(1) as s from t group by k order by k", [(0, ["[1]", "[1]", "[1]"]), (1, ["[1]", "[1]"])]),
        ("select seen(a order by a) filter (where a > 2) as s, count(*) as n from t", [(["[3]", "[4]"], 5)]),
        ("select seen(a) filter (where a > 9) as s from t", [([],)]),
        ("select seen(a) as s from t where a > 9", [([],)]),
        ("select seen(a, b) as s from t where a > 9", [([],)]),
        ("select k, seen(a) as s from t where a > 9 group by k", []),
        ("select a, seen(a) over (partition by k order by a) as s from t where a < 3 order by a", [(0, ["[0]"]), (1, ["[1]"]), (2, ["[0]", "[2]"])]),
        ("select a, size(seen(a) over w) as n from t window w as (order by a rows between 1 preceding and current row) order by a", [(0, 1), (1, 2), (2, 2), (3, 2), (4, 2)]),
        ("select case when k = 0 then size(seen(a)) else -1 end as n from t group by k order by k", [(3,), (-1,)]),
        ("select seen(struct(k, a)) as s from t where a = 3", [(["[{'k': 1, 'a': 3}]"],)]),
        ("select a, (select size(seen(u.a)) from t u where u.a < t.a) as n from t order by a limit 3", [(0, 0), (1, 1), (2, 2)]),
        ("select k, size(seen(a)) as n from t group by rollup(k) order by k nulls last", [(0, 3), (1, 2), (None, 5)]),
        ("select seen(a)[0] as s from t where a = 1", [("[1]",)]),
        ("with g as (select k, seen(a order by a) as s from t group by k) select x.s[0] as a, y.s[1] as b from g x join g y on x.k = y.k order by x.k", [("[0]", "[2]"), ("[1]", "[3]")]),
    ],
)  # fmt: skip
def test_aggregates(session: EngineSession, seen: FakeModel, query: str, rows: list[Row]) -> None:
    assert session.rows(query) == rows


def test_an_aggregate_without_arguments(session: EngineSession) -> None:
    script = "class N:\n  n = 0\n  def update(self): self.n += 1\n  def evaluate(self) -> int: return self.n"
    contract = udaf(script)
    session.model("rows", contract.predict, contract.return_type(), "udaf")
    session.numbers(5)
    query = "select a % 2 as k, rows() as n, rows() filter (where a > 2) as f from numbers group by 1 order by 1"
    assert session.rows(query) == [(0, 3, 1), (1, 2, 1)]
    assert session.rows("select rows() as n, rows() over () as w from numbers where a > 9 group by a") == []
    assert session.rows("select rows() as n from numbers where a > 9") == [(0,)]
    assert session.rows("select a, rows() over (order by a) as n from numbers where a < 3") == [
        (0, 1),
        (1, 2),
        (2, 3),
    ]


def test_an_aggregate_is_asked_once_for_each_group(session: EngineSession, seen: FakeModel) -> None:
    query = "select k, seen(a), size(seen(a)), size(Seen(t.a)) + 1 from t group by k having size(seen(a)) > 0"
    assert len(session.rows(query)) == 2
    assert seen.rows == 2


def test_an_unaliased_aggregate_has_sparks_name(session: EngineSession, seen: FakeModel) -> None:
    assert session.columns("select seen(a), Seen(DISTINCT a, k) from t") == ["seen(a)", "seen(DISTINCT a, k)"]


@pytest.mark.parametrize("order", ["a", "a desc", "a * 7919 % 20011"])
@pytest.mark.parametrize("groups", [1, 3])
def test_long_groups_in_any_order(session: EngineSession, order: str, groups: int) -> None:
    script = """
        class Total:
            def __init__(self): self.total = self.rows = 0
            def update(self, a): self.total, self.rows = self.total + a, self.rows + 1
            def merge(self, other): self.total, self.rows = self.total + other.total, self.rows + other.rows
            def evaluate(self): return (self.total, self.rows)
    """
    contract = udaf(script, "struct<total:bigint,n:int>")
    session.model("total", contract.predict, contract.return_type(), "udaf")
    session.numbers(20_000)
    query = f"select k, r.total, r.n from (select a % {groups} as k, total(a) as r from (select * from numbers order by {order}) group by 1) order by k"
    expected = [(k, sum(range(k, 20_000, groups)), len(range(k, 20_000, groups))) for k in range(groups)]
    assert session.rows(query) == expected


@pytest.mark.parametrize(
    ("query", "message", "spot"),
    [
        ("select seen(*) from t", "the aggregate 'seen' does not take *: name the columns", "seen"),
        ("select seen(t.*) from t", "the aggregate 'seen' does not take *: name the columns", "seen"),
        ("select seen(a limit 2) from t", "the aggregate 'seen' does not take LIMIT", "seen"),
        ("select seen(a) ignore nulls from t", "the aggregate 'seen' does not take IGNORE NULLS: it gets every row", "seen"),
        ("select seen(a) within group (order by a) from t", "the aggregate 'seen' does not take WITHIN GROUP: write ORDER BY behind its last argument", "seen"),
        ("select seen(distinct a, k order by a) from t", "the aggregate 'seen' does not take DISTINCT and ORDER BY together with several arguments", "seen"),
        ("select 1, seen(size(seen(a))) from t", "an aggregate cannot stand inside an aggregate", "seen"),
        ("select a, seen(k) from t", "the column 'a' is neither in GROUP BY nor inside an aggregate function", "a"),
        ("select a from t where size(seen(k)) > 1", "WHERE clause cannot contain aggregates", "select a from t where size(seen(k)) > 1"),
        ("select seen(c) from t", "there is no column 'c'", "c"),
    ],
)  # fmt: skip
def test_what_an_aggregate_does_not_take(
    session: EngineSession, seen: FakeModel, query: str, message: str, spot: str
) -> None:
    with pytest.raises(MlsqlError) as caught:
        session.sql(query)
    assert (caught.value.message, caught.value.span and caught.value.span.text) == (message, spot)


@pytest.fixture
def counter(session: EngineSession) -> FakeModel:
    """counter(): 1, 2, 3 … by rows."""
    session.numbers(3)
    contract = udf(COUNTER)
    return session.model("counter", contract.predict, contract.return_type(), "udf")


@pytest.mark.parametrize(
    ("query", "rows", "called"),
    [
        ("select counter() as c", [(1,)], 1),
        ("select a, counter() as c, counter() + 1 as d from numbers", [(0, 1, 2), (1, 2, 3), (2, 3, 4)], 3),
        ("select a from numbers where counter() > 1", [(1,), (2,)], 3),
        ("select sum(counter()) as s from numbers", [(6,)], 3),
        ("select if(a > 0, counter(), 0) as c from numbers", [(0,), (1,), (2,)], 2),
        ("select counter() as c from numbers limit 2", [(1,), (2,)], 2),
        ("select 1 as a from numbers where a > 5 and counter() > 0", [], 0),
    ],
)
def test_a_function_without_arguments(
    session: EngineSession, counter: FakeModel, query: str, rows: list[Row], called: int
) -> None:
    assert (session.rows(query), counter.rows) == (rows, called)


def test_what_a_function_without_arguments_gave_stays(session: EngineSession, counter: FakeModel) -> None:
    session.sql("select a, counter() as c from numbers", "made")
    assert session.rows("select * from made") == session.rows("select * from made") == [(0, 1), (1, 2), (2, 3)]
    assert counter.rows == 3


def test_a_model_without_arguments_is_still_an_error(session: EngineSession) -> None:
    session.model("f")
    with pytest.raises(SqlProblem, match="f"):
        session.sql("select f() as a")


def test_constant_arguments_are_asked_once(session: EngineSession) -> None:
    session.numbers(10)
    model = session.model("f", form="udf")
    assert session.rows("select a, f(2) as p from numbers where a < 2") == [(0, 4.0), (1, 4.0)]
    assert model.rows == 1


NESTED: Any = pa.struct(
    [("name", pa.string()), ("m", pa.map_(pa.string(), pa.list_(pa.struct([("x", pa.int32())]))))]
)


def test_nested_values_are_values_of_sql(session: EngineSession) -> None:
    session.numbers(2)
    contract = udf(
        "def apply(a): return ('n' + str(a), {'k': [{'x': a}, None], 'none': None})",
        "struct<name:string,m:map<string,array<struct<x:int>>>>",
    )
    assert contract.return_type() == NESTED
    session.model("f", contract.predict, NESTED, "udf")
    query = """
        select f(a).name as n, f(a).m['k'][0].x as x, f(a).m['missing'] as missing, size(f(a).m['k']) as s,
               map_keys(f(a).m) as keys, case when a = 1 then f(a).name end as guarded
        from numbers where f(a).name <> 'n5' order by f(a).name desc
    """
    assert session.rows(query) == [
        ("n1", 1, None, 2, ["k", "none"], "n1"),
        ("n0", 0, None, 2, ["k", "none"], None),
    ]


def test_vectors_inside_of_values(session: EngineSession) -> None:
    script = "def apply(v): return [[1.0, 2.0], [3.0]]"
    contract = udf(script, "array<vector>")
    session.model("f", contract.predict, contract.return_type(), "udf")
    query = "select vec_array(f(1)[0]) as a, vec_size(f(1)[1]) as n, vec_array(vec_concat(f(1))) as c"
    assert session.rows(query) == [([1.0, 2.0], 1, [1.0, 2.0, 3.0])]


def test_a_function_without_arguments_inside_of_an_aggregate(
    session: EngineSession, seen: FakeModel, counter: FakeModel
) -> None:
    assert session.rows("select seen(counter(), a order by a desc) as s from t where a < 2") == [
        (["[2, 1]", "[1, 0]"],)
    ]


def test_a_function_of_an_aggregate(session: EngineSession, seen: FakeModel) -> None:
    session.model("double", form="udf")
    query = "select k, double(size(seen(a))) as d from t group by k having double(size(seen(a))) > 4 order by k"
    assert session.rows(query) == [(0, 6.0)]
