"""The server as an ASGI application (https://asgi.readthedocs.io/en/latest/specs/www.html)."""

from __future__ import annotations

import logging
import time

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mlsql_engine.core.errors import InternalError, MlsqlError
from mlsql_engine.server import errors
from mlsql_engine.server.callers import Role
from mlsql_engine.server.gate import check_role
from mlsql_engine.server.request import Request
from mlsql_engine.server.routes import Route, Router
from mlsql_engine.server.state import State

_LOG = logging.getLogger(__name__)


class App:
    """Finds the endpoint of each request, lets in who may, makes every error an answer, and counts."""

    def __init__(self, state: State, router: Router) -> None:
        self._state = state
        self._router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        state = self._state
        request = Request(scope, receive, state)
        route: Route | None = None
        code: str | None = None
        state.meters.under_way += 1
        try:
            try:
                route, scope["path_params"] = self._router.find(scope["method"], scope["path"])
                request.caller = state.gate.caller(scope)
                check_role(request.caller, route.role)
                answer = await route.endpoint(request)
            except MlsqlError as error:
                code, answer = error.code, errors.response(error, request.caller, scope["path"])
            except ClientDisconnect:
                return
            except Exception as error:  # noqa: BLE001 - a request's failure is its own
                code, answer = "INTERNAL", self._internal(error, request)
            taken = time.monotonic() - request.begun
            state.meters.count("" if route is None else route.path, scope["method"], answer.status_code, taken)
            if code is not None or (route is not None and route.role > Role.PREDICT):
                needed = Role.NOBODY if route is None else route.role
                state.audit.request(request, needed, answer.status_code, code)
            await answer(scope, receive, send)
        finally:
            state.meters.under_way -= 1

    def _internal(self, error: Exception, request: Request) -> Response:
        _LOG.error("a request failed", exc_info=error)
        problem = InternalError(f"{type(error).__name__} in {request.method} {request.scope['path']}")
        return errors.response(problem, request.caller, request.scope["path"])
