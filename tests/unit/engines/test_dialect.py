"""Spark SQL on DuckDB: what a query means, what it reads and calls, and where its errors stand."""

from __future__ import annotations

from typing import Any

import pytest

from mlsql_engine.core.errors import MlsqlError, SqlProblem, SyntaxProblem, UnknownName
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text
from mlsql_engine.engines.dialect import Translation, translate
from mlsql_engine.language.variables import fill_text
from unit.engines.duckdb.sessions import EngineSession, text


@pytest.fixture
def tables(session: EngineSession) -> EngineSession:
    session.sql("select 1 as a, 'x#y' as b, array(10, 20) as l union all select 2, 'p#q', array(30)", "t")
    session.sql("select 1 as a, 'one' as word union all select 3, 'three'", "u")
    return session


def translated(query: str, functions: dict[str, str] | None = None, models: tuple[str, ...] = ()) -> Translation:
    return translate(text(query), {"t": "view_1", "u": "view_2"}, functions or {}, models)


def spot(error: MlsqlError) -> str:
    """The text under the carets."""
    assert error.span is not None
    return error.span.text


QUERIES: list[tuple[str, list[tuple[Any, ...]]]] = [
    ("select `a` from `t` order by 1", [(1,), (2,)]),
    ("select \"a\" as x, 'b' as y", [("a", "b")]),
    ("select split(b, '#')[0] as x, split(b, \"#\")[1] as y from t order by a", [("x", "y"), ("p", "q")]),
    ("select a, e from t lateral view explode(l) as e order by a, e", [(1, 10), (1, 20), (2, 30)]),
    ("select e from t lateral view explode(l) exploded as e where e > 10 order by e", [(20,), (30,)]),
    ("select explode(l) as e from t order by e", [(10,), (20,), (30,)]),
    ("with t as (select 7 as a) select a from t", [(7,)]),
    ("with t as (select a + 10 as a from t) select a from t order by a", [(11,), (12,)]),
    ("with T as (select 7 as a) select a from t", [(7,)]),
    ("with x as (select 1 as a), y as (select a + 1 as a from x) select * from y", [(2,)]),
    (
        "with x as (with t as (select 9 as a) select a from t) select x.a, t.a from x, t order by 2",
        [(9, 1), (9, 2)],
    ),
    (
        "with recursive r(n) as (select 1 union all select n + 1 from r where n < 3) select n from r",
        [(1,), (2,), (3,)],
    ),
    (
        "with recursive t as (select 1 as n union all select n + 1 from t where n < 3) select max(n) as m from t",
        [(3,)],
    ),
    ("select * from (select a from t) x where a in (select max(a) from t)", [(2,)]),
    ("select (select max(word) from u where u.a = t.a) as w from t order by a", [("one",), (None,)]),
    ("select a from t where exists (select 1 from u where u.a = t.a)", [(1,)]),
    ("select a from t union select a from u order by a", [(1,), (2,), (3,)]),
    ("select a from t union all select a from u order by a", [(1,), (1,), (2,), (3,)]),
    ("select a from t intersect select a from u", [(1,)]),
    ("select a from t except select a from u", [(2,)]),
    ("select t.a, word from t left join u on t.a = u.a order by t.a", [(1, "one"), (2, None)]),
    ("select T.A from T join U on t.A = u.a", [(1,)]),
    (
        "select a, sum(a) over (order by a) as s, lag(a) over (order by a) as p from t order by a",
        [(1, 1, None), (2, 3, 1)],
    ),
    ("select sum(a) over w as s from t window w as (partition by 1)", [(3,), (3,)]),
    ("select v.a + v.b as s from values (1, 2), (3, 4) as v(a, b) order by s", [(3,), (7,)]),
    ("select id from range(3)", [(0,), (1,), (2,)]),
    ("select r.id from range(1, 3) r", [(1,), (2,)]),
    ("select case a when 1 then 'one' else 'more' end as w from t order by a", [("one",), ("more",)]),
    ("select transform(l, x -> x + 1) as m from t order by a", [([11, 21],), ([31],)]),
    ("select filter(l, x -> x > 10) as m from t order by a", [([20],), ([30],)]),
    ("select a /* one */ from t -- two\n order by a", [(1,), (2,)]),
    ("select struct(a, word) as s from u order by a", [({"a": 1, "word": "one"},), ({"a": 3, "word": "three"},)]),
    ("select named_struct('x', a).x as x, map('k', a)['k'] as k from u order by a", [(1, 1), (3, 3)]),
]


