"""What OpenAPI says of /model/predict (https://spec.openapis.org/oas/v3.1.0#operation-object)."""

from __future__ import annotations

from typing import Any, Final

from mlsql_engine.server.endpoints.described import refused

_EXAMPLE_ROWS: Final = [{"features": [0.045, 8.8, 1.001, 45.0, 7.0, 170.0, 0.27, 0.45, 0.36, 3.0, 20.7]}]
_EXAMPLE_TEXT: Final = '[{"features":[0.045,8.8,1.001,45.0,7.0,170.0,0.27,0.45,0.36,3.0,20.7]}]'
_EXAMPLE_SQL: Final = "select pj(vec_dense(features)) as p1"

PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "sql": {
        "type": "string",
        "description": "A select list over the rows; SELECT and FROM may be left out. The rows are the table data.",
        "example": _EXAMPLE_SQL,
    },
    "data": {
        "type": "string",
        "description": "The rows: a JSON array, of what dataType says.",
        "example": _EXAMPLE_TEXT,
    },
    "dataType": {
        "type": "string",
        "enum": ["vector", "string", "row"],
        "default": "vector",
        "description": "row: objects, whose keys are the columns. vector, string: of each a column `feature`.",
        "example": "row",
    },
    "vecType": {
        "type": "string",
        "enum": ["dense", "sparse"],
        "default": "dense",
        "description": "dense: arrays of numbers. sparse: objects of the numbers by their index, from 0.",
    },
    "vecSize": {"type": "integer", "minimum": 0, "description": "How many elements a sparse vector has."},
    "pipeline": {
        "type": "string",
        "description": "f,g in place of sql: stands for g(f(feature)).",
        "example": "f,g",
    },
    "owner": {"type": "string", "description": "Who asks; a name."},
    "sessionPerUser": {
        "type": "boolean",
        "default": False,
        "description": "true: the functions are those of the owner's session, and not of the default one.",
    },
}
"""The schemas of the parameters, by name."""

_ANY: Final = {"description": "a value of SQL"}
_JSON_DATA: Final = {
    "description": "The rows: an array, or the text of one.",
    "anyOf": [{"type": "array", "items": {}}, {"type": "string"}],
    "example": _EXAMPLE_ROWS,
}


def _body(data: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    properties = {**PARAMETERS, "data": data}
    schema = {"type": "object", "properties": properties, "required": ["data"], "additionalProperties": False}
    return {"schema": schema, "example": example}


def _operation(name: str) -> dict[str, Any]:
    answer = {"type": "array", "items": {"type": "object", "additionalProperties": _ANY}}
    return {
        "operationId": name,
        "summary": "A select list over the rows of the request",
        "description": (
            "Calls the functions that scripts have registered. A list of columns, literals, arrays, structs, "
            "vectors "
            "and calls is answered without an engine; anything more of Spark SQL by one that holds these rows only."
        ),
        "tags": ["Model"],
        "responses": {
            "200": {
                "description": "The rows that it makes.",
                "content": {
                    "application/json": {"schema": answer, "example": [{"p1": {"type": 1, "values": [5.6]}}]}
                },
            },
        },
    }


_EXAMPLE: Final = {"sql": _EXAMPLE_SQL, "dataType": "row"}
_BY_QUERY: Final = _operation("modelPredictByQuery")
OPERATIONS: Final[dict[str, Any]] = {
    "get": {
        **_BY_QUERY,
        "responses": {**_BY_QUERY["responses"], **refused(404)},
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": name == "data",
                "description": schema["description"],
                "schema": {key: value for key, value in schema.items() if key not in ("description", "example")},
                **({"example": schema["example"]} if "example" in schema else {}),
            }
            for name, schema in PARAMETERS.items()
        ],
    },
    "post": {
        **_operation("modelPredict"),
        "requestBody": {
            "required": True,
            "content": {
                "application/json": _body(_JSON_DATA, {**_EXAMPLE, "data": _EXAMPLE_ROWS}),
                "application/x-www-form-urlencoded": _body(PARAMETERS["data"], {**_EXAMPLE, "data": _EXAMPLE_TEXT}),
            },
        },
    },
}
"""The operation objects, by method."""
