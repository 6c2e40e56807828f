"""What the descriptions of several endpoints have alike, as OpenAPI 3.1 has it."""

from __future__ import annotations

from typing import Any

from mlsql_engine.server.openapi import reference

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
    """The responses of these statuses, each an error. Those that openapi.document adds are not for here."""
    return {str(status): reference(str(status)) for status in statuses}


def query(name: str, description: str, schema: Schema) -> dict[str, Any]:
    """A parameter of the query string that may be left out."""
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def in_path(name: str, description: str) -> dict[str, Any]:
    """A variable part of the path."""
    return {"name": name, "in": "path", "required": True, "description": description, "schema": TEXT}
