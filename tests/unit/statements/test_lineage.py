"""Which statements a session remembers of a table."""

from __future__ import annotations

from mlsql_engine.core.span import Source, Span
from mlsql_engine.language.ast import Statement
from mlsql_engine.statements.lineage import Lineage


def statement(text: str) -> Statement:
    return Statement(Span(Source("test", text), 0, len(text)))


def test_the_statements_that_made_a_table_inputs_first_each_once() -> None:
    lineage = Lineage()
    lineage.made("raw", statement("load csv.`x` as raw;"), (), {})
    lineage.made("A", statement("select 1 from raw as A"), ("raw",), {})
    lineage.made("b", statement("select * from a, raw as b;"), ("a", "RAW", "unknown"), {})
    assert lineage.script("B", {}) == "load csv.`x` as raw;\nselect 1 from raw as A;\nselect * from a, raw as b;"
    assert lineage.script("nothing", {}) == ""


def test_a_table_made_of_itself_keeps_both_statements() -> None:
    lineage = Lineage()
    lineage.made("t", statement("load x.`y` as t;"), (), {})
    lineage.made("t", statement("select * from t as t;"), ("t",), {})
    assert lineage.script("t", {}) == "load x.`y` as t;\nselect * from t as t;"


def test_variables_have_their_values_and_secrets_none() -> None:
    lineage = Lineage()
    text = 'load jdbc.`${where}.t` where password="${pass}" and token="abc" as t; -- ${comment}'
    values = {"where": "shop", "pass": "p4ss"}
    lineage.made("t", statement(text), (), values)
    assert lineage.script("t", values) == (
        'load jdbc.`shop.t` where password="***" and token="***" as t; -- ${comment};'
    )


def test_the_value_of_a_secret_under_another_name() -> None:
    lineage = Lineage()
    values = {"dbPassword": "p4ssw0rd", "copy": "p4ssw0rd", "address": "host=h password=p4ssw0rd", "pwd": "t"}
    lineage.made("t", statement("select '${copy}' as a, '${address}' as b, 'p4ssw0rd' as c as t;"), (), values)
    assert lineage.script("t", values) == "select '***' as a, 'host=h password=***' as b, '***' as c as t;"


def test_a_long_chain_is_no_recursion() -> None:
    lineage = Lineage()
    for number in range(5_000):
        lineage.made(f"t{number}", statement(f"select {number} as t{number};"), (f"t{number - 1}",), {})
    assert len(lineage.script("t4999", {}).split("\n")) == 5_000
