"""What a check knows and how it goes on; the rest is shown by the scripts in tests/scripts/check."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine import Settings
from mlsql_engine.core.span import Source
from mlsql_engine.session import check


def told(text: str, folder: Path = Path(), **variables: str) -> list[tuple[str, str]]:
    """The codes and the places of what is wrong."""
    problems = check(Source("s", text, folder.absolute()), variables=variables)
    return [(problem.code, "" if problem.span is None else problem.span.text) for problem in problems]


def test_nothing() -> None:
    assert told("") == []


@pytest.mark.parametrize(
    "broken",
    [
        "select count(* from t as made;",
        "create table made (a;",
        "slect 1 as made;",
        "set made = `select (` where type='sql';",
        "load cvs.`x.csv` as made;",
        "load csv.`x.csv` where heder='true' as made;",
        "train t as PythonAlgo.`m` as made;",
        "predict t as PythonAlgo.`m` as made;",
        "register PythonAlg.`m` as made;",
    ],
)
def test_what_a_wrong_statement_would_have_made_is_not_missed(broken: str) -> None:
    script = f"select 1 as a as t; {broken} "
    problems = told(script)
    assert problems
    if "register" in broken:
        use = "unregister made;"
    else:
        use = "!println '${made}';" if broken.startswith("set") else "select * from made as u;"
    assert told(script + use) == problems


def test_a_statement_that_cannot_be_read_hides_nothing_before_it() -> None:
    problems = told("select * from a as b; slect; select * from c as d;")
    assert problems == [("UNKNOWN_TABLE", "a"), ("SYNTAX", "slect")]


def test_every_problem_of_a_statement() -> None:
    options = "validateTable='none' and pythonScriptPath='no.py' and keepVersio='x'"
    script = f"train nobody as PythonAlg.`m` where {options};"
    assert told(script) == [
        ("UNKNOWN_TABLE", "nobody"),
        ("UNKNOWN_TABLE", "'none'"),
        ("FILE_NOT_FOUND", "'no.py'"),
        ("UNKNOWN_OPTION", "keepVersio"),
    ]


def test_several_tables_of_one_query() -> None:
    assert told("select * from a join b on a.x = b.x where x in (select x from c) as t;") == [
        ("UNKNOWN_TABLE", "a"),
        ("UNKNOWN_TABLE", "b"),
        ("UNKNOWN_TABLE", "c"),
    ]


def test_the_same_is_told_once() -> None:
    script = "!if '${x} > 0'; !elif '${y} > 0'; !fi; !if '1 > 0'; !println '${x}'; !else; !println '${x}'; !fi;"
    assert [place for _, place in told(script)] == ["${x}", "${y}", "${x}", "${x}"]


def test_values_from_outside(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    script = "load csv.`${name}.csv` as t;"
    assert told(script, tmp_path, name="a") == []
    assert told(script, tmp_path, name="b") == [("FILE_NOT_FOUND", "`${name}.csv`")]
    assert told(script, tmp_path) == [("UNKNOWN_VARIABLE", "${name}")]


def test_variables_of_branches_that_agree_are_known(tmp_path: Path) -> None:
    both = "!if '1 > 0'; set n = '{0}'; !else; set n = '{1}'; !fi; load csv.`${{n}}.csv` as t;"
    assert told(both.format("a", "a"), tmp_path) == [("FILE_NOT_FOUND", "`${n}.csv`")]
    assert told(both.format("a", "b"), tmp_path) == []
    assert told("set n = 'a'; !if '1 > 0'; set n = 'b'; !fi; load csv.`${n}.csv` as t;", tmp_path) == []


def test_a_default_that_was_given(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    script = "set n = 'b' where type='defaultParam'; load csv.`${n}.csv` as t;"
    assert told(script, tmp_path, n="a") == []
    assert told(script, tmp_path) == [("FILE_NOT_FOUND", "`${n}.csv`")]


def test_names_of_tables_in_any_case_and_of_variables_not() -> None:
    assert told("select 1 as a as MyTable; select * from mytable as t; !desc MYTABLE;") == []
    assert told("set a = '1'; !println '${A}';") == [("UNKNOWN_VARIABLE", "${A}")]


def test_what_the_shell_may_have_written(tmp_path: Path) -> None:
    script = "set x = './make.sh' where type='shell'; load csv.`made.csv` as t;"
    assert told(script, tmp_path) == []


def test_settings() -> None:
    source = Source("s", "set x = 'ls' where type='shell'; include http.`a.b/c`;")
    allowed = check(source, settings=Settings(shell=True, http_include=True))
    refused = check(source, settings=Settings(shell=False, http_include=False))
    assert allowed == []
    assert [problem.code for problem in refused] == ["NOT_ALLOWED", "NOT_ALLOWED"]


def test_an_include_goes_on_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.mlsql").write_text("set x = '1'; select * from none as a; slect;")
    script = "include file.`a.mlsql`; !println '${x}'; !println '${y}'; select * from b as c;"
    # The second script is broken: what it would have made is not known.
    assert told(script, tmp_path) == [("UNKNOWN_TABLE", "none"), ("SYNTAX", "slect")]


def test_an_include_in_a_branch(tmp_path: Path) -> None:
    (tmp_path / "a.mlsql").write_text("select 1 as a as made;")
    script = "!if '1 > 0'; include file.`a.mlsql`; !fi; select * from made as t; select * from other as u;"
    assert told(script, tmp_path) == [("UNKNOWN_TABLE", "other")]


def test_a_command_or_a_data_set_of_one_letter() -> None:
    assert told("run command as PythonAlg.`m` where pythonScriptPath='x';") == [("FILE_NOT_FOUND", "'x'")]


def test_nothing_is_run_or_made(tmp_path: Path) -> None:
    script = (
        "set x = 'touch made' where type='shell'; select 1 as a as t; save t as csv.`out`;"
        "run command as PythonAlg.`m` where pythonScriptPath='s.mlsql';"
    )
    (tmp_path / "s.mlsql").touch()
    assert told(script, tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["s.mlsql"]


def test_deep_includes(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"{number}.mlsql").write_text(f"include file.`{number + 1}.mlsql`;")
    (tmp_path / "60.mlsql").touch()
    assert told("include file.`11.mlsql`;", tmp_path) == []
    assert told("include file.`10.mlsql`;", tmp_path) == [("BAD_VALUE", "include file.`60.mlsql`")]
