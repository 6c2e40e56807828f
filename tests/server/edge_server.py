"""A real server in a thread of the test process, with routes that tell what reaches an endpoint."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
import pytest
import uvloop
from starlette.responses import Response, StreamingResponse

from mlsql_engine.core.errors import Detail, InternalError, MlsqlError
from mlsql_engine.core.span import Source, Span
from mlsql_engine.server import composition, process
from mlsql_engine.server.callers import Role
from mlsql_engine.server.endpoints import front, health
from mlsql_engine.server.request import Request
from mlsql_engine.server.routes import Route
from mlsql_engine.server.settings import ServerSettings
from mlsql_engine.server.state import State
from mlsql_engine.server.tracing import Tracing
from mlsql_engine.session import Session, connect

SECONDS = 30.0


class Gates:
    """What endpoints wait for, and what they tell of: `ended` is set when a stream was ended."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.begun = threading.Event()
        self.ended = threading.Event()


GATES = Gates()


async def who(request: Request) -> Response:
    return Response(request.caller.name, media_type="text/plain")


async def size(request: Request) -> Response:
    return Response(str(len(await request.content())), media_type="text/plain")


async def parameters(request: Request) -> Response:
    return Response(msgspec.json.encode(await request.parameters()), media_type="application/json")


async def part(request: Request) -> Response:
    return Response(request.path_params["name"], media_type="text/plain")


async def waiting(request: Request) -> Response:
    GATES.begun.set()
    await asyncio.to_thread(GATES.open.wait, SECONDS)
    return Response("done", media_type="text/plain")


async def stuck(request: Request) -> Response:
    GATES.begun.set()
    await asyncio.Event().wait()
    return Response("never", media_type="text/plain")


async def large(_request: Request) -> Response:
    return Response(bytes(32 << 20), media_type="application/octet-stream")


async def stream(_request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        try:
            while True:
                yield bytes(1 << 16)
        finally:
            GATES.ended.set()

    return StreamingResponse(pieces(), media_type="application/octet-stream")


async def broken(_request: Request) -> Response:
    raise RuntimeError("the password is in /home/me/secret")


async def impossible(_request: Request) -> Response:
    raise InternalError("the plan of /home/me/secret has no root")


async def problem(request: Request) -> Response:
    root = request.server.settings.root
    source = Source(str(root / "a" / "b.mlsql"), "select 1")
    raise MlsqlError(
        f"cannot read {root}/data/x.csv, nor '/usr/share/some where/y.csv'",
        code="DATA",
        hint=f"see {root} and /usr/lib/z.so; POST /run/script is not /nowhere/at/all",
        span=Span(source, 0, 6),
        details=[Detail("traceback", "in /home/me/secret.py")],
    )


ROUTES = (
    Route("/open", who, ("GET",), Role.NOBODY),
    Route("/predict", who, ("GET", "POST"), Role.PREDICT),
    Route("/run/script", who, ("POST",), Role.RUN),
    Route("/admin", who, ("GET", "DELETE"), Role.ADMIN),
    Route("/size", size, ("POST",), Role.PREDICT),
    Route("/parameters", parameters, ("GET", "POST"), Role.PREDICT),
    Route("/parts/{name}", part, ("GET",), Role.PREDICT),
    Route("/waiting", waiting, ("GET", "POST"), Role.PREDICT),
    Route("/stuck", stuck, ("GET",), Role.PREDICT),
    Route("/large", large, ("GET",), Role.PREDICT),
    Route("/stream", stream, ("GET",), Role.PREDICT),
    Route("/broken", broken, ("GET",), Role.PREDICT),
    Route("/impossible", impossible, ("GET",), Role.PREDICT),
    Route("/problem", problem, ("GET",), Role.PREDICT),
    *front.ROUTES,
    *health.ROUTES,
)


@dataclass
class Running:
    """A server that runs. `call` runs a function in its event loop and gives what that gives."""

    address: str
    port: int
    state: State
    call: Callable[[Callable[[], Any]], Any]
    end: Callable[[], None]

    def client(self, token: str | None = None) -> httpx.Client:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.address, headers=headers, timeout=SECONDS)

    def socket(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)

    def told(self, sent: bytes) -> bytes:
        """All that is answered to these bytes until the server closes the connection."""
        with self.socket() as connection:
            connection.sendall(sent)
            return everything(connection)


def everything(connection: socket.socket) -> bytes:
    pieces = []
    while piece := connection.recv(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


@contextmanager
def running(
    session: Session,
    settings: ServerSettings,
    routes: Sequence[Route] = ROUTES,
    tracing: Tracing | None = None,
) -> Iterator[Running]:
    """Serve on a free port until the end of the block."""
    listening = process.bind(settings)
    port = listening.getsockname()[1]
    up = threading.Event()
    made: dict[str, Any] = {}

    async def serve() -> None:
        made["loop"] = asyncio.get_running_loop()
        async with composition.application(session, settings, tracing, routes) as app:
            made["app"] = app
            made["server"] = process.make_server(app, settings)
            await process.serve(made["server"], settings, listening, lambda _end: up.set())

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(serve())
        finally:
            up.set()

    def end() -> None:
        made["server"].should_exit = True

    def call(function: Callable[[], Any]) -> Any:
        async def called() -> Any:
            return function()

        return asyncio.run_coroutine_threadsafe(called(), made["loop"]).result(SECONDS)

    thread = threading.Thread(target=run, name="edge-server")
    thread.start()
    try:
        assert up.wait(SECONDS)
        scheme = "http" if settings.certificate is None else "https"
        yield Running(f"{scheme}://127.0.0.1:{port}", port, made["app"].state, call, end)
    finally:
        end()
        GATES.open.set()
        thread.join(SECONDS)
        listening.close()
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with connect() as made:
        yield made


@pytest.fixture(autouse=True)
def gates() -> Gates:
    for event in (GATES.open, GATES.begun, GATES.ended):
        event.clear()
    return GATES
