"""Servers that run: `in_thread`, over a session of the test's; `alone`, over one of its own; `as_process`."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import httpx
import uvloop

from mlsql_engine import SilentProgress, connect
from mlsql_engine.core.settings import Settings
from mlsql_engine.server import composition, process
from mlsql_engine.server.routes import Route
from mlsql_engine.server.settings import ServerSettings
from mlsql_engine.server.state import State
from mlsql_engine.server.tracing import Tracing
from mlsql_engine.session import Session

Value = TypeVar("Value")
SECONDS = 60.0
SERVE = [sys.executable, "-c", "from mlsql_engine.cli.main import entry_point; entry_point()", "serve"]


@dataclass
class Running:
    """A server in a thread, on a port of its own. `client` asks it without a token; `end` tells it to end."""

    session: Session
    state: State
    address: str
    port: int
    client: httpx.Client
    end: Callable[[], None]
    _loop: asyncio.AbstractEventLoop

    def call(self, function: Callable[[], Value]) -> Value:
        """What a function gives that is called in the server's loop, to which `state` belongs."""

        async def called() -> Value:
            return function()

        return asyncio.run_coroutine_threadsafe(called(), self._loop).result(SECONDS)

    def asking(self, token: str | None = None) -> httpx.Client:
        """A client of its own, with a token."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.address, headers=headers, timeout=SECONDS)

    def socket(self) -> socket.socket:
        """A connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)

    def told(self, sent: bytes) -> bytes:
        """All that is answered to these bytes until the server closes the connection."""
        with self.socket() as connection:
            connection.sendall(sent)
            return everything(connection)


def everything(connection: socket.socket) -> bytes:
    """What comes until the other side closes the connection."""
    pieces = []
    while piece := connection.recv(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


@contextmanager
def in_thread(
    session: Session,
    settings: ServerSettings | None = None,
    routes: Sequence[Route] = composition.ROUTES,
    tracing: Tracing | None = None,
) -> Iterator[Running]:
    """Serve a session until the end of the block, on a free port whatever the settings say."""
    settings = replace(settings or ServerSettings(), port=0)
    ready: Future[tuple[asyncio.AbstractEventLoop, State, Callable[[], None]]] = Future()

    async def serve(listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        async with composition.application(session, settings, tracing, routes) as app:
            server = process.make_server(app, settings)
            await process.serve(server, settings, listening, lambda end: ready.set_result((loop, app.state, end)))

    def run(listening: socket.socket) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(serve(listening))
        except BaseException as error:
            if not ready.done():
                ready.set_exception(error)
            raise

    scheme = "http" if settings.certificate is None else "https"
    with process.bind(settings) as listening:
        port = listening.getsockname()[1]
        address = f"{scheme}://127.0.0.1:{port}"
        thread = threading.Thread(target=run, args=(listening,), name="server")
        thread.start()
        loop, state, end = ready.result(SECONDS)
        try:
            with httpx.Client(base_url=address, timeout=SECONDS) as client:
                yield Running(session, state, address, port, client, end, loop)
        finally:
            end()
            thread.join(SECONDS)
    assert not thread.is_alive()


@contextmanager
def alone(settings: ServerSettings) -> Iterator[Running]:
    """A server over a new session, whose scripts may do what the settings say."""
    allowed = Settings(shell=False, roots=settings.roots, addresses=settings.addresses)
    with connect(progress=SilentProgress(), settings=allowed) as session, in_thread(session, settings) as server:
        yield server


@dataclass
class Process:
    """`mlsql serve` as a process of its own; `lines` are those that it told until it answered."""

    process: subprocess.Popen[str]
    address: str
    lines: list[str]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.address.rpartition(":")[2])

    def socket(self) -> socket.socket:
        """A connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)

    def wait_until_refused(self) -> None:
        """Return when it takes no connections any more."""
        while True:
            try:
                with self.socket():
                    pass
            except ConnectionRefusedError:
                return
            except ConnectionError:
                pass

    def ended(self) -> tuple[int, str, str]:
        """Its exit status when it has ended, and what it told on standard output and, since, on standard error."""
        told, errors = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, told, errors


@contextmanager
def as_process(*arguments: str, cwd: Path, **environment: str) -> Iterator[Process]:
    """`mlsql serve` on a free port, which is ended with the block where it has not ended itself."""
    started = subprocess.Popen(
        [*SERVE, "--port", "0", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    watchdog = threading.Timer(2 * SECONDS, started.kill)
    watchdog.start()
    try:
        lines = []
        assert started.stderr is not None
        for line in started.stderr:
            lines.append(line.rstrip("\n"))
            if line.startswith("mlsql serves "):
                break
        address = lines[-1].removeprefix("mlsql serves ") if lines else ""
        yield Process(started, address, lines)
    finally:
        if started.poll() is None:
            started.kill()
        watchdog.cancel()
        started.communicate()
