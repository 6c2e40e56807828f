"""The !commands beyond what tests/scripts/good shows of them."""

from __future__ import annotations

import platform

import pytest

from mlsql_engine.core.version import __version__
from mlsql_engine.statements.commands.show import TOPICS
from recorded import RecordedProgress
from unit.statements.scripts import Scripts


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_topic_of_show(scripts: Scripts, topic: str) -> None:
    scripts.run("select 1 as a as t;")
    found = scripts.run(f"!show {topic.upper()};")
    empty = {"connections", "functions", "models", "variables", "workers"}
    assert bool(found) is (topic not in empty)


def test_the_version(scripts: Scripts) -> None:
    assert scripts.run("!show version;") == [
        {"name": "mlsql", "version": __version__},
        {"name": "engine", "version": "duckdb"},
        {"name": "python", "version": platform.python_version()},
    ]


def test_secrets_are_not_shown(scripts: Scripts) -> None:
    scripts.run("set dbPassword = 'x'; set AWS_SECRET = 'y'; set api_key = 'z'; set author = 'Ann';")
    assert {row["name"]: row["value"] for row in scripts.run("!show variables;", token="t")} == {
        "dbPassword": "***",
        "AWS_SECRET": "***",
        "api_key": "***",
        "token": "***",
        "author": "Ann",
    }


def test_println_fills_and_tells(scripts: Scripts, progress: RecordedProgress) -> None:
    scripts.run("""set name = "world"; !println "hello ${name}"; !println 'a'; !println '''two
lines'''; !println bare; !println `quoted`; !println "\\${name}";""")
    assert progress.notes == ["hello world", "a", "two\nlines", "bare", "quoted", "${name}"]


def test_println_leaves_the_last_table(scripts: Scripts) -> None:
    assert scripts.run("select 1 as a as t; !println 'x';") == [{"a": 1}]


def test_last_command_after_each_kind_of_statement(scripts: Scripts) -> None:
    scripts.run("select 1 as a as t; !lastCommand named u; set x = '1'; !lastCommand named v;")
    assert scripts.run("select u.a + v.a as b from u cross join v as w;") == [{"b": 2}]


def test_last_command_is_of_the_run(scripts: Scripts) -> None:
    scripts.run("!show tables;")
    error = scripts.fails("!lastCommand named t;")
    assert error.message == "no statement before this gave a table"


def test_an_assertion_reads_no_more_than_it_must_and_counts_all(scripts: Scripts) -> None:
    error = scripts.fails("select id from range(100000) as t; !assert t ''':id < 10''' \"few\";")
    assert error.message == "few (99,990 rows do not hold)"
    assert error.details[0].text.splitlines()[2:] == ["  10", "  11", "  12", "  13", "  14"]


def test_an_assertion_shows_what_a_table_shows(scripts: Scripts) -> None:
    script = (
        "select vec_dense(array(1.0)) as v, map('a', 1) as m, null as n, 'x' as s as t; !assert t ':n > 0' \"no\";"
    )
    (detail,) = scripts.fails(script).details
    assert detail.text.splitlines()[2] == '{"type":1,"values":[1.0]}  {"a":1}  NULL  x'


def test_an_assertion_with_columns_that_need_quotes(scripts: Scripts) -> None:
    scripts.run("select 1 as `a b`, 2 as c as `t u`; !assert `t u` '`a b` < :c and :C = 2' \"x\";")
    assert scripts.fails("!assert `t u` '`a b` > :c' \"x\";").message == "x (1 row does not hold)"


def test_cache_computes_now(scripts: Scripts) -> None:
    error = scripts.fails("select array_string_to_int(array('x')) as a as t; !println 'before'; !cache t;")
    assert error.message == "array_string_to_int: 'x' is not an integer"


def test_explain_tells_what_is_kept(scripts: Scripts) -> None:
    scripts.run("select id from range(3) as t;")
    before = [row["plan"] for row in scripts.run("!explain t;")]
    after = [row["plan"] for row in scripts.run("!cache t; !explain t;")]
    assert before != after
    assert all(isinstance(line, str) for line in after)


def test_profile_of_a_table_whose_name_needs_quotes(scripts: Scripts) -> None:
    (row,) = scripts.run("select 1 as `select` as `a table`; !profile `a table`;")
    assert (row["column"], row["count"], row["median"]) == ("select", 1, 1.0)


def test_profile_of_numbers_that_are_no_numbers(scripts: Scripts) -> None:
    (row,) = scripts.run("select explode(array(1.0D, double('inf'))) as x as t; !profile t;")
    assert (row["min"], row["count"], row["nulls"]) == ("1.0", 2, 0)
    assert row["mean"] == float("inf")


def test_profile_of_one_row_has_no_spread(scripts: Scripts) -> None:
    (row,) = scripts.run("select 5 as x as t; !profile t;")
    assert (row["mean"], row["stddev"], row["q25"], row["q75"]) == (5.0, None, 5.0, 5.0)


def test_desc_of_a_view_and_of_no_columns_known_beforehand(scripts: Scripts) -> None:
    script = "create view v as select 1 as a, null as b; !desc V;"
    assert [(row["col_name"], row["data_type"]) for row in scripts.run(script)] == [("a", "int"), ("b", "void")]
