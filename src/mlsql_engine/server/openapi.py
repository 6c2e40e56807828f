"""The server's description of itself (https://spec.openapis.org/oas/v3.1.0), from the operations of its routes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from mlsql_engine.core.version import __version__
from mlsql_engine.server.callers import Role
from mlsql_engine.server.routes import Route

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "integer", "minimum": 1}

ERROR: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "What every answer to a request that fails is.",
    "properties": {
        "code": {"type": "string", "description": "Stable; docs/errors.md tells what each means."},
        "message": _TEXT,
        "hint": {"type": ["string", "null"], "description": "What to do."},
        "span": {
            "description": "Where in a script or query.",
            "oneOf": [
                {"type": "null"},
                {
                    "type": "object",
                    "properties": {
                        "script": _TEXT,
                        "line": _NUMBER,
                        "column": _NUMBER,
                        "endLine": _NUMBER,
                        "endColumn": _NUMBER,
                    },
                    "required": ["script", "line", "column", "endLine", "endColumn"],
                    "additionalProperties": False,
                },
            ],
        },
        "details": {
            "type": "array",
            "description": "Tracebacks and last output; for callers with the role admin.",
            "items": {
                "type": "object",
                "properties": {"label": _TEXT, "text": _TEXT},
                "required": ["label", "text"],
                "additionalProperties": False,
            },
        },
        "error": {"type": "string", "description": "Below /v2: message and hint."},
    },
    "required": ["code", "message", "hint", "span"],
    "additionalProperties": False,
}

_RETRY: Final = {
    "Retry-After": {"description": "Seconds after which to ask again.", "schema": {"type": "integer", "minimum": 1}}
}
_ALLOW: Final = {"Allow": {"description": "The methods that the path takes.", "schema": _TEXT}}
_BEARER: Final = {"WWW-Authenticate": {"schema": {"type": "string", "const": "Bearer"}}}

ERRORS: Final[Mapping[str, tuple[str, str, str, str | None, Mapping[str, Any]]]] = {
    "400": ("BadRequest", "The request is wrong.", "REQUEST", "the body is no JSON: input ended too early", {}),
    "401": ("Unauthorized", "No token, or none that is known.", "UNAUTHORIZED", "a token is needed here", _BEARER),
    "403": ("Forbidden", "The caller may not do this.", "FORBIDDEN", "the role predict may not do this", {}),
    "404": ("NotFound", "There is no such thing.", "UNKNOWN_FUNCTION", "there is no function 'g'", {}),
    "405": ("WrongMethod", "It takes other methods.", "METHOD_NOT_ALLOWED", "/ does not take POST", _ALLOW),
    "408": ("TooSlow", "It did not come in time.", "REQUEST_TIMEOUT", "the body did not come in time", {}),
    "409": ("Conflict", "It is not in the state for this.", "JOB_RUNNING", "the job has not ended", {}),
    "413": ("TooLarge", "More than is taken.", "REQUEST_TOO_LARGE", "the request is larger than 16 MiB", {}),
    "415": ("MediaType", "The body is of another type.", "MEDIA_TYPE", "the body is of the type 'text/csv'", {}),
    "429": ("TryLater", "Too many requests.", "OVERLOADED", "too many requests wait for this function", _RETRY),
    "500": ("Fault", "A mistake in mlsql itself.", "INTERNAL", "a mistake in mlsql itself (reference 5f1c)", {}),
    "502": ("Crashed", "The process of a function ended.", "CRASHED", "the worker of f was ended by SIGKILL", {}),
    "503": ("Unavailable", "Not now.", "DRAINING", "the server ends", {}),
    "504": ("Expired", "Not in time.", "DEADLINE", "the prediction did not come in time", {}),
}  # fmt: skip
"""By status: the name of the response, its description, an example's code and message, and its headers."""

_TAGS: Final = {"run": "scripts", "jobs": "scripts", "models": "models", "model": "predictions"}
_OF_BODIES: Final = ("408", "413", "415")
_OF_WORK: Final = ("502", "504")


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """The whole document. Operations get the answers that any of them may give."""
    paths: dict[str, dict[str, Any]] = {}
    tags: dict[str, None] = {}
    for route in routes:
        path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
        for method, operation in operations(route).items():
            made = paths.setdefault(path, {})[method] = _completed(route, method, operation)
            tags.update(dict.fromkeys(made.get("tags", ())))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mlsql",
            "version": __version__,
            "description": "Predictions by the functions that scripts have registered, and the scripts themselves.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in tags],
        "paths": paths,
        "components": {
            "schemas": {"Error": ERROR},
            "responses": {entry[0]: _response(entry) for entry in ERRORS.values()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def operations(route: Route) -> dict[str, Mapping[str, Any]]:
    """The operations of a route by method in lower case, as the route has them."""
    written = route.operation
    if written and set(written) <= set(METHODS):
        return dict(written)
    return {method.lower(): written for method in route.methods if method != "HEAD"}


def _completed(route: Route, method: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    own = operation.get("responses", {})
    statuses = ["403", "405", "429", "500", "503"]
    if route.role is not Role.NOBODY or operation.get("security"):
        statuses += ["401", *_OF_WORK]
    if route.role is not Role.NOBODY or "parameters" in operation or "requestBody" in operation:
        statuses.append("400")
    if "{" in route.path:
        statuses.append("404")
    if "requestBody" in operation:
        statuses += [*_OF_BODIES, "404"]
    shared = {status: reference(status) for status in sorted(statuses) if status not in own}
    # Several paths may share an operation: its name is made of the path, so that each has one of its own.
    made = {**operation, "operationId": _identifier(method, route.path), "responses": {**own, **shared}}
    made.setdefault("tags", [_TAGS.get(route.path.split("/")[1], "server")])
    made.setdefault("security", [{}] if route.role is Role.NOBODY else [{"token": []}, {}])
    return made


def reference(status: str) -> dict[str, str]:
    """The response of an error with that status, which the document has once."""
    return {"$ref": f"#/components/responses/{ERRORS[status][0]}"}


def _identifier(method: str, path: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", path)
    return method + "".join(word[:1].upper() + word[1:] for word in words or ["root"])


def _response(entry: tuple[str, str, str, str | None, Mapping[str, Any]]) -> dict[str, Any]:
    _, told, code, message, headers = entry
    example = {"code": code, "message": message, "hint": None, "span": None}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}, "example": example}}
    made: dict[str, Any] = {"description": told, "content": content}
    if headers:
        made["headers"] = dict(headers)
    return made
