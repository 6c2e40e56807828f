"""What a server is made of: the one place that puts its parts together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import msgspec
import pyarrow as pa

from mlsql_engine.server.app import App
from mlsql_engine.server.audit import Audit
from mlsql_engine.server.bodies import Bodies
from mlsql_engine.server.callbacks import CallbackSender
from mlsql_engine.server.endpoints import (
    front,
    health,
    jobs,
    model_predict,
    models,
    open_inference,
    scoring,
    scripts,
)
from mlsql_engine.server.following import follow_models
from mlsql_engine.server.gate import Gate
from mlsql_engine.server.job import ScriptJob
from mlsql_engine.server.jobs import Jobs
from mlsql_engine.server.openapi import document
from mlsql_engine.server.patience import Patience
from mlsql_engine.server.queries import SessionQueries
from mlsql_engine.server.routes import Route, Router
from mlsql_engine.server.sessions import ServerSession, Sessions, connected
from mlsql_engine.server.settings import ServerSettings
from mlsql_engine.server.state import State
from mlsql_engine.server.tracing import Tracing
from mlsql_engine.serving.served import CLOSING_SECONDS
from mlsql_engine.session import Session

ROUTES: Final = (
    *front.ROUTES,
    *health.ROUTES,
    *open_inference.ROUTES,
    *scoring.ROUTES,
    *model_predict.ROUTES,
    *scripts.ROUTES,
    *jobs.ROUTES,
    *models.ROUTES,
)
_THREADS = 128
_LAST_CALLS_SECONDS = 1.0
"""So long the calls may take that tell of jobs that were ended by the end of the server."""


@contextlib.asynccontextmanager
async def application(
    session: Session,
    settings: ServerSettings,
    tracing: Tracing | None = None,
    routes: Sequence[Route] = ROUTES,
) -> AsyncIterator[App]:
    """The application over a session; what it started ends with the block, the last first."""
    limits = settings.limits
    async with contextlib.AsyncExitStack() as stack:
        patience = Patience(limits.drain_seconds)
        executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="mlsql-serve")
        # What threads wait for fails when the session ends.
        stack.callback(executor.shutdown, wait=False, cancel_futures=True)
        # Arrow imports pandas, where it is, when it first makes an array: nobody shall wait for that.
        await asyncio.to_thread(pa.array, [0.0])
        default = ServerSession("default", session, executor, settings.batching)
        sessions = Sessions(default, partial(connected, settings), executor, limits, settings.batching)
        if tracing is not None:
            sessions.watch(tracing.predicting)
        stack.push_async_callback(lambda: sessions.close(min(patience.left(), CLOSING_SECONDS)))
        callbacks = CallbackSender(settings.callbacks)
        stack.push_async_callback(lambda: callbacks.close(patience.left(_LAST_CALLS_SECONDS)))
        queries = SessionQueries(settings.queries)
        stack.push_async_callback(queries.close)

        def ended(job: ScriptJob) -> None:
            callbacks.ended(job)
            queries.expect(sessions.all())  # the script may have registered the first function

        running = Jobs(sessions, limits, settings.root, ended)
        stack.push_async_callback(lambda: running.close(patience.left()))
        audit = stack.enter_context(contextlib.closing(Audit(settings.audit_log)))
        gate = Gate(settings.tokens, settings.rate, settings.host, settings.origins)
        if limits.follow_seconds:
            following = asyncio.create_task(follow_models(sessions.all, limits))
            stack.callback(following.cancel)
        bodies, description = Bodies(limits.bodies), msgspec.json.encode(document(routes))
        state = State(settings, sessions, gate, audit, queries, running, callbacks, bodies, description)
        state.tracing, state.patience = tracing, patience
        queries.expect(sessions.all())
        yield App(state, Router(routes))
