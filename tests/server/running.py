"""A server in a thread of the test process, on a port of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TypeVar

import httpx
import uvicorn

from mlsql_engine import SilentProgress, connect
from mlsql_engine.core.settings import Settings
from mlsql_engine.server.app import App
from mlsql_engine.server.composition import application
from mlsql_engine.server.settings import ServerSettings
from mlsql_engine.server.state import State
from mlsql_engine.session import Session

Value = TypeVar("Value")
SECONDS = 60.0


class Running:
    """The server: `client` asks it; `state` belongs to its loop, in which `within` calls."""

    def __init__(self, session: Session, state: State, url: str, loop: asyncio.AbstractEventLoop) -> None:
        self.session = session
        self.state = state
        self.url = url
        self.client = httpx.Client(base_url=url, timeout=SECONDS)
        self._loop = loop

    def within(self, call: Callable[[], Value]) -> Value:
        """What a function gives that is called in the server's loop."""

        async def called() -> Value:
            return call()

        return asyncio.run_coroutine_threadsafe(called(), self._loop).result(SECONDS)


@contextlib.contextmanager
def serving(settings: ServerSettings, wrap: Callable[[App], App] = lambda app: app) -> Iterator[Running]:
    """A server over a new session; `wrap` may put something around its application."""
    allowed = Settings(shell=False, roots=settings.roots, addresses=settings.addresses)
    with connect(progress=SilentProgress(), settings=allowed) as session:
        ready: Future[Running] = Future()
        stopped: Future[asyncio.Event] = Future()
        thread = threading.Thread(target=lambda: asyncio.run(_serve(session, settings, wrap, ready, stopped)))
        thread.start()
        try:
            running = ready.result(SECONDS)
            try:
                yield running
            finally:
                running.client.close()
        finally:
            event = stopped.result(SECONDS)
            running._loop.call_soon_threadsafe(event.set)
            thread.join(SECONDS)
            assert not thread.is_alive()


async def _serve(
    session: Session,
    settings: ServerSettings,
    wrap: Callable[[App], App],
    ready: Future[Running],
    stopped: Future[asyncio.Event],
) -> None:
    stop = asyncio.Event()
    stopped.set_result(stop)
    try:
        async with application(session, settings) as app:
            listening = socket.create_server(("127.0.0.1", 0))
            config = uvicorn.Config(
                wrap(app), lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=5
            )
            server = uvicorn.Server(config)
            server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign]
            serve = asyncio.create_task(server.serve([listening]))
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            ready.set_result(Running(session, app.state, url, asyncio.get_running_loop()))
            await stop.wait()
            server.should_exit = True
            await serve
    except BaseException as error:
        if not ready.done():
            ready.set_exception(error)
        raise
