"""The server as a process: what it listens on, how it begins and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.server.app import App
from mlsql_engine.server.callbacks import CallbackSender
from mlsql_engine.server.endpoints import health, models, scripts
from mlsql_engine.server.endpoints import jobs as job_endpoints
from mlsql_engine.server.jobs import Jobs
from mlsql_engine.server.routes import Router
from mlsql_engine.server.sessions import ServerSession, Sessions, connected
from mlsql_engine.server.settings import ServerSettings
from mlsql_engine.server.state import State
from mlsql_engine.session import Session

ROUTES = (*health.ROUTES, *scripts.ROUTES, *job_endpoints.ROUTES, *models.ROUTES)


@contextlib.asynccontextmanager
async def application(session: Session, settings: ServerSettings) -> AsyncIterator[App]:
    """The application over a session; what it started ends with the block."""
    executor = ThreadPoolExecutor(32, thread_name_prefix="mlsql-serve")
    try:
        default = ServerSession("default", session, executor, settings.batching)
        limits = settings.limits
        sessions = Sessions(default, partial(connected, settings), executor, limits, settings.batching)
        callbacks = CallbackSender(settings.callbacks)
        jobs = Jobs(sessions, limits, settings.root, callbacks.ended)
        try:
            yield App(State(settings, sessions, jobs, callbacks), Router(ROUTES))
        finally:
            await jobs.close(limits.drain_seconds)
            await callbacks.close(limits.drain_seconds)
            await sessions.close()
    finally:
        await asyncio.to_thread(executor.shutdown)


async def run(session: Session, settings: ServerSettings, listening: socket.socket) -> None:
    """Serve on a socket until the process is told to end (SIGINT, SIGTERM), and then finish what has begun."""
    import uvicorn

    limits = settings.limits
    async with application(session, settings) as app:
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=int(limits.idle_seconds),
            timeout_graceful_shutdown=int(limits.drain_seconds),
            backlog=2_048,
        )
        await uvicorn.Server(config).serve(sockets=[listening])


def listen(settings: ServerSettings) -> socket.socket:
    """A socket at the address of the settings. Raises MlsqlError: CANNOT_LISTEN."""
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((settings.host, settings.port), family=family, backlog=2_048)
    except OSError as error:
        raise MlsqlError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}",
            code="CANNOT_LISTEN",
            hint="another program may listen there: --port takes another port, 0 any that is free",
        ) from error
