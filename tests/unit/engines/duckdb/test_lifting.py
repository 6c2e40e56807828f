"""Selects drawn at random give the same rows lifted and as they are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.engines.duckdb import lifting
from unit.engines.duckdb.sessions import EngineSession, Row, engine_session

COLUMNS = st.sampled_from(["a", "b", "t.a", "T.B"])
NUMBERS = st.integers(0, 3).map(str)


def _calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("{}({})".format, st.sampled_from(["f", "g", "F"]), inner)


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        _calls(inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*"]), inner),
        st.builds("case when {} < {} then {} else {} end".format, inner, inner, inner, inner),
        st.builds("coalesce(nullif({}, {}), {})".format, inner, inner, inner),
        st.builds("if({} in (0, 2), {}, {})".format, inner, inner, inner),
    )


VALUES = st.recursive(st.one_of(COLUMNS, NUMBERS, _calls(COLUMNS)), _combined, max_leaves=5)
CONDITIONS = st.one_of(
    st.builds("{} {} {}".format, VALUES, st.sampled_from(["<", ">=", "="]), VALUES),
    st.builds("{} in (select {} from u as t where {} < 3)".format, VALUES, VALUES, VALUES),
    st.builds("exists (select 1 from u where u.a = t.a and f(u.b) < {})".format, NUMBERS),
)
FILTERS = st.lists(CONDITIONS, max_size=2).map(lambda found: f" where {' and '.join(found)}" if found else "")
SOURCES = st.sampled_from(
    ["t", "(select a, f(b) as b from t) as t", "t join (select a as c from u) as v on t.a = v.c"]
)
WINDOWS = st.builds("sum({}) over (partition by {} order by {})".format, VALUES, VALUES, VALUES)
AGGREGATES = st.builds(
    "{}({})".format, st.sampled_from(["sum", "count", "max", "f(max", "count(distinct"]), VALUES
).map(lambda text: text + ")" * (text.count("(") - text.count(")")))


@st.composite
def plain_selects(draw: st.DrawFn) -> str:
    items = draw(st.lists(st.one_of(VALUES, WINDOWS, st.just("*")), min_size=1, max_size=3))
    named = [item if item == "*" else f"{item} as x{place}" for place, item in enumerate(items)]
    if items[0] != "*" and draw(st.booleans()):
        named.append(f"f(x0) + {draw(VALUES)} as y")
    distinct = draw(st.sampled_from(["", "distinct "]))
    return f"select {distinct}{', '.join(named)} from {draw(SOURCES)}{draw(FILTERS)}"


@st.composite
def grouped_selects(draw: st.DrawFn) -> str:
    keys = draw(st.lists(VALUES, min_size=1, max_size=2))
    items = [*keys, *(f"f({key})" for key in keys), draw(AGGREGATES), draw(AGGREGATES)]
    named = [f"{item} as x{place}" for place, item in enumerate(items)]
    having = draw(st.one_of(st.just(""), st.builds(" having {} > {}".format, AGGREGATES, NUMBERS)))
    by = draw(st.sampled_from([keys, [f"x{place}" for place in range(len(keys))], ["1", "2"][: len(keys)]]))
    source = f"{draw(SOURCES)}{draw(FILTERS)}"
    return f"select {', '.join(named)} from {source} group by {', '.join(by)}{having}"


SELECTS = st.one_of(plain_selects(), grouped_selects())
QUERIES = st.one_of(
    SELECTS,
    st.builds("with c as ({}) select count(*) from c as x, c as y".format, SELECTS),
    st.builds("select count(*) as n from ({}) as q where f(q.x0) >= 0".format, grouped_selects()),
    st.builds("select * from (select f(a) as p from t{}) union all select f(b) from u".format, FILTERS),
    st.builds("select a, b, f(b) as p from t{} order by b, a desc limit {}".format, FILTERS, NUMBERS),
)


@pytest.fixture(scope="module")
def drawn() -> Iterator[EngineSession]:
    """`t` and `u` of two columns of small numbers and NULLs, f(x) = 2x mod 5, g(x) = x + 1."""
    with engine_session() as session:
        session.model("f", lambda batch: _remainder(pc.multiply(batch.column(0).cast(pa.int64()), 2)), pa.int64())
        session.model("g", lambda batch: pc.add(batch.column(0).cast(pa.int64()), 1), pa.int64())
        session.sql("select id % 4 as a, if(id = 5, null, id % 3) as b from range(7)", "t")
        session.sql("select id % 3 as a, if(id = 2, null, id) as b from range(4)", "u")
        yield session


def _remainder(values: Any) -> pa.Array:
    return pc.subtract(values, pc.multiply(pc.divide(values, 5), 5))


def answer(session: EngineSession, query: str) -> list[Row] | str:
    """The rows in an order of their own, or the error."""
    try:
        return sorted(session.rows(query), key=repr)
    except MlsqlError as error:
        return f"{error.code} {error.message}"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(query=QUERIES)
def test_the_same_rows_as_without(drawn: EngineSession, query: str) -> None:
    lifted = answer(drawn, query)
    with patch("mlsql_engine.engines.duckdb.queries.lift", lambda *_: None):
        assert lifted == answer(drawn, query)


def test_what_is_drawn_is_lifted(drawn: EngineSession) -> None:
    found: list[lifting.Lift | None] = []

    def seen(*arguments: Any) -> lifting.Lift | None:
        found.append(lifting.lift(*arguments))
        return found[-1]

    with patch("mlsql_engine.engines.duckdb.queries.lift", seen):
        drawn.sql("select f(T.B) as p, max(f(a)) as m from t where f(a) > 1 group by f(t.b) having f(max(a)) > 1")
    assert [len(lift.calls) if lift else 0 for lift in found] == [2, 1, 0]
