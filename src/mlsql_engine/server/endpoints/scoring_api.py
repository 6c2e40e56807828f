"""What OpenAPI (https://spec.openapis.org/oas/v3.1.0) says of the paths of MLflow's scoring protocol."""

from __future__ import annotations

from typing import Any, Final

_TAGS: Final = ["MLflow scoring"]
_ROWS: Final = {"type": "array", "items": {"type": "array"}}
_RECORDS: Final = {"type": "array", "items": {"type": "object"}}
_PARAMS: Final = {"type": ["object", "null"], "maxProperties": 0}


def _form(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: schema, "params": _PARAMS},
        "required": [name],
        "additionalProperties": False,
    }


_SPLIT: Final = {
    "type": "object",
    "properties": {
        "columns": {"type": ["array", "null"], "items": {"type": ["string", "number"]}},
        "index": {},
        "data": _ROWS,
    },
    "required": ["data"],
    "additionalProperties": False,
}
_JSON: Final = {
    "schema": {
        "oneOf": [
            _form("dataframe_split", _SPLIT),
            _form("dataframe_records", _RECORDS),
            _form("instances", {"type": ["array", "object"]}),
            _form("inputs", {"type": ["array", "object"]}),
        ]
    },
    "examples": {
        "dataframe_split": {"value": {"dataframe_split": {"columns": ["a", "b"], "data": [[0.1, 0.2]]}}},
        "dataframe_records": {"value": {"dataframe_records": [{"a": 0.1, "b": 0.2}]}},
        "instances": {"value": {"instances": [[0.1, 0.2]]}},
        "inputs": {"value": {"inputs": {"a": [0.1], "b": [0.2]}}},
    },
}


def _invocations(name: str, summary: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    answer = {
        "type": "object",
        "properties": {"predictions": {"type": "array"}},
        "required": ["predictions"],
        "additionalProperties": False,
    }
    return {
        "post": {
            "operationId": name,
            "summary": summary,
            "tags": _TAGS,
            "parameters": parameters,
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": _JSON,
                    "text/csv": {"schema": {"type": "string"}, "example": "a,b\n0.1,0.2\n"},
                },
            },
            "responses": {
                "200": {
                    "description": "one prediction for each row",
                    "content": {"application/json": {"schema": answer, "example": {"predictions": [1.0]}}},
                },
            },
        }
    }


_TEXT: Final = {"type": "string"}
_NAME: Final = {"name": "name", "in": "path", "required": True, "description": "the function", "schema": _TEXT}
_MODEL: Final = {"name": "model", "in": "query", "description": "the function, where several are", "schema": _TEXT}
DEFAULT: Final = _invocations("invocations", "Predict rows by the default function", [_MODEL])
NAMED: Final = _invocations("invocationsOf", "Predict rows", [_NAME])
ENDPOINT: Final = _invocations("invocationsOfEndpoint", "Predict rows, as mlflow.deployments asks", [_NAME])


def _text(name: str, summary: str, kind: str, example: str) -> dict[str, Any]:
    content = {kind: {"schema": _TEXT, "example": example}}
    responses = {"200": {"description": summary, "content": content}}
    return {"get": {"operationId": name, "summary": summary, "tags": _TAGS, "responses": responses}}


PING: Final = {
    "get": {
        "operationId": "ping",
        "summary": "Whether the server lives",
        "tags": _TAGS,
        "responses": {"200": {"description": "an empty line"}},
    }
}
VERSION: Final = _text("version", "The version of MLflow whose protocol this is", "text/plain", "3.17.2")
