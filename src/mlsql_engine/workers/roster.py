"""The worker processes that a session has started, and what they printed."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

_REMEMBERED_WORKERS = 1_000
_REMEMBERED_LINES = 10_000


class Process(Protocol):
    """What the roster asks of a worker process."""

    @property
    def pid(self) -> int: ...

    def wait(self, timeout: float) -> int | None: ...

    def kill(self) -> None: ...


@dataclass(frozen=True)
class WorkerEntry:
    """One worker process. `name` is its script or its function; times are UTC."""

    number: int
    name: str
    interpreter: str
    started: datetime
    process: Process

    @property
    def exit_status(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self.process.wait(0)


@dataclass(frozen=True)
class LogLine:
    """One line that a worker printed."""

    time: datetime
    worker: int
    name: str
    line: str


class Roster:
    """Workers in the order of their start, the last 1,000 of them, and their last 10,000 lines.

    Safe for several threads.
    """

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._workers: deque[WorkerEntry] = deque(maxlen=_REMEMBERED_WORKERS)
        self._lines: deque[LogLine] = deque(maxlen=_REMEMBERED_LINES)
        self._lock = threading.Lock()

    def number(self) -> int:
        """The number of the next worker."""
        return next(self._numbers)

    def add(self, entry: WorkerEntry) -> None:
        """Take down a worker that has been started."""
        with self._lock:
            self._workers.append(entry)

    def listening(self, number: int, name: str, tell: Callable[[str], None]) -> Callable[[str], None]:
        """`tell`, which also takes each line down."""

        def told(line: str) -> None:
            with self._lock:
                self._lines.append(LogLine(datetime.now(UTC), number, name, line))
            tell(line)

        return told

    def workers(self) -> list[WorkerEntry]:
        """Those that are remembered."""
        with self._lock:
            return list(self._workers)

    def lines(self) -> list[LogLine]:
        """What they printed, oldest first."""
        with self._lock:
            return list(self._lines)

    def interrupt(self) -> None:
        """Kill every worker that runs: what waits for one fails, and a later prediction starts another."""
        for entry in self.workers():
            if entry.exit_status is None:
                entry.process.kill()
