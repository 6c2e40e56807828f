"""Names of unaliased columns, as Spark's golden files have them: sql-expression-schema.md, sql-tests/results."""

# ruff: noqa: E501
from __future__ import annotations

import pytest

from mlsql_engine.engines.spark_names import select_names
from unit.engines.duckdb.sessions import EngineSession


def names(query: str, own: tuple[str, ...] = ()) -> list[list[str | None]] | None:
    from sqlglot.dialects.spark import Spark

    return select_names(query, list(Spark().tokenize(query)), own)


NAMES = [
    ("count(*)", "count(1)"),
    ("-1", "-1"),
    ("- a", "(- a)"),
    ("-(a+1)", "(- (a + 1))"),
    ("a is not null", "(a IS NOT NULL)"),
    ("a is null", "(a IS NULL)"),
    ("a not in (1,2)", "(NOT (a IN (1, 2)))"),
    ("a in ('x',2)", "(a IN (x, 2))"),
    ("a in (select 1)", "(a IN (listquery()))"),
    ("a between 1 and 2", "between(a, 1, 2)"),
    ("a not between 1 and 2", "(NOT between(a, 1, 2))"),
    ("a like 'x%'", "a LIKE x%"),
    ("a not like 'x%'", "(NOT a LIKE x%)"),
    ("a like 'x' escape '/'", "a LIKE x ESCAPE '/'"),
    ("a ilike 'x'", "ilike(a, x)"),
    ("a rlike 'x'", "RLIKE(a, x)"),
    ("a is true", "(a <=> true)"),
    ("a is not true", "(NOT (a <=> true))"),
    ("a is distinct from b", "(NOT (a <=> b))"),
    ("a <> b", "(NOT (a = b))"),
    ("a != b", "(NOT (a = b))"),
    ("a == b", "(a = b)"),
    ("a <=> b", "(a <=> b)"),
    ("not a", "(NOT a)"),
    ("! a", "(NOT a)"),
    ("~a", "~a"),
    ("a div 2", "(a div 2)"),
    ("a % 2", "(a % 2)"),
    ("mod(a,2)", "mod(a, 2)"),
    ("a || b || 'c'", "concat(concat(a, b), c)"),
    ("cast(a as int)", "a"),
    ("cast(a+1 as int)", "CAST((a + 1) AS INT)"),
    ("cast('1' as int)", "CAST(1 AS INT)"),
    ("cast(a as string) || 'x'", "concat(CAST(a AS STRING), x)"),
    ("cast(a.b as int)", "CAST(a.b AS INT)"),
    ("cast(t.a as int)", "a"),
    ("try_cast('1' as int)", "TRY_CAST(1 AS INT)"),
    ("a::int", "a"),
    ("cast('1' as decimal(10,2))", "CAST(1 AS DECIMAL(10,2))"),
    ("cast(null as array<int>)", "CAST(NULL AS ARRAY<INT>)"),
    ("cast('1' as long)", "CAST(1 AS BIGINT)"),
    ("cast('1' as decimal)", "CAST(1 AS DECIMAL(10,0))"),
    ("int('1')", "1"),
    ("date('2020-01-01')", "2020-01-01"),
    ("date '2020-01-01'", "DATE '2020-01-01'"),
    ("case when a > 1 then 'x' else b end", "CASE WHEN (a > 1) THEN x ELSE b END"),
    ("case a when 1 then 'x' end", "CASE WHEN (a = 1) THEN x END"),
    ("if(a>1,'x',b)", "(IF((a > 1), x, b))"),
    ("t.a + 1", "(a + 1)"),
    ("s.f", "f"),
    ("s.f + 1", "(s.f + 1)"),
    ("t.s.f + 1", "(s.f + 1)"),
    ("t.s.f", "f"),
    ("a.b.c.d.e", "e"),
    ("f(x).y", "f(x).y"),
    ("a[0]", "a[0]"),
    ("a[0].f", "a[0].f"),
    ("m['k']", "m[k]"),
    ("split(x,'#')[0]", "split(x, #, -1)[0]"),
    ("split(x,'#',2)", "split(x, #, 2)"),
    ("predict(features)", "predict(features)"),
    ("PREDICT(struct(a, t.b))", "predict(struct(a, b))"),
    ("struct(a, b as c, 2)", "struct(a, b AS c, 2)"),
    ("named_struct('a',1)", "named_struct(a, 1)"),
    ("array(1,2)", "array(1, 2)"),
    ("map('a',1)", "map(a, 1)"),
    ("explode(array(1))", "col"),
    ("1L", "1"),
    ("1.5D", "1.5"),
    ("1.50", "1.50"),
    ("01.001", "1.001"),
    ("1e3", "1000.0"),
    ("1.5e-7", "1.5E-7"),
    ("2e10", "2.0E10"),
    ("0.5", "0.5"),
    ("true", "true"),
    ("null", "NULL"),
    ("'x'", "x"),
    ('"x"', "x"),
    ("count(distinct a, b)", "count(DISTINCT a, b)"),
    ("sum(distinct a)", "sum(DISTINCT a)"),
    ("sum(a) filter (where b > 1)", "sum(a) FILTER (WHERE (b > 1))"),
    (
        "row_number() over (partition by a order by b desc)",
        "row_number() OVER (PARTITION BY a ORDER BY b DESC NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
    ),
    (
        "rank() over (order by b)",
        "RANK() OVER (ORDER BY b ASC NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
    ),
    (
        "sum(a) over (partition by b)",
        "sum(a) OVER (PARTITION BY b ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
    ),
    (
        "sum(a) over (order by b)",
        "sum(a) OVER (ORDER BY b ASC NULLS FIRST RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
    ),
    (
        "sum(a) over (order by b nulls last rows between 1 preceding and 2 following)",
        "sum(a) OVER (ORDER BY b ASC NULLS LAST ROWS BETWEEN 1 PRECEDING AND 2 FOLLOWING)",
    ),
    (
        "sum(a) over (order by b rows 1 preceding)",
        "sum(a) OVER (ORDER BY b ASC NULLS FIRST ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
    ),
    (
        "count(a) over (order by b rows between unbounded preceding and current row)",
        "count(a) OVER (ORDER BY b ASC NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
    ),
    (
        "lag(b) over (partition by a order by b)",
        "lag(b, 1, NULL) OVER (PARTITION BY a ORDER BY b ASC NULLS FIRST ROWS BETWEEN -1 FOLLOWING AND -1 FOLLOWING)",
    ),
    (
        "lead(b,2) over (order by b)",
        "lead(b, 2, NULL) OVER (ORDER BY b ASC NULLS FIRST ROWS BETWEEN 2 FOLLOWING AND 2 FOLLOWING)",
    ),
    ("sum(a) over w", "sum(a) OVER (PARTITION BY b ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"),
    (
        "cume_dist() over (partition by a order by b)",
        "cume_dist() OVER (PARTITION BY a ORDER BY b ASC NULLS FIRST RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
    ),
    (
        "transform(array(1, 2, 3), x -> x + 1)",
        "transform(array(1, 2, 3), lambdafunction((namedlambdavariable() + 1), namedlambdavariable()))",
    ),
    (
        "exists(array(1, 2, 3), x -> x % 2 == 0)",
        "exists(array(1, 2, 3), lambdafunction(((namedlambdavariable() % 2) = 0), namedlambdavariable()))",
    ),
    (
        "filter(array(1, 2, 3), x -> x % 2 == 1)",
        "filter(array(1, 2, 3), lambdafunction(((namedlambdavariable() % 2) = 1), namedlambdavariable()))",
    ),
    (
        "map_filter(m, (k, v) -> k > v)",
        "map_filter(m, lambdafunction((namedlambdavariable() > namedlambdavariable()), namedlambdavariable(), namedlambdavariable()))",
    ),
    ("exists (select 1)", "exists()"),
    ("(select 1)", "scalarsubquery()"),
    ("sqrt(4)", "SQRT(4)"),
    ("ceil(-0.1)", "CEIL(-0.1)"),
    ("pow(2,3)", "pow(2, 3)"),
    ("power(2,3)", "POWER(2, 3)"),
    ("log(10,100)", "LOG(10, 100)"),
    ("ln(1)", "ln(1)"),
    ("locate('bar', x)", "locate(bar, x, 1)"),
    ("instr(x,'SQL')", "instr(x, SQL)"),
    ("substring('Spark SQL', 5)", "substring(Spark SQL, 5, 2147483647)"),
    ("substr(x, 1, 2)", "substr(x, 1, 2)"),
    ("regexp_replace('100-200', '(\\\\d+)', 'num')", "regexp_replace(100-200, (\\d+), num, 1)"),
    ("nvl(a, b)", "nvl(a, b)"),
    ("coalesce(NULL, 1)", "coalesce(NULL, 1)"),
    ("array_contains(arr, 2)", "array_contains(arr, 2)"),
    ("element_at(arr, 2)", "element_at(arr, 2)"),
    ("round(2.5)", "round(2.5, 0)"),
    ("round(2.5, 1)", "round(2.5, 1)"),
    ("date_add('2016-07-30', 1)", "date_add(2016-07-30, 1)"),
    ("datediff('2009-07-31', '2009-07-30')", "datediff(2009-07-31, 2009-07-30)"),
    ("year(d)", "year(d)"),
    ("extract(YEAR FROM d)", "extract(YEAR FROM d)"),
    ("current_date", "current_date()"),
    ("current_timestamp()", "current_timestamp()"),
    ("now()", "now()"),
    ("rand()", "rand()"),
    ("concat_ws(' ', a, b)", "concat_ws( , a, b)"),
    ("left('Spark SQL', 3)", "left(Spark SQL, 3)"),
    ("trim(a)", "trim(a)"),
    ("length(a)", "length(a)"),
    ("upper(a)", "upper(a)"),
    ("ucase(a)", "ucase(a)"),
    ("percentile(col, 0.3)", "percentile(col, 0.3, 1)"),
    ("collect_list(a)", "collect_list(a)"),
    ("array_agg(a)", "collect_list(a)"),
    ("first(a)", "first(a)"),
    ("max_by(x, y)", "max_by(x, y)"),
    ("stddev(a)", "stddev(a)"),
    ("approx_count_distinct(a)", "approx_count_distinct(a)"),
    ("isnull(a)", "(a IS NULL)"),
    ("isnan(cast('NaN' as double))", "isnan(CAST(NaN AS DOUBLE))"),
    ("a and b or c", "((a AND b) OR c)"),
    ("(a)", "a"),
    ("((a + 1))", "(a + 1)"),
    ("a + 1 * 2 - 3", "((a + (1 * 2)) - 3)"),
    ("a & b", "(a & b)"),
    ("to_date('2009-07-30 04:17:52')", "to_date(2009-07-30 04:17:52)"),
    ("from_unixtime(0, 'yyyy-MM-dd HH:mm:ss')", "from_unixtime(0, yyyy-MM-dd HH:mm:ss)"),
    ("from_json('{\"a\":1}', 'a INT')", 'from_json({"a":1}, a INT)'),
    ("vec_dense(array(1.0, 2.0))", "vec_dense(array(1.0, 2.0))"),
    ("sum(a)/count(*)", "(sum(a) / count(1))"),
    ("avg(cast(a as double))", "avg(CAST(a AS DOUBLE))"),
    ("interval 1 day", "INTERVAL '1' DAY"),
    ("position('b' in a)", "locate(b, a, 1)"),
    ("trim(both 'x' from a)", "TRIM(BOTH x FROM a)"),
]


