"""The parameters of /model/predict."""

from __future__ import annotations

from typing import Any

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.server.endpoints.model_predict import Asked, read


@pytest.mark.parametrize(
    ("parameters", "asked"),
    [
        ({"sql": "f(feature)", "data": "[[1, 2.5]]"}, Asked("f(feature)", [[1, 2.5]])),
        ({"sql": "a", "data": [{"a": 1}], "dataType": "ROW"}, Asked("a", [{"a": 1}], "row")),
        ({"pipeline": "f, g", "data": "[]"}, Asked("g(f(feature))", [])),
        (
            {"sql": "", "pipeline": "f", "data": "[]", "vecType": "sparse", "vecSize": "3", "owner": "me"},
            Asked("f(feature)", [], "vector", "sparse", 3),
        ),
        ({"sql": "a", "data": [], "vecSize": 3}, Asked("a", [], vec_size=3)),
        ({"sql": "a", "data": "[]", "context.__auth_secret__": "x"}, Asked("a", [])),
    ],
)
def test_parameters(parameters: dict[str, Any], asked: Asked) -> None:
    assert read(parameters) == asked


@pytest.mark.parametrize(
    ("parameters", "message", "hint"),
    [
        ({"sqll": "a"}, "'sqll' is not an option of /model/predict", "did you mean 'sql'?"),
        ({"data": "[]"}, "sql is missing", "as in sql=f(vec_dense(features)) as p; or say pipeline=f,g"),
        ({"sql": "a"}, "data is missing", 'data is a JSON array of rows: data=[{"a": 1}]'),
        ({"sql": "a", "data": {}}, "data is no JSON array", 'as in data=[{"a": 1}]'),
        (
            {"sql": "a", "data": "[1"},
            "data is no JSON array: Input data was truncated",
            'as in data=[{"a": 1}]',
        ),
        ({"sql": 1, "data": []}, "sql is no text", None),
        ({"sql": "a", "data": [], "dataType": "rows"}, "'rows' is no dataType", "it is vector, string or row"),
        ({"sql": "a", "data": [], "vecType": "x"}, "'x' is no vecType", "it is dense or sparse"),
        ({"sql": "a", "data": [], "vecSize": "-1"}, "vecSize=-1 is no number of elements", None),
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
        read(parameters)
    assert (caught.value.message, caught.value.hint) == (message, hint)
