"""The server as a process: what it listens on, how it begins and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.server.app import App
from mlsql_engine.server.composition import application
from mlsql_engine.server.connection import Connection, close_slow_heads
from mlsql_engine.server.settings import ServerSettings
from mlsql_engine.session import Session

if TYPE_CHECKING:
    import uvicorn

Ready = Callable[[Callable[[], None]], None]

_BACKLOG = 2_048


async def run(session: Session, settings: ServerSettings, listening: socket.socket, ready: Ready) -> None:
    """Serve on a socket until the process is told to end (SIGINT, SIGTERM), and then finish what has begun.

    `ready` is called when requests are answered, with what ends the server, from any thread. A second signal ends
    it at once.
    """
    async with application(session, settings) as app:
        server = _server(app, settings)
        with _ended_by_signals(server):
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            while not server.started and not serving.done():
                await asyncio.sleep(0.01)
            ready(lambda: setattr(server, "should_exit", True))
            slow_heads = asyncio.create_task(close_slow_heads(server))
            try:
                await serving
            finally:
                slow_heads.cancel()


def _server(app: App, settings: ServerSettings) -> uvicorn.Server:
    import uvicorn

    class Server(uvicorn.Server):
        """One whose signals are handled by `_ended_by_signals`."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Nothing."""
            yield

    limits = settings.limits
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=int(limits.idle_seconds),
        timeout_graceful_shutdown=int(limits.drain_seconds),
        backlog=_BACKLOG,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.key,
    )
    return Server(config)


@contextlib.contextmanager
def _ended_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM drain the server, and the second end it."""

    def end() -> None:
        server.force_exit = server.should_exit
        server.should_exit = True

    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        loop.add_signal_handler(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


def bind(settings: ServerSettings) -> socket.socket:
    """A socket at the address of the settings, which refuses connections until it is served.

    Raises MlsqlError: CANNOT_LISTEN.
    """
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        family, _, _, _, address = found[0]
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
        except BaseException:
            made.close()
            raise
    except OSError as error:
        raise MlsqlError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}",
            code="CANNOT_LISTEN",
            hint="another program may listen there: --port takes another port, 0 any that is free",
        ) from error
    return made


def run_loop(session: Session, settings: ServerSettings, listening: socket.socket, ready: Ready) -> None:
    """`run`, in an event loop of its own: uvloop's where there is one."""
    _allow_many_connections()
    factory = None
    if sys.platform != "win32":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(run(session, settings, listening, ready))


def _allow_many_connections() -> None:
    """Let the process have as many descriptors as the system allows it: a connection takes one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard if soft < hard else soft, hard))