@pytest.mark.parametrize(("query", "rows"), QUERIES)
def test_query(tables: EngineSession, query: str, rows: list[tuple[Any, ...]]) -> None:
    assert tables.rows(query) == rows


def test_struct_star_is_the_row(tables: EngineSession) -> None:
    row = {"a": 1, "word": "one"}
    for source in ("u", "u q", "(select * from u) q", "(select * from u)", "(select * from u) where a > 0"):
        assert tables.rows(f"select struct(*) as s from {source} order by s limit 1") == [(row,)], source
    assert tables.rows("select struct(u.*) as s from t join u on t.a = u.a") == [(row,)]


@pytest.mark.parametrize(
    "query",
    [
        "select struct(*) from t join u",
        "select struct(*) from t, u",
        "select struct(*) from t lateral view explode(l) as e",
        "select struct(a, *) from t",
        "select struct(*)",
    ],
)
def test_struct_star_needs_one_table(tables: EngineSession, query: str) -> None:
    with pytest.raises(SqlProblem, match=r"struct\(\*\) needs a select from one table") as raised:
        tables.sql(query)
    assert spot(raised.value) == "struct"
    assert raised.value.hint == "name the columns: struct(a, b, c)"


class TestWhatItReadsAndCalls:
    def test_tables_as_often_as_they_are_read(self) -> None:
        assert translated("select * from t x join T y on true, u").reads == {"t": 2, "u": 1}
        assert translated("with t as (select 1 as a) select a from t").reads == {}
        assert translated("with x as (select * from t) select * from x, x y, t").reads == {"t": 3}
        assert translated("select (select max(a) from t) as a from u").reads == {"u": 1, "t": 2}
        assert translated("select * from u, lateral (select a from t where t.a = u.a) x").reads == {"u": 1, "t": 4}
        assert translated("select * from t pivot (sum(a) for a in (1, 2))").reads == {"t": 2}

    def test_a_cte_does_not_hide_a_table_outside_its_select(self) -> None:
        query = "select a from (with t as (select 1 as a) select a from t) x union all select a from t"
        assert translated(query).tables == ("t",)

    def test_calls_by_the_names_of_the_script(self) -> None:
        functions = {"score": "mlsql_function_score_v1", "array_slice": "mlsql_array_slice"}
        found = translated("select SCORE(a), array_slice(l, 0, 1), sum(vec_size(v)) from t", functions, ("score",))
        assert found.calls == {"score", "array_slice", "vec_size"}
        assert found.volatile
        assert not found.random
        assert not translated("select vec_size(v) from t", functions, ("score",)).volatile

    @pytest.mark.parametrize(
        "query",
        [
            "select rand()",
            "select a, random() from t",
            "select randn(1)",
            "select uuid()",
            "select a from t where rand() > 0.5",
            "select * from t tablesample (10 percent)",
            "with x as (select uuid() as i) select * from x",
        ],
    )
    def test_random(self, query: str) -> None:
        assert translated(query).random
        assert translated(query).volatile


NAMES = [
    "predict",
    "translate",
    "encode",
    "decode",
    "score",
    "extract",
    "position",
    "stack",
    "convert",
    "left",
    "right",
    "replace",
    "case",
    "if",
    "date",
    "trim",
    "substring",
    "overlay",
    "cast",
    "exists",
    "count",
    "sum",
    "rank",
    "explode",
    "array",
    "map",
    "struct",
    "timestamp",
    "interval",
    "first",
    "range",
    "filter",
    "in",
    "any",
    "values",
    "format",
    "mod",
    "pivot",
    "get",
    "like",
    "rlike",
    "union",
    "table",
]


