"""The Pythons of the machine."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.environments import remembered
from mlsql_engine.environments.pythons import (
    Python,
    check_runnable,
    fits,
    fitting,
    installed,
    named,
    own,
    search_path,
)
from mlsql_engine.environments.wanted import Wanted

OWN = platform.python_version()


@pytest.fixture
def nowhere(tmp_path: Path) -> dict[str, str]:
    """Variables by which no Python is found."""
    return {"PATH": str(tmp_path / "nothing"), "PYENV_ROOT": str(tmp_path / "pyenv"), "HOME": str(tmp_path)}


def test_our_own_is_not_the_environment_that_runs_it() -> None:
    python = own()
    assert python.version == OWN
    assert python.path == Path(os.path.realpath(sys.executable))
    assert str(python) == f"{OWN} ({python.path})"
    assert str(Python(Path("/p"), "3.9.1", "PyPy")) == "PyPy 3.9.1 (/p)"


@pytest.mark.parametrize("specifier", ["", f"=={OWN}", ">=3.9"])
def test_our_own_is_taken_where_it_fits(tmp_path: Path, nowhere: dict[str, str], specifier: str) -> None:
    assert fitting(Wanted(python=specifier), nowhere, tmp_path / "cache") == own()


def test_a_version_that_is_not_here(tmp_path: Path, nowhere: dict[str, str]) -> None:
    with pytest.raises(MlsqlError) as caught:
        fitting(Wanted(python="==3.39.*", source="/p/conda.yaml"), nowhere, tmp_path / "cache")
    assert caught.value.render() == (
        f"error[NO_PYTHON]: /p/conda.yaml wants Python ==3.39.*, which is not on this machine; here are {own()}\n"
        "  = help: install it, by pyenv or uv, or run the project on one that is there: "
        'systemParam.envManager="local"'
    )


def test_a_version_that_no_worker_runs_on(tmp_path: Path, nowhere: dict[str, str]) -> None:
    with pytest.raises(MlsqlError) as caught:
        fitting(Wanted(python="<3.9", source="/p/conda.yaml"), nowhere, tmp_path / "cache")
    assert caught.value.render() == (
        "error[NO_PYTHON]: /p/conda.yaml wants Python <3.9, and mlsql runs scripts on Python 3.9 or newer; "
        f"here are {own()}\n"
        '  = help: have it want a newer one, or run it on the Python that is there: systemParam.envManager="local"'
    )
    check_runnable(Wanted())
    check_runnable(Wanted(python="==3.12.*"))


def test_what_pyenv_has_is_looked_at_and_its_shims_are_not(tmp_path: Path, nowhere: dict[str, str]) -> None:
    for name in ("3.9.18", "3.12.1"):
        (tmp_path / "pyenv" / "versions" / name / "bin").mkdir(parents=True)
    variables = {**nowhere, "PATH": f"/a:{tmp_path}/pyenv/shims:/b"}
    versions = f"{tmp_path}/pyenv/versions"
    assert search_path(variables) == f"/a:/b:{versions}/3.12.1/bin:{versions}/3.9.18/bin"


def test_one_that_pyenv_has_is_found(tmp_path: Path, nowhere: dict[str, str]) -> None:
    folder = tmp_path / "pyenv" / "versions" / "x" / "bin"
    folder.mkdir(parents=True)
    (folder / "python3").symlink_to(own().path)
    assert installed(nowhere, tmp_path / "cache") == [own()]


def test_an_interpreter_that_is_named(tmp_path: Path) -> None:
    assert named(sys.executable, Wanted(), tmp_path) == own()
    with pytest.raises(MlsqlError) as caught:
        named(str(tmp_path / "none"), Wanted(), tmp_path)
    assert caught.value.render() == f"error[UNKNOWN_INTERPRETER]: {tmp_path}/none is no Python interpreter"
    with pytest.raises(MlsqlError) as caught:
        named(sys.executable, Wanted(python="==3.39.*", source="/p/x.yaml"), tmp_path)
    assert caught.value.render() == (
        f"error[NO_PYTHON]: /p/x.yaml wants Python ==3.39.*, and {sys.executable} is {OWN}\n"
        '  = help: name another by systemParam.pythonPath, or take it as it is: systemParam.envManager="local"'
    )


@pytest.mark.parametrize(
    ("specifier", "version", "does"),
    [("==3.11.*", "3.11.7", True), ("==3.11.2", "3.11.7", False), (">=3.9,<3.12", "3.12.0", False)],
)
def test_fits(specifier: str, version: str, does: bool) -> None:
    assert fits(specifier, version) is does


def test_what_was_found_is_remembered_while_it_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "python"
    path.write_text("one")
    python = Python(path, "3.12.1", "CPython")
    assert remembered.recall(tmp_path / "cache", "question") is None
    remembered.remember(tmp_path / "cache", "question", python)
    assert remembered.recall(tmp_path / "cache", "question") == python
    assert remembered.recall(tmp_path / "cache", "other") is None
    path.write_text("another")
    assert remembered.recall(tmp_path / "cache", "question") is None
    path.unlink()
    assert remembered.recall(tmp_path / "cache", "question") is None


def test_what_cannot_be_remembered_is_found_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    remembered.remember(tmp_path / "file", "question", own())
    assert remembered.recall(tmp_path / "file", "question") is None
