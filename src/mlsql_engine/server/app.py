"""The server as an ASGI application (https://asgi.readthedocs.io/en/latest/specs/www.html)."""

from __future__ import annotations

import logging

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mlsql_engine.core.errors import InternalError, MlsqlError
from mlsql_engine.server import errors
from mlsql_engine.server.request import Request
from mlsql_engine.server.routes import Router
from mlsql_engine.server.state import State

_LOG = logging.getLogger(__name__)


class App:
    """Finds the endpoint of each request, and makes every error an answer."""

    def __init__(self, state: State, router: Router) -> None:
        self._state = state
        self._router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive, self._state)
        try:
            answer = await self._answer(request)
        except ClientDisconnect:
            return
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            route, parts = self._router.find(request.method, request.scope["path"])
            request.scope["path_params"] = parts
            return await route.endpoint(request)
        except MlsqlError as error:
            return errors.response(error, request.caller, request.scope["path"])
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - a request's failure is its own
            _LOG.exception("a request failed")
            problem = InternalError(f"{type(error).__name__} in {request.method} {request.scope['path']}")
            return errors.response(problem, request.caller, request.scope["path"])