class TestFunctionsOfTheSession:
    @pytest.mark.parametrize("name", NAMES)
    def test_is_a_plain_call(self, tables: EngineSession, name: str) -> None:
        model = tables.model(name)
        for written in (name, name.upper(), f"`{name}`", f"{name} "):
            assert tables.rows(f"select {written}(a) as p, 1 + {written}(a) as q from t order by p") == [
                (2.0, 3.0),
                (4.0, 5.0),
            ]
        assert tables.rows(f"select a from t where {name}(a) > 3") == [(2,)]
        assert tables.columns(f"select {name}(a) from t") == [f"{name}(a)"]
        assert model.rows > 0

    def test_a_name_of_other_signs(self, tables: EngineSession) -> None:
        tables.model("my model-2")
        assert tables.rows("select `my model-2`(a) as p from t order by p") == [(2.0,), (4.0,)]

    @pytest.mark.parametrize(
        "name", ["in", "exists", "values", "any", "case", "left", "date", "interval", "struct", "and", "not"]
    )
    def test_syntax_of_that_name_stays(self, tables: EngineSession, name: str) -> None:
        tables.model(name)
        query = (
            "select case when t.a in (1, 2) and (t.a > 0) and not (t.a > 5) then date '2020-01-01' end as d "
            "from t left join (values (1, 2)) as v(a, c) on (t.a = v.a) "
            "where exists (select 1 from u) and t.a = any (select 1) and interval '1' day > interval '1' hour"
        )
        assert [str(row[0]) for row in tables.rows(query)] == ["2020-01-01"]

    def test_columns_of_an_alias_are_no_call(self, tables: EngineSession) -> None:
        tables.model("score")
        assert tables.rows("select score.a from values (1, 2) as score(a, b)") == [(1,)]
        assert tables.rows("with score(x) as (select 5) select x from score") == [(5,)]
        assert tables.rows("select score from (select 3 as score)") == [(3,)]


class TestPlaces:
    @pytest.mark.parametrize(
        ("query", "kind", "name", "place"),
        [
            ("select nope from t", "column", "nope", "nope"),
            ("select a, t.nope from t", "column", "t.nope", "t.nope"),
            ("select q.nope + q.a from t q", "column", "q.nope", "q.nope"),
            ("select nope.a from t", "table", "nope", "nope"),
            ("select a from t where `no pe` = 1", "column", "no pe", "`no pe`"),
            ("select a from nope", "table", "nope", "nope"),
            ("select a from `no pe`", "table", "no pe", "`no pe`"),
            ("select a from db.t", "table", "db.t", "db.t"),
            ("select a from t where a in (select a from nope)", "table", "nope", "nope"),
            ("with x as (select a from nope) select * from x", "table", "nope", "nope"),
            ("with x as (select a from x) select * from x", "table", "x", "x"),
            ("select nope(a) from t", "function", "nope", "nope"),
            ("select a from t order by nope", "column", "nope", "nope"),
            ("select sum(a) over (partition by nope) from t", "column", "nope", "nope"),
            ("select * from read_csv('/etc/passwd')", "table function", "read_csv", "read_csv"),
            ("select * from duckdb_tables()", "table function", "duckdb_tables", "duckdb_tables"),
        ],
    )
    def test_unknown_name(self, tables: EngineSession, query: str, kind: str, name: str, place: str) -> None:
        with pytest.raises(UnknownName) as raised:
            tables.sql(query)
        assert raised.value.message == f"there is no {kind} '{name}'"
        assert raised.value.code == f"UNKNOWN_{kind.upper().replace(' ', '_')}"
        assert spot(raised.value) == place

    def test_did_you_mean(self, tables: EngineSession) -> None:
        for query, guess in (
            ("select wrod from u", "word"),
            ("select a from uu", "u"),
            ("select vec_sise(a) from t", "vec_size"),
            ("select tt.a from t", "t"),
        ):
            with pytest.raises(UnknownName) as raised:
                tables.sql(query)
            assert raised.value.hint == f"did you mean '{guess}'?", query

    def test_on_the_line_where_it_stands(self, tables: EngineSession) -> None:
        with pytest.raises(UnknownName) as raised:
            tables.sql("select a, -- nope\n  'nope' as b,\n\tnope\nfrom t")
        assert raised.value.span is not None
        assert raised.value.span.render().split("\n")[0] == " --> script:3:2"

    def test_behind_a_variable(self, tables: EngineSession) -> None:
        script = "select ${columns} as x,\n  nope, ${other}\nfrom ${table}"
        source = Source("script", script)
        raw = Text.literal(script, Span(source, 0, len(script)))
        query = fill_text(raw, {"columns": "a + a + a + a + a + a", "other": "1 as y", "table": "t"})
        with pytest.raises(UnknownName) as raised:
            tables.engine.sql(query)
        assert (spot(raised.value), source.position(raised.value.span.start)) == ("nope", (2, 3))  # type: ignore[union-attr]

    def test_in_a_variable(self, tables: EngineSession) -> None:
        script = "select a, ${column} from ${table}"
        raw = Text.literal(script, Span(Source("script", script), 0, len(script)))
        with pytest.raises(UnknownName) as raised:
            tables.engine.sql(fill_text(raw, {"column": "a +\n nope", "table": "t"}))
        assert spot(raised.value) == "${column}"
        with pytest.raises(UnknownName) as raised:
            tables.engine.sql(fill_text(raw, {"column": "a", "table": "nope"}))
        assert (raised.value.message, spot(raised.value)) == ("there is no table 'nope'", "${table}")


