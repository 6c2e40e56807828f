"""Deep, long and wide queries: each is translated, or is an error that says so, whatever the form."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.engines.dialect import translate
from mlsql_engine.engines.query_limits import DEEPEST, DOUBLING, HIGHEST
from unit.engines.duckdb.sessions import EngineSession, text

TOO_DEEP = "the query is too deeply nested"
HINT = "cut it into several selects, each of them a table that the next one reads"

NESTED: dict[str, Callable[[int], str]] = {
    "brackets": lambda n: f"select {'(' * n}1{')' * n} as x",
    "selects": lambda n: f"select a from {'(select a from ' * n}t{')' * n}",
    "scalar subqueries": lambda n: f"select {'(select ' * n}1{')' * n} as x",
    "a bracket in a bracket, ending outside": lambda n: f"select {'(a + ' * n}1{')' * n} as x from t",
    "case in then": lambda n: f"select {'case when a > 1 then ' * n}1{' else 2 end' * n} as x from t",
    "case in else": lambda n: f"select {'case when a > 1 then 1 else ' * n}1{' end' * n} as x from t",
    "calls": lambda n: f"select {'abs(' * n}1{')' * n} as x",
    "calls without a name": lambda n: f"select {'abs(' * n}1{')' * n}",
    "if": lambda n: f"select {'if(a > 1, 1, ' * n}1{')' * n} as x from t",
    "casts": lambda n: f"select {'cast(' * n}a{' as int)' * n} as x from t",
    "casts to double": lambda n: f"select {'cast(' * n}a{' as double)' * n} as x from t",
    "not": lambda n: f"select {'not ' * n}true as x",
    "minus": lambda n: f"select {'- ' * n}1 as x",
    "signs in turn": lambda n: f"select {'- ~ ' * (n // 2)}1 as x",
    "lambdas in brackets": lambda n: f"select {'f((x, y) -> ' * n}1{')' * n} as x",
    "types": lambda n: f"select cast(null as {'array<' * n}int{'>' * n}) as x",
    "subscripts": lambda n: f"select l{'[0]' * n} as x from t",
    "subscripts in each other": lambda n: f"select {'l[' * n}0{']' * n} as x from t",
    "a union in a union": lambda n: f"select 1 as a{' union all (select 1 as a' * n}{')' * n}",
    "joins in brackets": lambda n: f"select 1 as a from {'(t join ' * n}t{' on true)' * n}",
    "in": lambda n: f"select a from t where {'a in (' * n}1{')' * n}",
    "exists": lambda n: f"select a from t where {'exists (select 1 from t where ' * n}true{')' * n}",
}


@pytest.mark.parametrize("form", NESTED)
@pytest.mark.parametrize("deep", [1_000, 5_000])
def test_too_deep(form: str, deep: int) -> None:
    with pytest.raises(MlsqlError) as raised:
        translate(text(NESTED[form](deep)), {"t": "t"}, {})
    error = raised.value
    assert (error.message, error.code, error.hint) == (TOO_DEEP, "UNSUPPORTED", HINT)
    assert error.span is not None


@pytest.mark.parametrize("form", NESTED)
def test_as_deep_as_may_be(form: str) -> None:
    assert translate(text(NESTED[form](DEEPEST // 2)), {"t": "t"}, {}).sql


def test_the_place_is_where_it_is_too_deep() -> None:
    query = text(NESTED["brackets"](DEEPEST + 1))
    with pytest.raises(MlsqlError) as raised:
        translate(query, {}, {})
    assert raised.value.span == query.place(len("select ") + DEEPEST, len("select ") + DEEPEST + 1)


CHAINS: dict[str, tuple[str, str]] = {
    "sum": ("select {} as x from t", " + "),
    "sum without a name": ("select {} from t", " + "),
    "concatenation": ("select {} as x from t", " || "),
    "sums and differences": ("select {} as x from t", " - a + "),
    "path": ("select t.{} as x from t", "."),
    "lambdas": ("select f({}) as x from t", " -> "),
}


@pytest.mark.parametrize("form", CHAINS)
def test_a_chain_that_duckdb_could_not_bind(form: str) -> None:
    query, operator = CHAINS[form]
    with pytest.raises(MlsqlError, match=TOO_DEEP):
        translate(text(query.format(operator.join(["a"] * 10_000))), {"t": "t"}, {})
    assert translate(text(query.format(operator.join(["a"] * (DEEPEST // 2)))), {"t": "t"}, {}).sql


def test_a_long_sum_is_named_like_a_short_one() -> None:
    terms = HIGHEST - 10
    sql = translate(text(f"select {'+'.join('a' * terms)} from t"), {"t": "t"}, {}).sql
    assert sql.endswith(f'AS "{"(" * (terms - 1)}a{" + a)" * (terms - 1)}" FROM "t" AS "t"')


def test_casts_of_casts() -> None:
    def sql(query: str) -> str:
        return translate(text(query), {"t": "t"}, {}).sql

    once = sql("select cast(a as int) as x from t")
    assert len(sql(f"select a{'::int' * 100} as x from t")) < len(once) + 100 * len("TRY_CAST( AS INT)")
    with pytest.raises(MlsqlError, match=TOO_DEEP):
        sql(f"select {'cast(1 + ' * 30}a{' as int)' * 30} as x from t")


class TestWhatTheParserTriesInTwoWays:
    """Each of these took it twice the time of the next: hours for thirty."""

    @pytest.mark.parametrize("name", ["struct", "int", "date", "timestamp", "string", "double", "map"])
    def test_calls_with_names_of_types(self, name: str) -> None:
        query = (
            f"select {f'{name}(1, ' * 40}1{')' * 40} as x"
            if name == "map"
            else f"select {f'{name}(' * 40}1{')' * 40} as x"
        )
        assert _sql_or_error(query) == "sql"

    def test_types_in_types_are_not_among_them(self) -> None:
        inside = f"cast(null as {'array<' * 20}int{'>' * 20})"
        assert _sql_or_error(f"select {'(' * 20}{inside}{')' * 20} as x") == "sql"

    def test_types_with_sizes(self) -> None:
        assert _sql_or_error(f"select {'decimal(1, ' * 40}1{')' * 40} as x") == TOO_DEEP

    @pytest.mark.parametrize("opening", ["array[", "int["])
    def test_subscripts_of_types(self, opening: str) -> None:
        assert _sql_or_error(f"select {opening * 40}1{']' * 40} as x") == TOO_DEEP

    def test_functions_whose_argument_is_copied(self) -> None:
        assert _sql_or_error(f"select {'posexplode(' * 40}1{')' * 40} as x") == TOO_DEEP

    def test_struct_of_struct(self, session: EngineSession) -> None:
        assert session.rows("select struct(struct(1 as a) as b) as x") == [({"b": {"a": 1}},)]
        assert session.rows("select cast(null as array<decimal(10, 2)>) as x") == [(None,)]

    @pytest.mark.parametrize("kind", ["join", "left join", "inner join", "full outer join"])
    def test_joins_without_conditions(self, kind: str) -> None:
        with pytest.raises(MlsqlError, match="30 joins have no condition") as raised:
            translate(text(f"select 1 as x from t{f' {kind} t' * 30}"), {"t": "t"}, {})
        assert raised.value.code == "UNSUPPORTED"
        assert raised.value.hint == f"write 'cross join' where none is meant; {DOUBLING} may do without"

    @pytest.mark.parametrize(
        "joins",
        [
            " join t" * DOUBLING,
            " cross join t" * 300,
            " join t on true" * 300,
            " left join t using (a)" * 300,
            " join t" * 40 + " on true" * 40,
            " natural left join t" * 300,
            " join (select 1 as a from t join t) x on true" * 30,
        ],
    )
    def test_other_joins(self, joins: str) -> None:
        assert translate(text(f"select 1 as x from t{joins}"), {"t": "t"}, {}).sql


def _sql_or_error(query: str) -> str:
    try:
        translate(text(query), {"t": "t"}, {})
    except MlsqlError as error:
        return error.message
    return "sql"


WIDE: dict[str, tuple[str, str, str]] = {
    "in": ("select a from t where a in ({})", "1", ", "),
    "and": ("select a from t where {}", "a > 0", " and "),
    "or": ("select a from t where {}", "a = 1", " or "),
    "columns": ("select {} from t", "a + 1 as x", ", "),
    "columns without names": ("select {} from t", "a", ", "),
    "unions": ("{}", "select a from t", " union all "),
    "values": ("select * from values {} as v(a, b)", "(1, 'x')", ", "),
    "order": ("select a from t order by {}", "a", ", "),
    "comments": ("select a from t {}", "/* a comment */", " "),
}


@pytest.mark.parametrize("form", WIDE)
def test_what_is_wide_is_not_deep(form: str) -> None:
    query, item, separator = WIDE[form]
    assert translate(text(query.format(separator.join([item] * 10_000))), {"t": "t"}, {}).sql


def test_many_common_table_expressions_in_a_row() -> None:
    steps = ", ".join(f"c{i} as (select a from {f'c{i - 1}' if i else 't'})" for i in range(3_000))
    assert translate(text(f"with {steps} select a from c2999"), {"t": "view"}, {}).tables == ("t",)


def test_a_string_of_ten_million_characters(session: EngineSession) -> None:
    assert session.rows(f"select length('{'x' * 10_000_000}') as n") == [(10_000_000,)]


@pytest.mark.parametrize("call", ["map(a)", "map(a, 1, 2)", "datediff(a)", "datediff(datediff(a))"])
def test_missing_arguments(call: str) -> None:
    """sqlglot's own exceptions for these say nothing."""
    outcome = _sql_or_error(f"select {call} as x from t")
    assert outcome in ("sql", "a function in this query does not have the arguments that it needs")


def test_a_thread_with_a_small_stack() -> None:
    """A stack that overflows in compiled code ends the process."""
    program = """
import threading
from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.engines.dialect import translate
from unit.engines.duckdb.sessions import text
from unit.engines.test_query_limits import NESTED, DEEPEST

def work():
    for query in NESTED.values():
        for deep in (DEEPEST - 5, 5000):
            try:
                translate(text(query(deep)), {"t": "t"}, {})
            except MlsqlError:
                pass
    print("done")

threading.stack_size(512 * 1024)
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env=_environment()
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr[-2000:]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