@pytest.mark.parametrize(("expression", "name"), NAMES)
def test_name(expression: str, name: str) -> None:
    found = names(f"select {expression} from t window w as (partition by b)")
    assert found is not None
    assert found[0] == [name]


def test_names_with_an_alias_and_stars_are_left() -> None:
    assert names("select a as b, *, t.*, posexplode(x), a from t") == [[None, None, None, None, "a"]]


def test_every_select_in_sqlglots_order() -> None:
    query = "select x.n + 1 from (select count(*), a as n from t group by a) x where x.n in (select max(b) from u)"
    assert names(query) == [["(n + 1)"], ["count(1)", None], ["max(b)"]]


def test_what_stands_before_a_dot_is_a_source_or_a_struct() -> None:
    assert names("select t.a + u.b, s.f + 1 from t join v as u") == [["(a + b)", "(s.f + 1)"]]
    assert names("select a.x + 1 from t lateral view explode(y) a as x") == [["(x + 1)"]]
    query = "select (select max(t.a + u.b) from u) as m from t"
    assert names(query) == [[None], ["max((a + b))"]]


@pytest.mark.parametrize(
    "name", ["if", "split", "date", "sqrt", "round", "explode", "locate", "isnull", "log", "rank"]
)
def test_a_function_of_the_session_has_no_rule_of_spark(name: str) -> None:
    assert names(f"select {name}(a, b) from t", own=(name,)) == [[f"{name}(a, b)"]]
    assert names(f"select {name.upper()}(a) + 1 from t", own=(name,)) == [[f"({name}(a) + 1)"]]


