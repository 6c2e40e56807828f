"""The worker processes that a session uses or has used, and what they printed."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from mlsql_engine.workers.activity import Activity
from mlsql_engine.workers.launcher import Launcher, WorkerCommand
from mlsql_engine.workers.process import WorkerProcess

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
    """One worker process. `name` is its script or its function; times are UTC.

    `activity` is what it does for functions; None for one that runs a script to its end.
    """

    number: int
    name: str
    interpreter: str
    started: datetime
    process: Process
    activity: Activity | None = None

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
        self._workers: deque[WorkerEntry] = deque(maxlen=_REMEMBERED_WORKERS)
        self._lines: deque[LogLine] = deque(maxlen=_REMEMBERED_LINES)
        self._lock = threading.Lock()

    def add(self, entry: WorkerEntry) -> None:
        """Take down a worker that has been started; once, though a function that has it is registered again."""
        with self._lock:
            if not any((known.number, known.name) == (entry.number, entry.name) for known in self._workers):
                self._workers.append(entry)

    def heard(self, number: int, name: str, line: str) -> None:
        """Take down a line that a worker has printed."""
        with self._lock:
            self._lines.append(LogLine(datetime.now(UTC), number, name, line))

    def workers(self) -> list[WorkerEntry]:
        """Those that are remembered."""
        with self._lock:
            return list(self._workers)

    def lines(self) -> list[LogLine]:
        """What they printed, oldest first."""
        with self._lock:
            return list(self._lines)

    def interrupt(self) -> None:
        """Kill every worker that runs a script to its end: the statement that waits for it fails."""
        for entry in self.workers():
            if entry.activity is None and entry.exit_status is None:
                entry.process.kill()


class ListedLauncher:
    """A Launcher of workers that run a script to its end: each is in the roster, and so is what it prints."""

    def __init__(self, launcher: Launcher, roster: Roster) -> None:
        self._launcher = launcher
        self._roster = roster

    def start(self, command: WorkerCommand) -> WorkerProcess:
        """See Launcher.start."""

        def tell(number: int, line: str) -> None:
            self._roster.heard(number, command.name, line)
            command.tell(number, line)

        worker = self._launcher.start(replace(command, tell=tell))
        entry = WorkerEntry(worker.number, command.name, command.interpreter, datetime.now(UTC), worker)
        self._roster.add(entry)
        return worker