class TestSyntax:
    @pytest.mark.parametrize(
        ("query", "message", "place"),
        [
            ("select a from t where", "the query is not Spark SQL: something is missing after this", "where"),
            ("select (a from t", "the query is not Spark SQL: expected ')'", "from"),
            ("select a,\n b c d\nfrom t", "the query is not Spark SQL: 'd' is not expected here", "d"),
            ("select cast(a as nope) from t", "the query is not Spark SQL: there is no type 'nope'", "nope"),
            ("select a,, b from t", "the query is not Spark SQL: a column is missing here", ","),
            ("select a, from t", "the query is not Spark SQL: a column is missing here", "from"),
            ("select * from (select a, from t)", "the query is not Spark SQL: a column is missing here", "from"),
            ("select a from t group by a,", "the query is not Spark SQL: a column is missing here", ","),
            ("select array(a,) from t", "the query is not Spark SQL: a value is missing here", ")"),
            ("select a from t where a in (,1)", "the query is not Spark SQL: a value is missing here", ","),
            ("select a from t group by", "the query is not Spark SQL: 'BY' is not expected here", "by"),
            ("select 'abc", "the text that starts here has no end", "'"),
            ('select a, "abc from t', "the text that starts here has no end", '"'),
            ("select `abc from t", "the name that starts here has no end", "`"),
            ("select a /* abc", "the comment that starts here has no end", "/*"),
            ("select 'it\\'s', 'abc", "the text that starts here has no end", "'"),
            ("select 1; select 2", "this is not one select", "select 1; select 2"),
            ("insert into t select 1", "this is not one select", "insert into t select 1"),
        ],
    )
    def test_is_placed(self, tables: EngineSession, query: str, message: str, place: str) -> None:
        with pytest.raises(SyntaxProblem) as raised:
            tables.sql(query)
        assert (raised.value.message, spot(raised.value)) == (message, place)

    @pytest.mark.parametrize(
        ("query", "message", "place"),
        [
            ("select upper() from t", "upper needs arguments", "upper"),
            ("select upper('a', f(2), 'b') from t", "upper takes 1 argument, not 3", "upper"),
        ],
    )
    def test_the_number_of_arguments(self, tables: EngineSession, query: str, message: str, place: str) -> None:
        with pytest.raises(SqlProblem) as raised:
            tables.sql(query)
        assert (raised.value.message, spot(raised.value)) == (message, place)

    def test_after_a_variable(self, tables: EngineSession) -> None:
        script = "select ${columns}\nfrom t whre a = 1 and"
        raw = Text.literal(script, Span(Source("script", script), 0, len(script)))
        with pytest.raises(SyntaxProblem) as raised:
            tables.engine.sql(fill_text(raw, {"columns": "a, a, a, a, a,\n a"}))
        assert spot(raised.value) == "a"
        assert raised.value.span is not None
        assert raised.value.span.source.position(raised.value.span.start)[0] == 2


@pytest.mark.parametrize(
    ("query", "field", "place"),
    [
        ("select v.values from w", "values", "values"),
        ("select v.type from w", "type", "type"),
        ("select w.v.size from w", "size", "size"),
        ("select v.__type from w", "__type", "__type"),
        ("select v['__values'] from w", "__values", "'__values'"),
        ("select v from w order by v.__size", "__size", "__size"),
        ("select s.v.indices from (select struct(v) as s from w)", "indices", "indices"),
        ("select v.other from w", "other", "other"),
        ("select 1 as __type", "__type", "__type"),
    ],
)
def test_the_fields_of_a_vector_cannot_be_reached(
    tables: EngineSession, query: str, field: str, place: str
) -> None:
    tables.sql("select vec_dense(array(1.0)) as v", "w")
    with pytest.raises(SqlProblem) as raised:
        tables.sql(query)
    assert raised.value.message == f"a vector has no field '{field}' that a query could reach"
    assert raised.value.hint == "use the functions: vec_array(v) gives its values, vec_size(v) its size"
    assert spot(raised.value) == place
