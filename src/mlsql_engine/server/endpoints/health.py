"""Whether the server lives and is ready."""

from __future__ import annotations

from starlette.responses import Response

from mlsql_engine.server.callers import Role
from mlsql_engine.server.exposition import CONTENT_TYPE, exposition
from mlsql_engine.server.request import Request
from mlsql_engine.server.routes import Route


async def health(_request: Request) -> Response:
    """It lives."""
    return Response(b'{"status":"ok"}', media_type="application/json")


async def metrics(request: Request) -> Response:
    """The server's metrics."""
    return Response(exposition(request.server), media_type=CONTENT_TYPE)


ROUTES = (Route("/health", health, ("GET",), Role.NOBODY), Route("/metrics", metrics, ("GET",), Role.PREDICT))
