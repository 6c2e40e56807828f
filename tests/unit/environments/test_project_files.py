"""Which file of a project says what it wants."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine.environments.project_files import of_file, of_folder
from mlsql_engine.environments.wanted import Wanted
from unit.environments.written import refusal, write

FILES = {
    "python_env.yaml": "dependencies: [a]\n",
    "conda.yaml": "dependencies: [b]\n",
    "requirements.txt": "c\n",
    "pyproject.toml": '[project]\ndependencies = ["d"]\n',
}


def test_the_first_of_those_that_are_there(tmp_path: Path) -> None:
    assert of_folder(tmp_path) is None
    found = []
    for name, text in reversed(FILES.items()):
        write(tmp_path, name, text)
        wanted = of_folder(tmp_path)
        assert wanted is not None
        found.append(wanted.packages)
    assert found == [("d",), ("c",), ("b",), ("a",)]


@pytest.mark.parametrize(
    ("project", "wanted"),
    [
        ("name: x\npython_env: env/python.yaml\n", Wanted(requirements=("e",))),
        ("name: x\nconda_env: env/conda.yaml\n", Wanted(conda=("f",))),
        ("name: x\nentry_points: {main: {command: python x.py}}\n", Wanted(requirements=("a",))),
    ],
)
def test_what_the_project_names_comes_first(tmp_path: Path, project: str, wanted: Wanted) -> None:
    write(tmp_path, "python_env.yaml", FILES["python_env.yaml"])
    write(tmp_path, "env/python.yaml", "dependencies: [e]\n")
    write(tmp_path, "env/conda.yaml", "dependencies: [f]\n")
    write(tmp_path, "MLproject", project)
    assert of_folder(tmp_path) == wanted


def test_a_project_that_wants_docker_or_names_nothing(tmp_path: Path) -> None:
    write(tmp_path, "MLproject", "docker_env:\n  image: x\n")
    assert refusal(lambda path: of_folder(path.parent), tmp_path / "MLproject") == (
        "error[UNSUPPORTED]: the project wants docker, in which nothing of it can be run here\n"
        " --> <folder>/MLproject:2:3\n  |\n2 |   image: x\n  |   ^^^^^^^^\n"
        "  = help: give it a python_env.yaml or a conda.yaml"
    )
    write(tmp_path, "MLproject", "python_env: none.yaml\n")
    assert refusal(lambda path: of_folder(path.parent), tmp_path / "MLproject") == (
        "error[FILE_NOT_FOUND]: there is no file <folder>/none.yaml\n"
        " --> <folder>/MLproject:1:13\n  |\n1 | python_env: none.yaml\n  |             ^^^^^^^^^"
    )


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("needs.txt", "a\n", Wanted(requirements=("a",))),
        ("other.yaml", "python: 3.11\n", Wanted(python="==3.11.*")),
        ("other.yml", "dependencies: [a]\n", Wanted(conda=("a",))),
        ("other.toml", '[project]\ndependencies = ["a"]\n', Wanted(requirements=("a",))),
    ],
)
def test_files_of_other_names(tmp_path: Path, name: str, text: str, wanted: Wanted) -> None:
    assert of_file(write(tmp_path, name, text)) == wanted


def test_a_file_that_says_nothing_of_an_environment(tmp_path: Path) -> None:
    assert refusal(of_file, write(tmp_path, "data.csv", "a,b\n")) == (
        "error[ENVIRONMENT_FILE]: <folder>/data.csv is no file of an environment\n"
        "  = help: it is a conda.yaml, a python_env.yaml, a requirements.txt or a pyproject.toml"
    )
