"""What an error is to a client: one JSON shape, {code, message, hint, span}, and a status."""

from __future__ import annotations

import errno
import secrets
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
from starlette.responses import Response

from mlsql_engine.core.errors import InternalError, MlsqlError
from mlsql_engine.server.callers import Caller, Role
from mlsql_engine.server.json_response import JsonResponse
from mlsql_engine.server.scrubbing import without_folders
from mlsql_engine.serving.overload import TryLater

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


class Fault(InternalError):
    """An error that nobody foresaw. `reference` stands in the answer and in the log."""

    def __init__(self, error: BaseException) -> None:
        self.reference = secrets.token_hex(4)
        super().__init__(f"{type(error).__name__} (reference {self.reference})")


def of_descriptors(error: BaseException) -> TryLater | None:
    """What to tell where an error comes of a process or system without a free descriptor; None for every other."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in (errno.EMFILE, errno.ENFILE):
            return TryLater(
                "the server has as many files and connections open as it may",
                "OVERLOADED",
                "ask again; whoever runs it can raise the limit of open files (ulimit -n, LimitNOFILE)",
                1.0,
            )
        cause = cause.__cause__ or cause.__context__
    return None


def response(
    error: MlsqlError,
    caller: Caller,
    path: str = "",
    roots: Iterable[Path] = (),
    spared: Collection[str] = (),
) -> Response:
    """The error as an answer to a request for a path; the others as in `body`."""
    made = body(error, caller, roots, spared)
    if path.startswith("/v2"):
        # Clients of the Open Inference Protocol read this member and no other.
        made["error"] = made["message"] if made["hint"] is None else f"{made['message']} ({made['hint']})"
    status = status_of(error)
    headers = {}
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    allowed = getattr(error, "allowed", None)
    if allowed is not None:
        headers["Allow"] = ", ".join(allowed)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 408:
        headers["Connection"] = "close"
    return JsonResponse(msgspec.json.encode(made), status, headers)


def status_of(error: MlsqlError) -> int:
    """The status of the answer that the error is."""
    return STATUS.get(error.code, 500 if isinstance(error, InternalError) else 400)


def body(
    error: MlsqlError, caller: Caller, roots: Iterable[Path] = (), spared: Collection[str] = ()
) -> dict[str, Any]:
    """{code, message, hint, span}, and for callers with the role admin the details: tracebacks, last output.

    Others are told neither where the server has its files (paths are relative to the roots, or only the last part;
    `spared` stay) nor what an error of its own says.
    """
    admin = caller.role >= Role.ADMIN

    def shown(text: str) -> str:
        return text if admin else without_folders(text, roots, spared)

    span = None
    if error.span is not None:
        line, column = error.span.source.position(error.span.start)
        end_line, end_column = error.span.source.position(max(error.span.end, error.span.start + 1))
        name = shown(error.span.source.name)
        span = {"script": name, "line": line, "column": column, "endLine": end_line, "endColumn": end_column}
    if isinstance(error, InternalError) and not admin:
        reference = f" (reference {error.reference})" if isinstance(error, Fault) else ""
        message = f"a mistake in mlsql itself{reference}"
        return {"code": error.code, "message": message, "hint": "the server's log has more", "span": span}
    hint = None if error.hint is None else shown(error.hint)
    made: dict[str, Any] = {"code": error.code, "message": shown(error.message), "hint": hint, "span": span}
    if admin and error.details:
        made["details"] = [{"label": detail.label, "text": detail.text} for detail in error.details]
    return made