def test_a_query_over_several_lines_and_with_comments() -> None:
    assert names("select -- the sum\n  sum( a )\n  + 1 /* one */\nfrom t") == [["(sum(a) + 1)"]]


def test_the_engine_gives_these_names(session: EngineSession) -> None:
    session.sql("select 1 as a, 'x#y' as b, named_struct('f', 2) as s, array(3) as l", "t")
    query = "select count(*), max(t.a), split(max(b), '#')[0], sum(s.f) + 1, explode(array(1)) from t group by a"
    assert session.columns(query) == ["count(1)", "max(a)", "split(max(b), #, -1)[0]", "(sum(s.f) + 1)", "col"]


def test_the_name_of_a_column_keeps_the_letters_of_the_query(session: EngineSession) -> None:
    session.sql("select 1 as a, named_struct('f', 2) as s", "t")
    assert session.columns("select A, s.F from t") == ["A", "F"]


def test_a_name_can_be_used_by_the_next_query(session: EngineSession) -> None:
    session.sql("select 1 as a union all select 2", "t")
    session.sql("select count(*), sum(a) from t", "u")
    assert session.rows("select `count(1)` + `sum(a)` as n from u") == [(5,)]


def test_order_by_and_having_still_mean_the_expression(session: EngineSession) -> None:
    session.sql("select 1 as a union all select 2 union all select 2", "t")
    query = "select a, count(*) from t group by a having count(*) > 0 order by count(*) desc"
    assert session.rows(query) == [(2, 2), (1, 1)]
