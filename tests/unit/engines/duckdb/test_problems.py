"""DuckDB's exceptions in the user's words: nothing of the engine's own names comes out."""

# ruff: noqa: E501
from __future__ import annotations

import re

import pyarrow as pa
import pytest

from mlsql_engine.core.errors import DataProblem, MlsqlError, SqlProblem, SyntaxProblem, UnknownName
from mlsql_engine.engines.dialect import translate
from mlsql_engine.engines.duckdb import problems
from mlsql_engine.engines.duckdb.file_problems import FileProblem
from mlsql_engine.engines.duckdb.wording import spark_types
from unit.engines.duckdb.sessions import INTERNAL, VECTOR, EngineSession, text

WRONG = [
    "select t.nope from t",
    "select nope.a from t",
    "select nope from t",
    "select a from nope",
    "select nope(a) from t",
    "select score() from t",
    "select score(nope) from t",
    "select score(a, t.nope) from t",
    "select nope.score(a) from t",
    "select a + b from t",
    "select abs(b) from t",
    "select substring(a) from t",
    "select v + 1 from t",
    "select v['values'] from t",
    "select v.values from t",
    "select v[0] from t",
    "select v.a.b from t",
    "select s.nope from t",
    "select vec(v).values from t",
    "select vec_size(a) from t",
    "select vec_size(s) from t",
    "select vec_nope(v) from t",
    "select array_slice(l) from t",
    "select sum(a), b from t",
    "select a from t having nope > 1",
    "select a from t group by",
    "select a from t union select a, b from t",
    "select case when v then 1 end from t",
    "select * from t x join t y on x.nope = y.a",
    "select explode(a) from t",
    "select sum(v) from t",
    "select v from t where v",
    "select struct(*) from t join t u",
    "select mlsql_nope(a) from t",
    "select concat(v, 1)[2] from t",
    "select a from t order by 7",
    "select array(v, 1) from t",
    "select v = 1 from t",
]


@pytest.fixture
def tables(session: EngineSession) -> EngineSession:
    session.sql(
        "select 1 as a, 'x' as b, vec_dense(array(1.0)) as v, named_struct('f', 1) as s, array(1) as l", "t"
    )
    session.model("score")
    session.model("vec", lambda batch: batch.column(0), VECTOR)
    return session


@pytest.mark.parametrize("query", WRONG)
def test_no_name_of_the_engine_comes_out(tables: EngineSession, query: str) -> None:
    with pytest.raises(MlsqlError) as raised:
        tables.rows(query)
    shown = raised.value.render()
    assert [name for name in INTERNAL if name in shown] == []
    assert "LINE 1" not in shown
    assert "Candidate" not in shown
    assert raised.value.code != "INTERNAL"
    assert raised.value.span is not None


def test_no_name_of_the_engine_is_a_column(tables: EngineSession) -> None:
    query = "select score(a), vec(v), v, struct(v), array(v), array_slice(l, 0, 1), score(a) + 1 from t"
    schema = tables.engine.schema(tables.sql(query))
    assert [name for name in INTERNAL if name in str(schema)] == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select score() from t", "score needs arguments"),
        ("select vec_size(a) from t", "vec_size takes a vector, not an int"),
    ],
)  # fmt: skip
def test_message(tables: EngineSession, query: str, message: str) -> None:
    with pytest.raises(SqlProblem) as raised:
        tables.rows(query)
    assert raised.value.message == message


def test_a_field_of_a_struct(tables: EngineSession) -> None:
    with pytest.raises(UnknownName) as raised:
        tables.sql("select s.g from t")
    assert (raised.value.message, raised.value.hint) == ("there is no field 'g'", "known: f")


def test_an_unknown_function_lists_those_of_the_session(tables: EngineSession) -> None:
    with pytest.raises(UnknownName) as raised:
        tables.sql("select scor(a) from t")
    assert raised.value.hint == "did you mean 'score'?"


def explained(message: str, query: str = "select a, b from t") -> MlsqlError:
    import duckdb

    translation = translate(text(query), {"t": "mlsql_relation_1"}, {})
    return problems.explain(
        duckdb.Error(message), translation, problems.Names(lambda: ["abs"], lambda: ["a", "bb"])
    )


@pytest.mark.parametrize(
    ("message", "kind", "shown", "place"),
    [
        ('Binder Error: Table "t" does not have a column named "b"\n\nLINE 1: …', UnknownName, "there is no column 't.b'", "b"),
        ('Binder Error: Values list "t" does not have a column named "b"', UnknownName, "there is no column 't.b'", "b"),
        ('Binder Error: Referenced column "b" was not found because …', UnknownName, "there is no column 'b'", "b"),
        ('Binder Error: Column "b" referenced that exists in the SELECT clause - but', UnknownName, "there is no column 'b'", "b"),
        ("Catalog Error: Scalar Function with name mlsql_function_f_v3 does not exist!", UnknownName, "there is no function 'f'", None),
        ('Parser Error: syntax error at or near "from"', SyntaxProblem, "the query is not Spark SQL: 'from' is not expected here", "from"),
        ("Parser Error: syntax error at end of input", SyntaxProblem, "the query is not Spark SQL: it ends too early", None),
        ('Invalid Input Error: {"exception_type":"Binder","exception_message":"Some thing"}', SqlProblem, "some thing", None),
        ("Out of Range Error: Overflow in mlsql_relation_3_rows.x", SqlProblem, "overflow in x", None),
        ("Conversion Error: It can't be cast when casting from source column s69_1", SqlProblem, "it can't be cast", None),
        ("Conversion Error: It can't be cast when casting from source column s69", SqlProblem, "it can't be cast when casting from source column s69", None),
        ("Binder Error: It is\n\tCandidate functions:\n\tabs(x) -> y\n\nLINE 1: z", SqlProblem, "it is", None),
    ],
)  # fmt: skip
def test_explained(message: str, kind: type[MlsqlError], shown: str, place: str | None) -> None:
    problem = explained(message)
    assert (type(problem), problem.message) == (kind, shown)
    assert problem.span is not None
    assert problem.span.text == (place or "select a, b from t")


