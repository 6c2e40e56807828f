"""Routes that tell what reaches an endpoint, and some whose endpoints wait, stream or fail."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import AsyncIterator

import msgspec
from starlette.responses import Response, StreamingResponse

from mlsql_engine.core.errors import Detail, InternalError, MlsqlError
from mlsql_engine.core.span import Source, Span
from mlsql_engine.server.callers import Role
from mlsql_engine.server.endpoints import front, health
from mlsql_engine.server.request import Request
from mlsql_engine.server.routes import Route

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


async def crowded(_request: Request) -> Response:
    try:
        raise OSError(errno.EMFILE, "Too many open files", "/home/me/secret")
    except OSError as error:
        raise InternalError("a worker cannot be started") from error


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
    Route("/crowded", crowded, ("GET",), Role.PREDICT),
    Route("/problem", problem, ("GET",), Role.PREDICT),
    *front.ROUTES,
    *health.ROUTES,
)
