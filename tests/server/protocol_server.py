"""A server of a session in a thread of the test's process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mlsql_engine import Session
from mlsql_engine.server import process
from mlsql_engine.server.settings import ServerSettings


@contextmanager
def served(session: Session, settings: ServerSettings | None = None) -> Iterator[tuple[str, int]]:
    """The address that the session is served at, for the length of the block."""
    settings = settings or ServerSettings(port=0)
    begun = threading.Event()
    ends: list[Callable[[], None]] = []

    def ready(end: Callable[[], None]) -> None:
        ends.append(end)
        begun.set()

    with process.bind(settings) as listening:
        host, port = listening.getsockname()[:2]
        thread = threading.Thread(target=process.run_loop, args=(session, settings, listening, ready))
        thread.start()
        try:
            assert begun.wait(30)
            yield host, port
        finally:
            ends[0]()
            thread.join(30)
    assert not thread.is_alive()
