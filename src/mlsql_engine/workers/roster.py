"""The worker processes that a session uses or has used, and what they printed."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, field, replace
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
    """One worker process. `name` is its script or its function, `model` the function's model; times are UTC.

    `activity` is what it does for functions; None for one that runs a script to its end.
    """

    number: int
    name: str
    interpreter: str
    started: datetime
    process: Process
    activity: Activity | None = None
    model: str = ""

    @property
    def exit_status(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self.process.wait(0)


@dataclass
class Totals:
    """What several workers have done; `lost` are those that an error ended, by its code."""

    started: int = 0
    batches: int = 0
    rows: int = 0
    failures: int = 0
    busy_seconds: float = 0.0
    lost: Counter[str] = field(default_factory=Counter)

    def add(self, entry: WorkerEntry) -> None:
        """Add what one worker has done."""
        self.started += 1
        activity = entry.activity
        if activity is not None:
            self.batches += activity.batches
            self.rows += activity.rows
            self.failures += activity.failures
            self.busy_seconds += activity.busy_seconds
            if activity.lost:
                self.lost[activity.lost] += 1


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
        self._workers: deque[WorkerEntry] = deque()
        self._forgotten: dict[tuple[str, str], Totals] = {}
        self._lines: deque[LogLine] = deque(maxlen=_REMEMBERED_LINES)
        self._lock = threading.Lock()

    def add(self, entry: WorkerEntry) -> None:
        """Take down a worker that has been started; once, though several functions of the session have it."""
        with self._lock:
            if any(known.number == entry.number for known in self._workers):
                return
            self._workers.append(entry)
            if len(self._workers) > _REMEMBERED_WORKERS:
                oldest = self._workers.popleft()
                self._forgotten.setdefault((oldest.name, oldest.model), Totals()).add(oldest)

    def heard(self, number: int, name: str, line: str) -> None:
        """Take down a line that a worker has printed."""
        with self._lock:
            self._lines.append(LogLine(datetime.now(UTC), number, name, line))

    def workers(self) -> list[WorkerEntry]:
        """Those that are remembered."""
        with self._lock:
            return list(self._workers)

    def totals(self) -> dict[tuple[str, str], Totals]:
        """What all workers have done, also those that are not remembered, by name and model."""
        with self._lock:
            found = {key: replace(totals, lost=Counter(totals.lost)) for key, totals in self._forgotten.items()}
            for entry in self._workers:
                found.setdefault((entry.name, entry.model), Totals()).add(entry)
        return found

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

    def prepare(self) -> None:
        """See Launcher.prepare."""
        self._launcher.prepare()

    def start(self, command: WorkerCommand) -> WorkerProcess:
        """See Launcher.start."""

        def tell(number: int, line: str) -> None:
            self._roster.heard(number, command.name, line)
            command.tell(number, line)

        worker = self._launcher.start(replace(command, tell=tell))
        entry = WorkerEntry(worker.number, command.name, command.interpreter, datetime.now(UTC), worker)
        self._roster.add(entry)
        return worker
