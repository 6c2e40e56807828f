"""Values of an entry point's parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine.algorithms.mlflow_project.definition import EntryPoint, Parameter
from mlsql_engine.algorithms.mlflow_project.parameters import filled, values_of
from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text

SPAN = Span(Source("test.mlsql", "the project"), 0, 3)


def entry(**parameters: Parameter) -> EntryPoint:
    return EntryPoint("main", " ".join(f"{{{name}}}" for name in parameters), parameters)


def values(point: EntryPoint, given: dict[str, str], folder: Path) -> dict[str, str]:
    texts = {name: Text.literal(value, Span(Source("given", value or " "), 0, 1)) for name, value in given.items()}
    project = folder / "project"
    project.mkdir(exist_ok=True)
    return values_of(point, texts, folder, project, SPAN)


def test_given_values_and_defaults(tmp_path: Path) -> None:
    point = entry(a=Parameter("float", "0.5"), b=Parameter("string"), c=Parameter("whatever", "x y"))
    found = values(point, {"b": "it's", "labelCol": "y"}, tmp_path)
    assert found == {"a": "0.5", "b": "it's", "c": "x y"}
    assert filled(point, found) == """0.5 'it'"'"'s' 'x y'"""


def test_an_entry_point_without_parameters_takes_any(tmp_path: Path) -> None:
    assert values(entry(), {"anything": "1"}, tmp_path) == {}


def test_paths_start_from_the_script_and_defaults_from_the_project(tmp_path: Path) -> None:
    (tmp_path / "given.csv").touch()
    point = entry(p=Parameter("path", "own.csv"))
    assert values(point, {"p": "given.csv"}, tmp_path) == {"p": str(tmp_path / "given.csv")}
    with pytest.raises(MlsqlError) as caught:
        values(point, {}, tmp_path)
    assert (
        caught.value.message == f"the parameter 'p' is a path, and there is no {tmp_path / 'project' / 'own.csv'}"
    )
    assert caught.value.span == SPAN
    (tmp_path / "project" / "own.csv").touch()
    assert values(point, {}, tmp_path) == {"p": "own.csv"}


WRONG = {
    ("float", "x"): "the parameter 'p' is a number, not 'x'",
    ("float", ""): "the parameter 'p' is a number, not ''",
    ("integer", "1.0"): "the parameter 'p' is a whole number, not '1.0'",
    ("uri", "folder/file"): "the parameter 'p' is a URI, not 'folder/file'",
    ("path", "s3://bucket/x"): "the parameter 'p' is a path of this machine, not 's3://bucket/x'",
}


@pytest.mark.parametrize(("kind", "value"), WRONG)
def test_values_of_the_wrong_type(kind: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(MlsqlError) as caught:
        values(entry(p=Parameter(kind)), {"p": value}, tmp_path)
    assert (caught.value.code, caught.value.message) == ("BAD_VALUE", WRONG[kind, value])
    assert caught.value.span is not None
    assert caught.value.span.source.name == "given"


@pytest.mark.parametrize(
    ("kind", "value"), [("float", "1e-3"), ("float", "inf"), ("int", "-2"), ("uri", "s3://b/x")]
)
def test_values_of_the_right_type(kind: str, value: str, tmp_path: Path) -> None:
    assert values(entry(p=Parameter(kind)), {"p": value}, tmp_path) == {"p": value}
