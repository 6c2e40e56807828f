"""Queries that a signal can end.

DuckDB's calls do not come back to Python before they are done, and Python runs signal handlers in the main thread
only. So a query of the main thread runs in a thread of its own, while the main thread waits and looks for signals;
when one has come (Ctrl-C, or SIGTERM in the command line), the query is interrupted, its end awaited, and only then
the signal handled.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

from mlsql_engine.core.signals import held_signals

if TYPE_CHECKING:
    import duckdb

Result = TypeVar("Result")
_LOOK_SECONDS = 0.1


class Interruption:
    """Runs queries of one engine. `cancel_calls` makes model calls that are under way fail at once."""

    def __init__(self, cancel_calls: Callable[[], None]) -> None:
        self._cancel_calls = cancel_calls
        self._executor: ThreadPoolExecutor | None = None
        self._running: dict[int, duckdb.DuckDBPyConnection] = {}

    def interrupt(self) -> None:
        """Make every query fail that runs in another thread; those that come later run."""
        for cursor in list(self._running.values()):
            cursor.interrupt()
        self._cancel_calls()

    def run(self, cursor: duckdb.DuckDBPyConnection, query: Callable[[], Result]) -> Result:
        """What `query`, which uses `cursor`, gives or raises."""
        self._running[id(cursor)] = cursor
        try:
            return self._run(cursor, query)
        finally:
            self._running.pop(id(cursor), None)

    def _run(self, cursor: duckdb.DuckDBPyConnection, query: Callable[[], Result]) -> Result:
        if threading.current_thread() is not threading.main_thread():
            return query()
        if self._executor is None:
            self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mlsql-query")
        with held_signals() as held:
            running = self._executor.submit(query)
            while not wait([running], timeout=_LOOK_SECONDS).done:
                if held.came is not None:
                    # Again and again: the query may not have begun when it is first interrupted.
                    cursor.interrupt()
                    self._cancel_calls()
        return running.result()

    def close(self) -> None:
        """End the thread."""
        if self._executor is not None:
            self._executor.shutdown(wait=False)
            self._executor = None
