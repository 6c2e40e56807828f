"""What OpenAPI (https://spec.openapis.org/oas/v3.1.0) says of the paths of the Open Inference Protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mlsql_engine.serving.open_inference.datatypes import DATATYPES

Schema = Mapping[str, Any]

_TAGS: Final = ["Open Inference Protocol"]
_TEXT: Final = {"type": "string"}
_TRUTH: Final = {"type": "boolean"}


def _object(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> dict[str, Any]:
    properties = {**required, **(optional or {})}
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


_DATATYPE: Final = {"type": "string", "enum": list(DATATYPES)}
_SHAPE: Final = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1, "maxItems": 16}
_CONTENT_TYPE: Final = {"type": "string", "enum": ["np", "pd", "str"]}
_SIZE: Final = {"type": "integer", "minimum": 0}
_INPUT: Final = _object(
    {"name": _TEXT, "shape": _SHAPE, "datatype": _DATATYPE},
    {
        "data": {"type": "array", "description": "the values row by row, flat, or nested as the shape"},
        "parameters": _object({}, {"binary_data_size": _SIZE, "content_type": _CONTENT_TYPE}),
    },
)
_OUTPUT: Final = _object(
    {"name": {"type": "string", "const": "prediction"}},
    {"parameters": _object({}, {"binary_data": _TRUTH, "content_type": _CONTENT_TYPE})},
)
_INFER: Final = _object(
    {"inputs": {"type": "array", "items": _INPUT, "minItems": 1}},
    {
        "id": {"type": ["string", "null"]},
        "parameters": {
            **_object(
                {},
                {
                    "timeout": {"type": "integer", "minimum": 0, "description": "microseconds"},
                    "binary_data_output": _TRUTH,
                    "content_type": _CONTENT_TYPE,
                },
            ),
            "type": ["object", "null"],
        },
        "outputs": {"type": ["array", "null"], "items": _OUTPUT, "maxItems": 1},
    },
)
_ANSWER: Final = _object(
    {
        "model_name": _TEXT,
        "model_version": _TEXT,
        "outputs": {
            "type": "array",
            "items": _object(
                {"name": _TEXT, "shape": _SHAPE, "datatype": _DATATYPE},
                {"data": {"type": "array"}, "parameters": _object({"binary_data_size": _SIZE})},
            ),
        },
    },
    {"id": _TEXT},
)
_TENSOR: Final = _object(
    {"name": _TEXT, "datatype": _DATATYPE, "shape": {"type": "array", "items": {"type": "integer", "minimum": -1}}}
)
_MODEL: Final = _object(
    {
        "name": _TEXT,
        "versions": {"type": "array", "items": _TEXT},
        "platform": _TEXT,
        "inputs": {"type": "array", "items": _TENSOR},
        "outputs": {"type": "array", "items": _TENSOR},
    }
)
_EXAMPLE: Final = {
    "id": "42",
    "inputs": [{"name": "input", "shape": [2, 2], "datatype": "FP64", "data": [0.1, 0.2, 0.3, 0.4]}],
}
_EXAMPLE_ANSWER: Final = {
    "model_name": "f",
    "model_version": "0",
    "outputs": [{"name": "prediction", "shape": [2], "datatype": "FP64", "data": [0.0, 1.0]}],
    "id": "42",
}


def _operation(name: str, summary: str, answer: Schema, example: object) -> dict[str, Any]:
    content = {"application/json": {"schema": answer, "example": example}}
    return {
        "operationId": name,
        "summary": summary,
        "tags": _TAGS,
        "responses": {
            "200": {"description": "the answer", "content": content},
        },
    }


def _of_path(path: str, operation: dict[str, Any]) -> dict[str, Any]:
    """The operation with the variable parts of its path, and a name of its own where it is of a version."""
    names = [name for name in ("name", "version") if f"{{{name}}}" in path]
    told = {"name": "the function", "version": "the version of its model"}
    operation["parameters"] = [
        {"name": name, "in": "path", "required": True, "description": told[name], "schema": _TEXT} for name in names
    ] + operation.get("parameters", [])
    if "version" in names:
        operation["operationId"] += "OfVersion"
    return operation


def infer(path: str) -> dict[str, Any]:
    """POST …/infer."""
    operation = _operation("infer", "Predict rows", _ANSWER, _EXAMPLE_ANSWER)
    binary = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
    operation["description"] = (
        "One tensor [n, k] of numbers is one array of k numbers a row, or all features of a model; several tensors "
        "[n] are the arguments by name. Binary data follow the JSON in the order of the inputs."
    )
    operation["requestBody"] = {
        "required": True,
        "content": {
            "application/json": {"schema": _INFER, "example": _EXAMPLE},
            "application/octet-stream": binary,
        },
    }
    length = {"type": "integer", "minimum": 0}
    said = "how many bytes of JSON stand before binary data"
    operation["parameters"] = [
        {"name": "Inference-Header-Content-Length", "in": "header", "description": said, "schema": length}
    ]
    operation["responses"]["200"]["content"]["application/octet-stream"] = binary
    operation["responses"]["200"]["headers"] = {
        "Inference-Header-Content-Length": {"description": said, "schema": length}
    }
    return {"post": _of_path(path, operation)}


def model(path: str) -> dict[str, Any]:
    """GET of a function."""
    example = {
        "name": "f",
        "versions": ["0", "1"],
        "platform": "mlsql_model",
        "inputs": [{"name": "input", "datatype": "FP64", "shape": [-1, 2]}],
        "outputs": [{"name": "prediction", "datatype": "FP64", "shape": [-1]}],
    }
    return {"get": _of_path(path, _operation("model", "What a function takes and gives", _MODEL, example))}


def model_ready(path: str) -> dict[str, Any]:
    """GET …/ready."""
    answer = _object({"name": _TEXT, "ready": _TRUTH})
    operation = _operation("modelReady", "Whether a function is loaded", answer, {"name": "f", "ready": True})
    return {"get": _of_path(path, operation)}


SERVER: Final = {
    "get": _operation(
        "server",
        "What the server is",
        _object({"name": _TEXT, "version": _TEXT, "extensions": {"type": "array", "items": _TEXT}}),
        {"name": "mlsql", "version": "1.0", "extensions": ["binary_tensor_data", "model_repository"]},
    )
}
LIVE: Final = {"get": _operation("live", "Whether the server lives", _object({"live": _TRUTH}), {"live": True})}
READY: Final = {
    "get": _operation("ready", "Whether the server takes requests", _object({"ready": _TRUTH}), {"ready": True})
}
INDEX: Final = {
    "post": {
        **_operation(
            "index",
            "The functions that there are",
            {
                "type": "array",
                "items": _object({"name": _TEXT, "version": _TEXT, "state": _TEXT, "reason": _TEXT}),
            },
            [{"name": "f", "version": "0", "state": "READY", "reason": ""}],
        ),
        "requestBody": {
            "content": {"application/json": {"schema": _object({}, {"ready": _TRUTH}), "example": {"ready": True}}}
        },
    }
}


def load(path: str) -> dict[str, Any]:
    """POST …/load and …/unload, which the server refuses."""
    name = path.rpartition("/")[2]
    operation = _operation(name, f"Refused: scripts {name} functions", {}, None)
    del operation["responses"]["200"]
    return {"post": _of_path(path, operation)}
