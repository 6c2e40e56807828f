"""What an error is to a client: one JSON shape, {code, message, hint, span}, and a status."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from starlette.responses import Response

from mlsql_engine.core.errors import InternalError, MlsqlError
from mlsql_engine.server.callers import Caller, Role

STATUS: Final[dict[str, int]] = {
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "NOT_ALLOWED": 403,
    "NOT_FOUND": 404,
    "UNKNOWN_FUNCTION": 404,
    "UNKNOWN_MODEL_VERSION": 404,
    "UNKNOWN_JOB": 404,
    "METHOD_NOT_ALLOWED": 405,
    "REQUEST_TIMEOUT": 408,
    "REQUEST_TOO_LARGE": 413,
    "MEDIA_TYPE": 415,
    "RATE_LIMIT": 429,
    "OVERLOADED": 429,
    "CANCELLED": 409,
    "JOB_RUNNING": 409,
    "NO_RESULT": 404,
    "RESULT_TOO_LARGE": 413,
    "INTERNAL": 500,
    "CRASHED": 502,
    "OUT_OF_MEMORY": 502,
    "CANNOT_START": 502,
    "PROTOCOL": 502,
    "UNRESPONSIVE": 502,
    "CIRCUIT_OPEN": 503,
    "DRAINING": 503,
    "TIMEOUT": 504,
    "DEADLINE": 504,
}
"""What is not here is the client's mistake: 400."""


def response(error: MlsqlError, caller: Caller, path: str = "") -> Response:
    """The error as an answer to a request for a path."""
    status = STATUS.get(error.code, 500 if isinstance(error, InternalError) else 400)
    headers = {}
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    made = body(error, caller)
    if path.startswith("/v2"):
        # Clients of the Open Inference Protocol read this member and no other.
        made["error"] = error.message if error.hint is None else f"{error.message} ({error.hint})"
    return Response(msgspec.json.encode(made), status, headers, "application/json")


def body(error: MlsqlError, caller: Caller) -> dict[str, Any]:
    """{code, message, hint, span}; the details (tracebacks, last output) too, for callers with the role admin."""
    span = None
    if error.span is not None:
        line, column = error.span.source.position(error.span.start)
        end_line, end_column = error.span.source.position(max(error.span.end, error.span.start + 1))
        name = error.span.source.name
        span = {"script": name, "line": line, "column": column, "endLine": end_line, "endColumn": end_column}
    made: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint, "span": span}
    if caller.role >= Role.ADMIN and error.details:
        made["details"] = [{"label": detail.label, "text": detail.text} for detail in error.details]
    return made
