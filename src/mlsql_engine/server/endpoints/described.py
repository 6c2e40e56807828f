"""What the descriptions of several endpoints have alike, as OpenAPI 3.1 has it."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
WHOLE: Schema = {"type": "integer"}
ERROR: Schema = {"$ref": "#/components/schemas/Error"}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def object_of(properties: dict[str, Schema], *, open_: bool = False) -> Schema:
    """An object that has these properties, all of them; with `open_` others too."""
    made: Schema = {"type": "object", "properties": properties, "required": list(properties)}
    return made if open_ else {**made, "additionalProperties": False}


def list_of(items: Schema) -> Schema:
    """An array."""
    return {"type": "array", "items": items}


def in_json(description: str, schema: Schema, example: object | None = None) -> dict[str, Any]:
    """A response of JSON."""
    content: dict[str, Any] = {"schema": schema}
    if example is not None:
        content["example"] = example
    return {"description": description, "content": {"application/json": content}}


def refused(*statuses: int) -> dict[str, Any]:
    """The responses of these statuses, each an error."""
    return {str(status): in_json(_STATUSES[status], ERROR) for status in statuses}


def query(name: str, description: str, schema: Schema) -> dict[str, Any]:
    """A parameter of the query string that may be left out."""
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def in_path(name: str, description: str) -> dict[str, Any]:
    """A variable part of the path."""
    return {"name": name, "in": "path", "required": True, "description": description, "schema": TEXT}


_STATUSES = {
    400: "the request, or its script, is wrong",
    401: "a token is needed",
    403: "the caller, or the script, may not do this",
    404: "there is no such thing",
    408: "the request did not come whole in time",
    409: "it is not in the state for this",
    413: "the request, or the result, is too large",
    429: "the server does as much as it can: Retry-After says when to ask again",
    500: "a mistake of the server's",
    502: "a worker process failed",
    503: "the server ends, or a function's workers crash too often",
    504: "it did not end in time",
}
