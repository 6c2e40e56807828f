"""Which commands are a Python script with arguments, and which need a shell."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine.algorithms.mlflow_project.commands import PythonCommand, python_command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "train.py").touch()
    (tmp_path / "a b.py").touch()
    return tmp_path


PLAIN = {
    "python train.py": PythonCommand("train.py"),
    "python3 -u -OO train.py 0.5 --name=x": PythonCommand("train.py", ("0.5", "--name=x"), ("-u", "-OO")),
    "python 'a b.py' '$HOME; x' \"two words\"": PythonCommand("a b.py", ("$HOME; x", "two words")),
    "  python train.py ''": PythonCommand("train.py", ("",)),
}


@pytest.mark.parametrize("command", PLAIN)
def test_a_script_with_arguments(command: str, folder: Path) -> None:
    assert python_command(command, folder) == PLAIN[command]


@pytest.mark.parametrize(
    "command",
    [
        "python -m train",
        "python -W error train.py",
        "python other.py",
        "python train.py && true",
        "python train.py > log",
        "python train.py $HOME",
        "python train.py *.csv",
        "A=1 python train.py",
        "python train.py\ntrue",
        "bash train.py",
        "python",
        "",
        "python train.py 'open",
    ],
)
def test_everything_else_is_for_a_shell(command: str, folder: Path) -> None:
    assert python_command(command, folder) is None
