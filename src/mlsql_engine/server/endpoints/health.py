"""Whether the server lives and is ready, and its metrics."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.server.callers import Role
from mlsql_engine.server.exposition import CONTENT_TYPE, of_loop, of_process, takes_time
from mlsql_engine.server.json_response import JsonResponse
from mlsql_engine.server.request import Request
from mlsql_engine.server.routes import Route

_OK = b'{"status":"ok"}'


async def health(_request: Request) -> Response:
    """It lives."""
    return JsonResponse(_OK)


async def ready(request: Request) -> Response:
    """It takes requests. Raises MlsqlError, DRAINING, when it was told to end."""
    check_ready(request)
    return JsonResponse(_OK)


def check_ready(request: Request) -> None:
    """Raise MlsqlError, DRAINING, when the server was told to end."""
    if request.server.draining:
        raise MlsqlError("the server ends", code="DRAINING", hint="send requests to another one")


async def metrics(request: Request) -> Response:
    """The server's metrics."""
    server = request.server
    counted = of_loop(server)
    if takes_time(server):
        measured = await asyncio.to_thread(of_process, server)
    else:
        measured = of_process(server)
    return Response(counted + measured, media_type=CONTENT_TYPE)


_STATUS = {
    "type": "object",
    "properties": {"status": {"type": "string", "const": "ok"}},
    "required": ["status"],
    "additionalProperties": False,
}
_IS_OK = {
    "description": "It does.",
    "content": {"application/json": {"schema": _STATUS, "example": {"status": "ok"}}},
}
_EXAMPLE = """\
# HELP mlsql_http_requests_total Requests that were answered.
# TYPE mlsql_http_requests_total counter
mlsql_http_requests_total{method="GET",route="/health",status="200"} 1.0
"""
_TAGS = ["server"]
_METRICS = {
    "tags": _TAGS,
    "summary": "Metrics, as Prometheus reads them",
    "responses": {
        "200": {
            "description": "All metrics.",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": _EXAMPLE}},
        }
    },
}

ROUTES = (
    Route(
        "/health",
        health,
        ("GET",),
        Role.NOBODY,
        {"tags": _TAGS, "summary": "Whether the server lives", "responses": {"200": _IS_OK}},
    ),
    Route(
        "/health/ready",
        ready,
        ("GET",),
        Role.NOBODY,
        {"tags": _TAGS, "summary": "Whether it takes requests: 503 when it ends", "responses": {"200": _IS_OK}},
    ),
    Route("/metrics", metrics, ("GET",), Role.PREDICT, _METRICS),
)
