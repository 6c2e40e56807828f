"""python_env.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine.environments.python_env_file import read_python_env
from mlsql_engine.environments.wanted import Wanted
from unit.environments.written import refusal, write


def test_all_of_it(tmp_path: Path) -> None:
    write(tmp_path, "requirements.txt", "six\n-c limits.txt\n")
    write(tmp_path, "limits.txt", "six<2\n")
    text = "python: '3.10.13'\nbuild_dependencies: [pip, wheel==0.37.1]\n"
    text += "dependencies:\n- -r requirements.txt\n- attrs\n"
    assert read_python_env(write(tmp_path, "python_env.yaml", text)) == Wanted(
        python="==3.10.13", requirements=("six", "attrs"), constraints=("six<2",), build=("pip", "wheel==0.37.1")
    )


@pytest.mark.parametrize(
    ("written", "specifier"),
    [("3", "==3.*"), ("3.10", "==3.10.*"), ("'3.10.13'", "==3.10.13"), ("'>=3.9, <3.12'", "<3.12,>=3.9")],
)
def test_versions_of_python(tmp_path: Path, written: str, specifier: str) -> None:
    assert read_python_env(write(tmp_path, "python_env.yaml", f"python: {written}\n")).python == specifier


def test_a_version_that_is_none(tmp_path: Path) -> None:
    assert refusal(read_python_env, write(tmp_path, "python_env.yaml", "python: three\n")) == (
        "error[ENVIRONMENT_FILE]: 'three' is no version of Python\n --> <folder>/python_env.yaml:1:9\n  |\n"
        '1 | python: three\n  |         ^^^^^\n  = help: such as "3.11", "3.11.7" or ">=3.10,<3.13"'
    )
    assert refusal(read_python_env, write(tmp_path, "python_env.yaml", "python:\n")).splitlines()[0] == (
        "error[ENVIRONMENT_FILE]: python is one value"
    )
