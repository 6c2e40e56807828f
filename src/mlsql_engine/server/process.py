"""The server as a process: what it listens on, how it begins and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import resource
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mlsql_engine.core.errors import DataProblem, MlsqlError
from mlsql_engine.server.app import App
from mlsql_engine.server.composition import application
from mlsql_engine.server.connection import Connection, close_stuck
from mlsql_engine.server.origins import with_origins
from mlsql_engine.server.settings import ServerSettings
from mlsql_engine.server.tracing import configured as tracing_of_environment
from mlsql_engine.session import Session

if TYPE_CHECKING:
    import uvicorn

Ready = Callable[[Callable[[], None]], None]
"""Is called when requests are answered, with what ends the server, from any thread."""

_BACKLOG = 2_048


async def run(session: Session, settings: ServerSettings, listening: socket.socket, ready: Ready) -> int:
    """Serve on a socket until the process is told to end (SIGINT, SIGTERM), and then finish what has begun.

    A second signal ends it at once. Gives the number of requests that were not finished. Raises MlsqlError:
    CANNOT_LISTEN.
    """
    with tracing_of_environment() as tracing:
        async with application(session, settings, tracing) as app:
            server = make_server(app, settings)
            with _ended_by_signals(server, app):
                await serve(server, settings, listening, ready)
            return app.state.unfinished


async def serve(server: uvicorn.Server, settings: ServerSettings, listening: socket.socket, ready: Ready) -> None:
    """Serve until `server.should_exit`. See `run`."""
    try:
        # Another program may have had the address since, and listened first.
        listening.listen(_BACKLOG)
    except OSError as error:
        raise _cannot_listen(settings, error) from error
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    stuck = asyncio.create_task(close_stuck(server, settings.limits))
    try:
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        if not serving.done():
            ready(lambda: setattr(server, "should_exit", True))
        await serving
    finally:
        stuck.cancel()


def make_server(app: App, settings: ServerSettings) -> uvicorn.Server:
    """uvicorn's server for the application, as the settings have it; its signals are the caller's."""
    import uvicorn

    class Server(uvicorn.Server):
        """One that leaves signals alone."""

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            """See uvicorn.Server. What is waited for later has the rest of the time."""
            app.state.draining = True
            app.state.patience.begin()
            await super().shutdown(sockets)
            # Requests that it has just cancelled are not answered yet: nothing else has had a turn since.
            app.state.unfinished = app.state.meters.under_way

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Nothing."""
            yield

    limits = settings.limits
    config = uvicorn.Config(
        with_origins(app, settings.origins),
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=limits.idle_seconds,  # type: ignore[arg-type]
        timeout_graceful_shutdown=limits.drain_seconds,  # type: ignore[arg-type]
        backlog=_BACKLOG,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.key,
    )
    server = Server(config)
    app.state.connections = server.server_state.connections
    return server


@contextlib.contextmanager
def _ended_by_signals(server: uvicorn.Server, app: App) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM drain the server, and the second end it."""

    def drain() -> None:
        server.should_exit = True

    def end() -> None:
        if app.state.draining:
            app.state.patience.hurry()
            server.force_exit = server.should_exit = True
            return
        app.state.draining = True
        notice = app.state.settings.limits.notice_seconds
        if notice > 0:
            loop.call_later(notice, drain)
        else:
            drain()

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


def check_certificate(settings: ServerSettings) -> None:
    """Raise DataProblem where the server cannot serve https with the certificate and key of the settings."""
    if settings.certificate is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.certificate, settings.key)
    except OSError as error:
        raise DataProblem(
            f"the certificate {settings.certificate}, or its key {settings.key}, cannot be used: "
            f"{error.strerror or error}",
            code="FILE_NOT_FOUND" if isinstance(error, FileNotFoundError) else "DATA",
        ) from error


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
        raise _cannot_listen(settings, error) from error
    return made


def _cannot_listen(settings: ServerSettings, error: OSError) -> MlsqlError:
    hint = None
    if error.errno == errno.EADDRINUSE:
        hint = "another program listens there: --port takes another port, 0 any that is free"
    elif error.errno == errno.EACCES:
        hint = "ports below 1024 are for programs with special rights: --port takes another"
    return MlsqlError(
        f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}",
        code="CANNOT_LISTEN",
        hint=hint or "--host is an address or a name of this machine",
    )


def run_loop(session: Session, settings: ServerSettings, listening: socket.socket, ready: Ready) -> int:
    """`run`, in an event loop of its own: uvloop's where there is one."""
    _allow_many_connections()
    factory = None
    if sys.platform != "win32":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(run(session, settings, listening, ready))


def _allow_many_connections() -> None:
    """Let the process have as many descriptors as the system allows it: a connection takes one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