def test_a_hint_is_not_made_of_nothing() -> None:
    import duckdb

    unknown = duckdb.Error('Referenced column "b" not found in FROM clause!')
    assert problems.explain(unknown).hint is None
    assert problems.explain(unknown, None, problems.Names(list, lambda: ["bb"])).hint == "did you mean 'bb'?"
    far = duckdb.Error("Catalog Error: Scalar Function with name zzz does not exist!")
    hint = problems.explain(far, None, problems.Names(lambda: ["abs"], list)).hint
    assert hint == "docs/functions.md lists mlsql's own; every other is Spark's"


@pytest.mark.parametrize(
    ("query", "name", "place", "hint"),
    [
        ("select nmae from p", "nmae", "nmae", "did you mean 'name'?"),
        ("select q.nmae from p q", "q.nmae", "q.nmae", "did you mean 'name'?"),
        ("select q.name, r.oredr from p q join o r on q.id = r.id", "r.oredr", "r.oredr", "did you mean 'order'?"),
        ("select * from p q where exists (select 1 from o r where r.oredr = q.id)", "r.oredr", "r.oredr",
         "did you mean 'order'?"),
        ("select * from p q where exists (select 1 from o r where r.id = q.idd)", "q.idd", "q.idd",
         "did you mean 'id'?"),
        ("select (select max(r.oredr) from o r) as x from p", "r.oredr", "r.oredr", "did you mean 'order'?"),
        ("select * from p join o using (idd)", "idd", "idd", "did you mean 'id'?"),
        ("select salary from p", "salary", "salary", "known: id, name"),
    ],
)  # fmt: skip
def test_an_unknown_column(session: EngineSession, query: str, name: str, place: str, hint: str) -> None:
    session.sql("select 1 as id, 'x' as name", "p")
    session.sql("select 1 as id, 2 as `order`", "o")
    with pytest.raises(UnknownName) as raised:
        session.sql(query)
    assert (raised.value.message, raised.value.hint) == (f"there is no column '{name}'", hint)
    assert raised.value.span is not None
    assert raised.value.span.text == place


@pytest.mark.parametrize(
    ("query", "message", "place", "hint"),
    [
        ("select sqrt(array(a)) from t", "sqrt does not take an array<int>", "sqrt", "it takes (double)"),
        ("select array_contains(a, 1) from t", "array_contains does not take (int, int)", "array_contains", None),
        ("select array(a) > 1 from t", "cannot compare values of type array<int> and type int",
         "select array(a) > 1 from t", None),
        ("select a, sum(a) from t", "the column 'a' is neither in GROUP BY nor inside an aggregate function", "a",
         "add it to GROUP BY, or write any_value(a)"),
        ("select a from t x join t y on x.a = y.a",
         "ambiguous reference to column name \"a\" (use: 'x.a' or 'y.a')", "a", None),
        ("select (select a from u) as x from t", "more than one row returned by a subquery used as an expression",
         "select (select a from u) as x from t", None),
        ("select 2147483647 + 1", "overflow in addition of int (2147483647 + 1)", "select 2147483647 + 1", None),
    ],
)  # fmt: skip
def test_what_is_refused(tables: EngineSession, query: str, message: str, place: str, hint: str | None) -> None:
    tables.sql("select explode(array(1, 2)) as a", "u")
    with pytest.raises(SqlProblem) as raised:
        tables.rows(query)
    assert (raised.value.message, raised.value.hint) == (message, hint)
    assert raised.value.span is not None
    assert raised.value.span.text == place


@pytest.mark.parametrize(
    ("duckdb_text", "shown"),
    [
        ("INTEGER[]", "array<int>"),
        ('STRUCT(a INTEGER, b STRUCT("c d" DATE)[])[]', "array<struct>"),
        ("DECIMAL(10,2) and VARCHAR", "decimal(10,2) and string"),
        ("MAP(VARCHAR, INTEGER)", "map"),
        ("INT64 (1 + 2)", "bigint (1 + 2)"),
        ("INTERNAL", "INTERNAL"),
    ],
)
def test_types(duckdb_text: str, shown: str) -> None:
    assert spark_types(duckdb_text) == shown


def test_files() -> None:
    import duckdb

    memory = problems.explain_file(duckdb.OutOfMemoryException("Out of Memory Error: no more"), "x.csv")
    assert isinstance(memory, DataProblem)
    assert (memory.code, memory.message) == ("OUT_OF_MEMORY", "x.csv: no more")
    gone = 'IO Error: No files found that match the pattern "we[[]1].csv"'
    missing = problems.explain_file(duckdb.IOException(gone), "x.csv")
    assert (missing.code, missing.message) == ("FILE_NOT_FOUND", "there is no file we[1].csv")
    assert isinstance(missing, FileProblem)
    assert missing.file == "we[1].csv"


def test_a_model_of_another_type_or_number_of_rows(tables: EngineSession) -> None:
    tables.model("wrong", lambda batch: pa.array(["x"] * batch.num_rows))
    with pytest.raises(MlsqlError) as raised:
        tables.rows("select wrong(a) from t")
    assert re.search("|".join(INTERNAL), raised.value.render()) is None
