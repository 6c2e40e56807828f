"""Variables: how long they stay, what kind they are, what comes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine import Settings
from recorded import RecordedProgress
from unit.statements.scripts import Scripts


def test_a_variable_of_the_session_stays(scripts: Scripts) -> None:
    scripts.run("set a = '1'; set b = '2' where scope='session';")
    assert scripts.run("select '${a}' as a, '${b}' as b as t;") == [{"a": "1", "b": "2"}]


def test_a_variable_of_a_request_goes(scripts: Scripts) -> None:
    scripts.run("set a = 'kept';")
    assert scripts.value("set a = 'own' where scope='request'; select '${a}' as a as t;") == "own"
    assert scripts.value("select '${a}' as a as t;") == "kept"
    scripts.run("set only = 'x' where scope='request';")
    assert scripts.fails("!println '${only}';").code == "UNKNOWN_VARIABLE"


def test_the_callers_value_is_that_runs_own(scripts: Scripts) -> None:
    assert scripts.value("select '${a}' as a as t;", a="given") == "given"
    assert scripts.fails("!println '${a}';").code == "UNKNOWN_VARIABLE"
    assert scripts.value("set a = 'set'; select '${a}' as a as t;", a="given") == "set"


@pytest.mark.parametrize(
    ("before", "given", "found"),
    [("", {}, "default"), ("", {"a": "given"}, "given"), ("set a = 'set';", {}, "set"), ("", {"a": ""}, "")],
)
def test_a_default_gives_way(scripts: Scripts, before: str, given: dict[str, str], found: str) -> None:
    script = f"{before} set a = 'default' where type='defaultParam'; select '${{a}}' as a as t;"
    assert scripts.value(script, **given) == found


def test_a_default_of_the_connections_variables(tmp_path: Path) -> None:
    with Scripts(tmp_path, a="given") as scripts:
        assert scripts.value("set a = 'x' where type='defaultParam'; select '${a}' as a as t;") == "given"


def test_compile_time_comes_before_everything(scripts: Scripts) -> None:
    script = (
        "select '${a} ${b}' as x as t; set a = '1' where mode='compile'; set b = '${a}2' where mode='COMPILE';"
        " set a = 'late';"
    )
    assert scripts.value(script) == "1 12"
    assert scripts.value("select '${a}' as a as t;") == "late"


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("select 1.50", "1.50"),
        ("select true", "true"),
        ("select 2.0D", "2.0"),
        ("select date'2026-01-02'", "2026-01-02"),
        ("select 'a b'", "a b"),
        ("select a, 'not this' from values (1), (2) as v(a) order by a desc", "2"),
    ],
)
def test_the_value_of_a_query(scripts: Scripts, query: str, text: str) -> None:
    assert scripts.value(f"set a = `{query}` where type='sql'; select '${{a}}' as a as t;") == text


def test_a_query_may_read_system_tables(scripts: Scripts) -> None:
    script = "set n = `select count(*) from system.jobs` where type='sql'; select '${n}' as n as t;"
    assert scripts.value(script) == "1"


def test_the_shell_is_in_the_scripts_folder(scripts: Scripts, tmp_path: Path) -> None:
    (tmp_path / "here").touch()
    assert scripts.value("set a = 'ls' where type='shell'; select '${a}' as a as t;") == "here"


def test_the_shell_gets_no_input_and_gives_only_standard_output(scripts: Scripts) -> None:
    script = "set a = 'cat; echo out; echo err 1>&2' where type='shell'; select '${a}' as a as t;"
    assert scripts.value(script) == "out"


def test_the_shell_can_be_turned_off(tmp_path: Path) -> None:
    with Scripts(tmp_path, settings=Settings(shell=False)) as scripts:
        error = scripts.fails("set a = 'touch made' where type='shell';")
    assert (error.code, error.message) == ("NOT_ALLOWED", "commands of the shell are not run here")
    assert list(tmp_path.iterdir()) == []


def test_a_setting_is_no_variable(scripts: Scripts, progress: RecordedProgress) -> None:
    scripts.run("set mlsql.threads = '1' where type='conf'; set spark.executor.memory = '1g' where type='conf';")
    assert progress.warnings == [
        ("NO_SETTING", "spark.executor.memory means nothing to the engine duckdb, and is passed over")
    ]
    assert scripts.run("!show variables;") == []


def test_a_time_zone_holds_for_later_scripts(scripts: Scripts) -> None:
    scripts.run("set spark.sql.session.timeZone = 'Asia/Shanghai' where type='conf';")
    assert scripts.value("select from_unixtime(0) as a as t;") == "1970-01-01 08:00:00"


def test_a_name_may_have_dots_and_be_made_of_a_variable(scripts: Scripts) -> None:
    script = "set n = 'x'; set a.b = '1'; set ${n}_y = '2'; set `c d` = '3'; select '${a.b}${x_y}${c d}' as a as t;"
    assert scripts.value(script) == "123"
