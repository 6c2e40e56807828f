"""Which Python a script runs on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text
from mlsql_engine.environments import interpreters


def written(value: str) -> Text:
    source = Source("s", f'"{value}"')
    return Text.literal(value, Span(source, 0, len(value) + 2), 1, quoted=True)


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An interpreter `python9` in the only folder of PATH, in which there is also a file that cannot be run."""
    folder = tmp_path / "bin"
    folder.mkdir()
    path = folder / "python9"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    (folder / "notes").write_text("")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return path


@pytest.mark.parametrize("value", [None, "", "python"])
def test_none_and_python_mean_the_one_that_runs_mlsql(value: str | None) -> None:
    assert interpreters.resolve(None if value is None else written(value), Path.cwd()) == sys.executable


@pytest.mark.parametrize(
    "value", ["python9", "~/bin/python9", "bin/python9", "./bin/python9", "bin/../bin/python9"]
)
def test_names_are_looked_up_and_paths_taken(python: Path, value: str) -> None:
    assert interpreters.resolve(written(value), Path.cwd()) == str(python)
    assert interpreters.trained_with(value) == str(python)


def test_a_relative_path_starts_from_the_folder(python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert interpreters.resolve(written("bin/python9"), python.parent.parent) == str(python)


def test_an_absolute_path(python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert interpreters.resolve(written(str(python)), Path.cwd()) == str(python)


def test_a_link_stays_a_link(python: Path) -> None:
    # A virtual environment's python is a link: what it points to does not know the environment.
    link = python.with_name("venv-python")
    os.symlink(python, link)
    assert interpreters.resolve(written("venv-python"), Path.cwd()) == str(link)


@pytest.mark.parametrize(
    "value", ["python8", "bin/python8", "notes", "bin/notes", "bin", "/", "~nobody-here/python"]
)
def test_what_cannot_be_run(python: Path, value: str) -> None:
    with pytest.raises(MlsqlError) as caught:
        interpreters.resolve(written(value), Path.cwd())
    error = caught.value
    assert (error.code, error.message) == ("UNKNOWN_INTERPRETER", f"there is no Python interpreter '{value}'")
    assert error.hint == "give a path, a name that is on PATH, or 'python' for the one that runs mlsql"
    assert error.span is not None
    assert error.span.text == f'"{value}"'


def test_the_interpreter_of_a_model() -> None:
    assert interpreters.trained_with("python") == os.path.abspath(sys.executable)


def test_the_interpreter_of_a_model_is_gone(python: Path) -> None:
    with pytest.raises(MlsqlError) as caught:
        interpreters.trained_with("python8")
    assert caught.value.render() == (
        "error[UNKNOWN_INTERPRETER]: the model was trained with the interpreter 'python8', which is not here\n"
        "  = help: name another by systemParam.pythonPath"
    )


@pytest.mark.parametrize(
    ("wanted", "actual", "does"),
    [
        ("3", "3.11.7", True),
        ("3.11", "3.11.7", True),
        ("3.11.7", "3.11.7", True),
        (" 3.11 ", "3.11.7", True),
        ("3.1", "3.11.7", False),
        ("3.11.70", "3.11.7", False),
        ("2.7", "3.11.7", False),
        ("3.11.7.1", "3.11.7", False),
        ("", "3.11.7", False),
        ("3.13", "3.13.0rc1", True),
    ],
)
def test_versions_are_compared_part_by_part(wanted: str, actual: str, does: bool) -> None:
    assert interpreters.matches(wanted, actual) is does
