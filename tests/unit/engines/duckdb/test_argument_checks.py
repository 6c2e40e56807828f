"""Calls are checked against what a function takes, where the query is bound: no model is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pyarrow as pa
import pytest

from mlsql_engine.core.errors import SqlProblem
from mlsql_sdk import accepted, call_forms
from unit.engines.duckdb.sessions import EngineSession, FakeModel


@pytest.fixture
def model(session: EngineSession) -> Iterator[FakeModel]:
    """f takes two numbers, over `t`: a, s (a as text), v (a vector); it is never asked."""
    session.numbers(3)
    session.sql("select a, cast(a as string) as s, vec_dense(array(a, a)) as v from numbers", "t")
    model = session.model("f")
    model.description = dataclasses.replace(model.description, accepted=accepted.features(2), title="function f")
    yield model
    assert model.calls == 0


@pytest.mark.parametrize(
    ("query", "place", "message"),
    [
        ("select f(a) from t", 7, "the model takes 2 features, and the query gives it 1 argument"),
        ("select a from t where f(a, s) > 1", 22, "argument 2 is string, and the model takes numbers"),
        ("select nullif(f(a, s), 1) from t", 14, "argument 2 is string, and the model takes numbers"),
        ("select if(a > 1, f(v, a), 0) from t", 17, "argument 1 is vector, and the model takes numbers"),
        ("select f(a, a) from t union select if(a > 1, f(a, s), 0) from t", 45, "argument 2 is string"),
        ("select if(sum(a) > 1, f(sum(a)), 0) from t group by s", 22, "the query gives it 1 argument"),
        ("select if(sum(a) > 1, f(sum(a), s), 0) from t group by s", 22, "argument 2 is string"),
        ("with c as (select s as w from t) select if(true, f(1, w), 0) from c", 49, "argument 2 is string"),
        ("select (select max(f(s, 1)) from t) from t", 19, "argument 1 is string"),
        ("select f(a, f(1, 2, 3)) from t", 12, "the query gives it 3 arguments"),
        ("select if(a > 1, f(struct(*)), 0) from t", 17, "the query gives it 3 arguments"),
    ],
)
def test_a_wrong_call(session: EngineSession, model: FakeModel, query: str, place: int, message: str) -> None:
    with pytest.raises(SqlProblem) as caught:
        session.sql(query)
    assert message in caught.value.message
    assert caught.value.message.startswith("function f: ")
    assert caught.value.span is not None
    assert (caught.value.code, caught.value.span.start, caught.value.span.text) == ("ARGUMENTS", place, "f")


@pytest.mark.parametrize(
    "query",
    [
        "select f(a, null), f(v), f(array(a)), f(struct(a, 1 as b)) from t",
        "select if(a > 1, f(a, a + 0.5), f(v)) from t",
        "select transform(array(a), e -> f(e)) from t",
        "select (select max(if(t.a > 1, f(t.s, 1), 0)) from t as u) from t",
    ],
)
def test_a_call_that_is_taken_or_that_only_rows_tell(session: EngineSession, model: FakeModel, query: str) -> None:
    session.sql(query)


def test_a_refused_query_leaves_no_view(session: EngineSession, model: FakeModel) -> None:
    def views() -> int:
        with session.engine._database.cursor() as cursor:
            return len(cursor.execute("select 1 from duckdb_views() where not internal").fetchall())

    before = views()
    wrong = "(select if(a > 1, f(a), 0) as p from t) as y"
    # A name that means two things keeps a query in one piece.
    refused = f"with c as (select 1) select * from (with c as (select 2) select * from c) as x cross join {wrong}"
    for query in ("select f(a) as p, a from t where f(a, a) > 1", "select if(a > 1, f(a), 0) from t", refused):
        with pytest.raises(SqlProblem):
            session.sql(query)
    assert views() == before


STRINGS = pa.list_(pa.string())
PACKED = pa.list_(pa.struct([(f"{call_forms.ARGUMENT}0", pa.int64()), (f"{call_forms.ARGUMENT}1", pa.string())]))
NOTHING = pa.struct([(call_forms.NO_ARGUMENTS, pa.bool_())])


@pytest.mark.parametrize(
    ("form", "kinds", "expected"),
    [
        ("model", [STRINGS], [STRINGS]),
        ("udf", [pa.int64(), STRINGS], [pa.int64(), STRINGS]),
        ("udf", [NOTHING], []),
        ("udaf", [STRINGS], [pa.string()]),
        ("udaf", [PACKED], [pa.int64(), pa.string()]),
        ("udaf", [pa.list_(NOTHING)], []),
        ("udaf", [pa.null()], [pa.null()]),
    ],
)
def test_what_the_columns_of_a_call_stand_for(
    form: str, kinds: list[pa.DataType], expected: list[pa.DataType]
) -> None:
    columns = [(f"arg{place}", kind) for place, kind in enumerate(kinds)]
    assert [kind for _, kind in call_forms.arguments(form, columns)] == expected
