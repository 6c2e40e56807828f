"""The server as an ASGI application (https://asgi.readthedocs.io/en/latest/specs/www.html)."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

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
        self.state = state
        self._router = router
        self._roots = state.roots
        self._paths = frozenset(route.path for route in router.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        state = self.state
        request = Request(scope, receive, state)
        state.meters.under_way += 1
        try:
            if state.tracing is None:
                await self._answer(request, send)
            else:
                with state.tracing.request(scope):
                    await self._answer(request, send)
        except ClientDisconnect:
            pass
        finally:
            state.meters.under_way -= 1
            if request.held:
                state.bodies.release(request.held)

    async def _answer(self, request: Request, send: Send) -> None:
        state, scope = self.state, request.scope
        route: Route | None = None
        code: str | None = None
        try:
            route, scope["path_params"] = self._router.find(scope["method"], scope["path"])
            request.caller = state.gate.caller(scope)
            check_role(request.caller, route.role)
            answer = await route.endpoint(request)
        except ClientDisconnect:
            raise
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - a request's failure is its own
            code, answer = self._failed(error, request, route)
        path = "" if route is None else route.path
        state.meters.count(path, scope["method"], answer.status_code, time.monotonic() - request.begun)
        if state.tracing is not None:
            state.tracing.answered(path, scope["method"], answer.status_code, code)
        if code is not None or (route is not None and route.role > Role.PREDICT):
            needed = Role.NOBODY if route is None else route.role
            state.audit.request(request, needed, answer.status_code, code)
        if hasattr(answer, "body_iterator"):
            await _stream(answer, request, send)
        else:
            await answer(scope, request.receive, send)

    def _failed(self, error: BaseException, request: Request, route: Route | None) -> tuple[str, Response]:
        """The code of an error and the answer that it is."""
        try:
            if route is None:
                # Who is not let in is not told what there is.
                request.caller = self.state.gate.caller(request.scope)
            problem = self._problem(error, request)
        except MlsqlError as refused:
            problem = refused
        path = request.scope["path"]
        return problem.code, errors.response(problem, request.caller, path, self._roots, self._paths)

    def _problem(self, error: BaseException, request: Request) -> MlsqlError:
        """The error as the client is told of it; what is not the client's mistake is logged."""
        where = f"{request.method} {request.scope['path']}"
        if isinstance(error, asyncio.CancelledError):
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                return MlsqlError("the server ends", code="DRAINING", hint="ask again: another one may answer")
        elif isinstance(error, MlsqlError) and not isinstance(error, InternalError):
            return error
        crowded = errors.of_descriptors(error)
        if crowded is not None:
            _LOG.error("%s failed: %s", where, crowded.message)
            return crowded
        if isinstance(error, InternalError):
            _LOG.error("%s failed", where, exc_info=error)
            return error
        fault = errors.Fault(error)
        _LOG.error("%s failed, reference %s", where, fault.reference, exc_info=error)
        return fault


async def _stream(answer: Any, request: Request, send: Send) -> None:
    """Send an answer in pieces; what makes them is closed at the end, also where the client is gone."""

    async def sent(message: Message) -> None:
        # uvicorn's does not wait while the client takes what it is sent, nor when it is gone: others have a turn.
        await send(message)
        await asyncio.sleep(0)

    try:
        await answer(request.scope, request.receive, sent)
    finally:
        close = getattr(answer.body_iterator, "aclose", None)
        if close is not None:
            await close()
