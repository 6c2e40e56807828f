"""What MLproject files say, and what is wrong with others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlsql_engine.algorithms.mlflow_project.definition import (
    Definition,
    EntryPoint,
    Parameter,
    entry_of,
    of_control,
    read,
)
from mlsql_engine.core.errors import MlsqlError

pytestmark = pytest.mark.heavy


def write(folder: Path, text: str) -> Path:
    (folder / "MLproject").write_text(text, encoding="utf-8")
    return folder


def test_the_standard_form(tmp_path: Path) -> None:
    text = """
name: demo
python_env: env/python.yaml
entry_points:
  main:
    parameters: {a: float, b: {type: path, default: x.csv}, c: {default: 3}}
    command: "python train.py {a} {b} {c}"
  validate: {command: "true"}
"""
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "python.yaml").touch()
    parameters = {"a": Parameter("float"), "b": Parameter("path", "x.csv"), "c": Parameter("string", "3")}
    main = EntryPoint("main", "python train.py {a} {b} {c}", parameters)
    expected = Definition("demo", {"main": main, "validate": EntryPoint("validate", "true")})
    found = read(write(tmp_path, text), None)
    assert found == expected
    assert of_control(json.loads(json.dumps(found.control()))) == expected
    assert entry_of(found, None, None) == main
    assert entry_of(found, "validate", None).command == "true"


def test_the_nested_form(tmp_path: Path) -> None:
    text = """
conda_env: conda.yaml
entry_points:
  main:
    train: {parameters: {a: float}, command: "python train.py {a}"}
    api_predict: {command: python predict.py}
"""
    (tmp_path / "conda.yaml").touch()
    found = read(write(tmp_path, text), None)
    assert found.name == tmp_path.name
    assert {name: entry.command for name, entry in found.entry_points.items()} == {
        "train": "python train.py {a}",
        "api_predict": "python predict.py",
    }
    assert entry_of(found, None, None).name == "train"


def test_the_only_entry_point_is_that_of_a_training(tmp_path: Path) -> None:
    found = read(write(tmp_path, "entry_points: {other: {command: a}}"), None)
    assert entry_of(found, None, None).name == "other"


def test_none_of_several_entry_points_is_meant(tmp_path: Path) -> None:
    found = read(write(tmp_path, "entry_points: {a: {command: a}, b: {command: b}}"), None)
    with pytest.raises(MlsqlError) as caught:
        entry_of(found, None, None)
    assert (caught.value.message, caught.value.hint) == ("there is no entry point 'main'", "known: a, b")


WRONG = {
    "a: [": "it is no YAML, line 1: expected the node content, but found '<stream end>'",
    "- a": "it is no mapping",
    "name: x": "it has no entry_points",
    "entry_points: {}": "it has no entry_points",
    "entry_points: {main: {parameters: {a: float}}}": "the entry point 'main' has no command",
    "entry_points: {main: {command: 3}}": "the entry point 'main' has no command",
    "entry_points: {main: {train: {command: a}, predict: {}}}": "the entry point 'main' has no command",
    "entry_points: {main: {command: a, parameters: [a]}}": (
        "the parameters of the entry point 'main' are no mapping"
    ),
    "entry_points: {main: {command: a, parameters: {a: {kind: float}}}}": (
        "the parameter 'a' of the entry point 'main' is neither a type nor {type, default}"
    ),
    "entry_points: {main: {command: 'a {b}'}}": (
        "the command of the entry point 'main' uses {b}, which is no parameter"
    ),
    "entry_points: {main: {command: 'a {'}}": (
        "the command of the entry point 'main' has a brace that is no place of a parameter: "
        "Single '{' encountered in format string"
    ),
    "{conda_env: c.yaml, entry_points: {main: {command: a}}}": "Project specified conda environment file "
    "<folder>/c.yaml, but no such file was found.",
}


@pytest.mark.parametrize("text", WRONG)
def test_files_that_cannot_be_used(text: str, tmp_path: Path) -> None:
    with pytest.raises(MlsqlError) as caught:
        read(write(tmp_path, text), None)
    message = caught.value.message.replace(str(tmp_path), "<folder>")
    assert (caught.value.code, message) == ("PROJECT", f"<folder>/MLproject cannot be used: {WRONG[text]}")


@pytest.mark.parametrize(
    ("word", "what"), [("docker_env", "a Docker image"), ("databricks_spark_job", "a job of Databricks")]
)
def test_environments_that_are_no_pythons(word: str, what: str, tmp_path: Path) -> None:
    text = f"{{{word}: {{image: x}}, entry_points: {{main: {{command: a}}}}}}"
    with pytest.raises(MlsqlError) as caught:
        read(write(tmp_path, text), None)
    message = f"{tmp_path}/MLproject wants {what} ({word}), which mlsql does not start"
    assert (caught.value.code, caught.value.message) == ("UNSUPPORTED", message)


def test_without_mlflow_the_error_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mlflow.projects.utils", None)
    with pytest.raises(MlsqlError) as caught:
        read(write(tmp_path, "entry_points: {main: {command: a}}"), None)
    assert caught.value.code == "MISSING_EXTRA"
    assert caught.value.hint == "pip install 'mlsql-engine[mlflow]'"
