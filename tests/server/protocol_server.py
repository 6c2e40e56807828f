"""A server of a session in a thread of the test's process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from mlsql_engine import Session
from mlsql_engine.server import process
from mlsql_engine.server.settings import ServerSettings


@contextmanager
def served(session: Session, settings: ServerSettings | None = None) -> Iterator[tuple[str, int]]:
    """The address that the session is served at, for the length of the block."""
    settings = settings or ServerSettings(port=0)
    stopping: list[uvicorn.Server] = []
    begun = threading.Event()

    async def run() -> None:
        async with process.application(session, settings) as app:
            server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
            stopping.append(server)
            begun.set()
            await server.serve(sockets=[listening])

    with process.listen(settings) as listening:
        thread = threading.Thread(target=asyncio.run, args=(run(),))
        thread.start()
        try:
            # Who connects now waits at the socket, which listens already.
            assert begun.wait(30)
            host, port = listening.getsockname()[:2]
            yield host, port
        finally:
            stopping[0].should_exit = True
            thread.join(30)
    assert not thread.is_alive()
