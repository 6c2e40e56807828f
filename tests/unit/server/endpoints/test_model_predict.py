"""The parameters of /model/predict."""

from __future__ import annotations

from typing import Any

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.server.endpoints.model_predict import Asked, read
from mlsql_engine.server.parameters import Parameters

ROWS = 'data is a JSON array of rows: data=[{"a": 1}]'


@pytest.mark.parametrize(
    ("parameters", "asked"),
    [
        ({"sql": "f(feature)", "data": "[[1, 2.5]]"}, Asked("f(feature)", [[1, 2.5]])),
        ({"sql": "a", "data": [{"a": 1}], "dataType": "ROW"}, Asked("a", [{"a": 1}], "row")),
        ({"pipeline": "f, g", "data": "[]"}, Asked("g(f(feature))", [], pipeline=("f", "g"))),
        (
            {"sql": "", "pipeline": "f", "data": "[]", "vecType": "sparse", "vecSize": "3", "owner": "me"},
            Asked("f(feature)", [], "vector", "sparse", 3, ("f",)),
        ),
        (
            {"sql": "a", "data": [], "dataType": "", "vecType": None, "vecSize": "", "pipeline": None},
            Asked("a", []),
        ),
        ({"sql": "a", "data": [], "vecSize": 3}, Asked("a", [], vec_size=3)),
        ({"sql": "a", "data": "[]", "context.__auth_secret__": "x"}, Asked("a", [])),
    ],
)
def test_parameters(parameters: dict[str, Any], asked: Asked) -> None:
    assert read(Parameters(parameters)) == asked


@pytest.mark.parametrize(
    ("parameters", "message", "hint"),
    [
        ({"sqll": "a"}, "there is no parameter 'sqll'", "did you mean 'sql'?"),
        ({"data": "[]"}, "sql is missing", "as in sql=f(vec_dense(features)) as p; or say pipeline=f,g"),
        ({"sql": "a"}, "data is missing", ROWS),
        ({"sql": "a", "data": {}}, "data is no JSON array", ROWS),
        (
            {"sql": "a", "data": "[1"},
            "data is no JSON array: Input data was truncated",
            ROWS,
        ),
        ({"sql": 1, "data": []}, "the parameter 'sql' is a text", None),
        (
            {"sql": "a", "data": [], "dataType": "rows"},
            "the parameter 'dataType' cannot be 'rows'",
            "it is one of: row, string, vector",
        ),
        (
            {"sql": "a", "data": [], "vecType": "x" * 81},
            f"the parameter 'vecType' cannot be '{'x' * 80}…'",
            "it is one of: dense, sparse",
        ),
        (
            {"sql": "a", "data": [], "vecSize": "-1"},
            "the parameter 'vecSize' cannot be -1",
            "it is how many elements a vector has",
        ),
        ({"sql": "a", "data": [], "vecSize": 1.5}, "the parameter 'vecSize' is a whole number, not '1.5'", None),
        (
            {"sql": "a", "data": [], "dataType": "row", "vecSize": 1},
            "vecSize is for dataType=vector, and dataType is row",
            "leave vecSize out",
        ),
        (
            {"sql": "a", "pipeline": "f", "data": []},
            "sql and pipeline are both given",
            "pipeline=f,g stands for sql=g(f(feature))",
        ),
        ({"pipeline": "f,,g", "data": []}, "pipeline: '' is no name of a function", "as in pipeline=f,g"),
        ({"pipeline": "f(x)", "data": []}, "pipeline: 'f(x)' is no name of a function", "as in pipeline=f,g"),
    ],
)
def test_parameters_that_are_wrong(parameters: dict[str, Any], message: str, hint: str | None) -> None:
    with pytest.raises(MlsqlError) as caught:
        read(Parameters(parameters))
    assert (caught.value.message, caught.value.hint) == (message, hint)
