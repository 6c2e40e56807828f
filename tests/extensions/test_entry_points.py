"""The package of docs/extending.md, as pip would install it: a folder on sys.path, entry points beside it."""

from __future__ import annotations

import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine import MlsqlError, Session, connect
from mlsql_engine.core.progress import SilentProgress
from mlsql_engine.core.span import Source
from mlsql_engine.session import check

PAGE = Path(__file__).parent.parent.parent / "docs" / "extending.md"


def blocks() -> dict[str, str]:
    """The page's blocks of code by the file's name that each begins with."""
    found = re.findall(r"^```\w+\n# (\S+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return dict(found)


def install(folder: Path, name: str, entry_points: dict[str, dict[str, str]]) -> None:
    """The metadata that an installed package has."""
    metadata = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [
        line
        for group, entries in entry_points.items()
        for line in (f"[{group}]", *(f"{key} = {value}" for key, value in entries.items()))
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that the package is installed in."""
    folder = tmp_path / "installed"
    files = blocks()
    project = tomllib.loads(files.pop("pyproject.toml"))["project"]
    install(folder, project["name"], project["entry-points"])
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.syspath_prepend(folder)
    importlib.invalidate_caches()
    yield folder
    for module in [name for name in sys.modules if name.startswith("mlsql_greetings")]:
        del sys.modules[module]


@pytest.fixture
def session(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("title\nfirst\nsecond\n")
    with connect(progress=SilentProgress()) as session:
        session.run("select 'Ann' as name, 30 as age union all select 'Bob', 40 as people;")
        yield session


def rows(session: Session, script: str) -> list[dict[str, Any]]:
    table = session.run(script)
    assert table is not None
    found: list[dict[str, Any]] = table.to_arrow().to_pylist()
    return found


def error(session: Session, script: str) -> str:
    with pytest.raises(MlsqlError) as caught:
        session.run(script)
    return caught.value.render()


def test_the_statement(session: Session) -> None:
    script = (
        'set who = "people"; greet ${who} where hello="Good morning" as greetings; select * from greetings as g;'
    )
    assert rows(session, script) == [{"greeting": "Good morning, Ann"}, {"greeting": "Good morning, Bob"}]
    assert rows(session, "Greet people;") == [{"greeting": "Hello, Ann"}, {"greeting": "Hello, Bob"}]


def test_the_format(session: Session) -> None:
    assert rows(session, "load LINES.`notes.txt` where skip='1' as notes;") == [
        {"line": "first"},
        {"line": "second"},
    ]


def test_the_algorithm(session: Session) -> None:
    trained = rows(session, "train people as Mean.`model` where column='age';")
    assert [(row["alg"], row["status"]) for row in trained] == [("Mean", "success")]
    assert rows(session, "register mean.`model` as typical; select typical(age) as t from people as p;") == [
        {"t": 35.0},
        {"t": 35.0},
    ]
    assert [row["prediction"] for row in rows(session, "predict people as Mean.`model` as p;")] == [35.0, 35.0]
    assert rows(session, "select distinct algorithm from system.models as m;") == [{"algorithm": "Mean"}]


def test_the_command(session: Session) -> None:
    assert rows(session, "!count people; !lastCommand named c; select rows + 1 as more from c as d;") == [
        {"more": 3}
    ]
    assert error(session, "!count;").splitlines()[-1] == "  = help: its form is: !count table;"


def test_what_show_tells(session: Session) -> None:
    assert {"name": "lines", "load": True, "save": False, "connect": False} in rows(session, "!show sources;")
    assert {"name": "Mean", "description": "The mean of a column."} in rows(session, "!show algorithms;")
    assert {"name": "count", "form": "!count table;"} in rows(session, "!show commands;")
    assert rows(session, "!show sources lines;") == [
        {
            "statement": "load",
            "option": "skip",
            "type": "a whole number",
            "default": "0",
            "meaning": "how many lines at the beginning are left out",
        }
    ]


@pytest.mark.parametrize(
    ("script", "problem", "hint"),
    [
        ("gret people;", "no statement starts with 'gret'", "did you mean 'greet'?"),
        ("load liness.`notes.txt` as n;", "there is no format 'liness'", "did you mean 'lines'?"),
        ("train people as Maen.`m` where column='age';", "there is no algorithm 'Maen'", "did you mean 'Mean'?"),
        ("!cuont people;", "there is no command 'cuont'", "did you mean 'count'?"),
        ("greet people where helo='x';", "'helo' is not an option of greet", "did you mean 'hello'?"),
        (
            "load lines.`notes.txt` where skp='1' as n;",
            "'skp' is not an option of load lines",
            "did you mean 'skip'?",
        ),
        ("greet poeple;", "there is no table 'poeple'", "did you mean 'people'?"),
        ("save people as lines.`out`;", "lines cannot be saved", "formats that can: csv, "),
        ("load lines.`none.txt` as n;", "none.txt cannot be read: No such file or directory", ""),
        (
            "train people as Mean.`m`;",
            "train Mean needs the option 'column'",
            "column: the column whose mean is the",
        ),
    ],
)
def test_errors_are_those_of_the_house(session: Session, script: str, problem: str, hint: str) -> None:
    text = error(session, script)
    assert problem in text.splitlines()[0]
    assert hint in text.splitlines()[-1]


def test_check_knows_the_package(package: Path, tmp_path: Path) -> None:
    script = (
        "select 1 as name as people;\ngreet people as g;\nselect * from g as h;\n"
        "greet people where helo='x' as i;\nselect * from i as j;\n!count nobody;\nload lines.`none.txt` as n;\n"
    )
    problems = check(Source("s", script, tmp_path))
    assert [(problem.code, problem.span and problem.span.text) for problem in problems] == [
        ("UNKNOWN_OPTION", "helo"),
        ("UNKNOWN_TABLE", "nobody"),
        ("FILE_NOT_FOUND", "`none.txt`"),
    ]


def test_without_the_package_there_is_no_such_statement(tmp_path: Path) -> None:
    with connect(progress=SilentProgress()) as session:
        assert error(session, "greet people;").startswith("error[SYNTAX]: no statement starts with 'greet'\n")


def test_two_packages_of_one_name(session: Session, package: Path) -> None:
    install(package, "mlsql-other", {"mlsql.sources": {"Lines": "mlsql_other:Lines", "csv": "mlsql_other:Csv"}})
    with connect(progress=SilentProgress()) as other:
        assert error(other, "load lines.`notes.txt` as notes;") == "\n".join(
            [
                "error[DUPLICATE_NAME]: there are 2 formats called 'lines'",
                " --> <script>:1:6",
                "  |",
                "1 | load lines.`notes.txt` as notes;",
                "  |      ^^^^^",
                "  = help: uninstall all but one of: mlsql-greetings (mlsql_greetings.source:Lines), "
                "mlsql-other (mlsql_other:Lines)",
            ]
        )
        # Ours is not replaced, and not in doubt either.
        assert rows(other, "load csv.`notes.txt` as notes; select count(*) as n from notes as m;") == [{"n": 3}]


def test_a_package_that_cannot_be_imported(session: Session, package: Path) -> None:
    (package / "mlsql_broken.py").write_text("import nothing_of_this_name\n")
    install(package, "mlsql-broken", {"mlsql.commands": {"break": "mlsql_broken:command"}})
    with connect(progress=SilentProgress()) as other:
        assert error(other, "!break it;") == "\n".join(
            [
                "error[BROKEN_PACKAGE]: the command 'break' cannot be made: ModuleNotFoundError: "
                "No module named 'nothing_of_this_name'",
                " --> <script>:1:2",
                "  |",
                "1 | !break it;",
                "  |  ^^^^^",
                "  = help: it is offered by mlsql-broken (mlsql_broken:command)",
            ]
        )
