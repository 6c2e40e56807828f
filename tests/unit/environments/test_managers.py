"""Which manager makes an environment."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.environments.by_uv import UvManager
from mlsql_engine.environments.managers import chosen
from mlsql_engine.environments.plan import Choice
from mlsql_engine.environments.wanted import Wanted
from recorded import RecordedProgress


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def progress() -> RecordedProgress:
    return RecordedProgress()


def test_uv_where_there_is_no_conda(tmp_path: Path, progress: RecordedProgress) -> None:
    assert chosen(Choice(), {"PATH": str(tmp_path)}, progress).name == "uv"
    assert progress.warnings == []


def test_conda_where_there_is_one_unless_an_interpreter_is_named(
    tmp_path: Path, progress: RecordedProgress
) -> None:
    program(tmp_path / "mamba")
    variables = {"PATH": str(tmp_path)}
    assert chosen(Choice(), variables, progress).name == "conda"
    assert chosen(Choice(interpreter=sys.executable), variables, progress).name == "uv"
    assert chosen(Choice("uv"), variables, progress).name == "uv"
    assert chosen(Choice("virtualenv"), variables, progress).name == "virtualenv"


def test_a_home_without_conda_is_one_warning(tmp_path: Path, progress: RecordedProgress) -> None:
    variables = {"PATH": str(tmp_path / "path"), "MLFLOW_CONDA_HOME": "/nope"}
    for _ in range(2):
        assert chosen(Choice(), variables, progress).name == "uv"
    conda = program(tmp_path / "path" / "conda")
    assert chosen(Choice(), variables, progress).name == "conda"
    assert progress.warnings == [
        ("NO_CONDA", "MLFLOW_CONDA_HOME=/nope holds no conda; uv makes the environment"),
        ("NO_CONDA", f"MLFLOW_CONDA_HOME=/nope holds no conda; {conda} is used"),
    ]


def test_an_error_where_conda_is_asked_for_and_not_there(tmp_path: Path, progress: RecordedProgress) -> None:
    with pytest.raises(MlsqlError) as caught:
        chosen(Choice("conda"), {"PATH": str(tmp_path)}, progress)
    hint = (
        '\n  = help: name its folder by MLFLOW_CONDA_HOME in systemParam.envs; or use systemParam.envManager="uv"'
    )
    assert caught.value.render() == f"error[NO_CONDA]: there is no conda, mamba or micromamba: not on PATH{hint}"
    with pytest.raises(MlsqlError) as caught:
        chosen(Choice("conda"), {"PATH": str(tmp_path), "MLFLOW_CONDA_HOME": "/nope"}, progress)
    assert caught.value.render() == (
        "error[NO_CONDA]: there is no conda, mamba or micromamba: neither in MLFLOW_CONDA_HOME=/nope nor on PATH"
        f"{hint}"
    )


def test_the_uv_on_path_comes_before_ours(tmp_path: Path, progress: RecordedProgress) -> None:
    uv = program(tmp_path / "uv")
    assert chosen(Choice(), {"PATH": str(tmp_path)}, progress) == UvManager(str(uv))
    ours = chosen(Choice(), {"PATH": "/nope"}, progress)
    assert isinstance(ours, UvManager)
    assert shutil.which(ours.program) == ours.program


def test_without_uv_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, progress: RecordedProgress
) -> None:
    monkeypatch.setitem(sys.modules, "uv", None)
    with pytest.raises(MlsqlError) as caught:
        chosen(Choice(), {"PATH": "/nope"}, progress)
    assert caught.value.render() == (
        "error[MISSING_EXTRA]: an environment for a project needs uv, which is not installed\n"
        "  = help: pip install 'mlsql-engine[environments]'"
    )


def test_a_package_of_uv_without_its_program(monkeypatch: pytest.MonkeyPatch, progress: RecordedProgress) -> None:
    def none() -> str:
        raise FileNotFoundError

    package = ModuleType("uv")
    package.find_uv_bin = none  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "uv", package)
    with pytest.raises(MlsqlError) as caught:
        chosen(Choice(), {"PATH": "/nope"}, progress)
    assert caught.value.render() == (
        "error[MISSING_EXTRA]: the package uv is installed, and its program is not there\n"
        "  = help: pip install --force-reinstall uv"
    )


def test_without_virtualenv_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, progress: RecordedProgress
) -> None:
    monkeypatch.setitem(sys.modules, "virtualenv", None)
    with pytest.raises(MlsqlError) as caught:
        chosen(Choice("virtualenv"), {}, progress).check(Wanted())
    assert caught.value.code == "MISSING_EXTRA"


def test_what_uv_does_not_do(progress: RecordedProgress) -> None:
    uv = chosen(Choice("uv"), {}, progress)
    with pytest.raises(MlsqlError) as caught:
        uv.check(Wanted(options=(("--prefer-binary", ""),), source="/p/requirements.txt"))
    assert caught.value.render() == (
        "error[ENVIRONMENT_FILE]: /p/requirements.txt: uv has no option --prefer-binary\n"
        '  = help: systemParam.envManager="virtualenv" has'
    )
    for name in ("uv", "virtualenv"):
        with pytest.raises(MlsqlError) as caught:
            chosen(Choice(name), {}, progress).check(Wanted(conda=("numpy=1|2",)))  # type: ignore[arg-type]
        assert caught.value.message == "'numpy=1|2' means something to conda only"
