"""The runs of scripts in a session: what is going on, what was, and how to end it."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from mlsql_engine.core.errors import Cancelled, MlsqlError, UnknownName
from mlsql_engine.core.progress import Progress

State = Literal["running", "succeeded", "failed", "cancelled"]
_REMEMBERED = 1_000
_AGAIN_SECONDS = 0.1
_LEAVE_SECONDS = 10.0


def _nothing() -> None:
    pass


@dataclass
class Job:
    """One run of a script. `statement` is the first line of what it does, or did last; times are UTC.

    `statements` is how many the script has, 0 before it is parsed, and `done` how many of them have ended;
    `progress` is told how it goes, None: whoever the session tells; `moved` is called when a statement begins.
    """

    id: int
    name: str
    started: datetime
    state: State = "running"
    statement: str = ""
    statements: int = 0
    done: int = 0
    ended: datetime | None = None
    message: str = ""
    progress: Progress | None = field(default=None, repr=False)
    moved: Callable[[], None] = field(default=_nothing, repr=False)
    cancelled: bool = field(default=False, repr=False)

    def begins(self, statement: str) -> None:
        """Go on to a statement."""
        self.statement = statement
        self.moved()

    def check(self) -> None:
        """Raise Cancelled where somebody has asked for the job's end."""
        if self.cancelled:
            raise Cancelled(f"job {self.id} was cancelled")


class Jobs:
    """The jobs of a session, safe for several threads.

    Statements take turns: one at a time has `turn`, in the order in which they asked for it. `interrupt` makes what
    that one does fail.
    """

    def __init__(self, interrupt: Callable[[], None]) -> None:
        self._interrupt = interrupt
        self._numbers = itertools.count(1)
        self._jobs: deque[Job] = deque(maxlen=_REMEMBERED)
        self._guard = threading.Condition()
        self._working: Job | None = None
        self._thread: int | None = None
        self._waiting: deque[object] = deque()
        self._own = threading.local()

    @property
    def working(self) -> Job | None:
        """The job that has the turn."""
        return self._working

    def current(self) -> Job | None:
        """The job that the calling thread runs; for a thread that runs none, the one that has the turn."""
        own: Job | None = getattr(self._own, "job", None)
        return self._working if own is None else own

    @contextmanager
    def started(self, name: str, progress: Progress | None = None) -> Iterator[Job]:
        """A job for the length of the block, which ends it as it ends itself."""
        job = Job(next(self._numbers), name, datetime.now(UTC), progress=progress)
        self._jobs.append(job)
        outer, self._own.job = getattr(self._own, "job", None), job
        try:
            yield job
        except BaseException as error:
            job.state = "cancelled" if job.cancelled or not isinstance(error, Exception) else "failed"
            job.message = error.message if isinstance(error, MlsqlError) else type(error).__name__
            raise
        else:
            job.state = "succeeded"
        finally:
            self._own.job = outer
            job.progress, job.moved = None, _nothing  # the job is remembered for longer than these
            job.ended = datetime.now(UTC)

    @contextmanager
    def turn(self, job: Job) -> Iterator[None]:
        """The session's engine and workers for one statement of the job; others wait.

        Raises Cancelled where the job was cancelled while it waited or worked.
        """
        with self._guard:
            job.check()
            working, thread = self._working, self._thread
            if thread != threading.get_ident():
                self._wait_for_turn(job)
                working = thread = None
            self._working, self._thread = job, threading.get_ident()
        try:
            yield
        except Exception as error:
            if job.cancelled:
                raise Cancelled(f"job {job.id} was cancelled") from error
            raise
        finally:
            with self._guard:
                self._working, self._thread = working, thread
                self._guard.notify_all()

    def _wait_for_turn(self, job: Job) -> None:
        ticket = object()
        self._waiting.append(ticket)
        try:
            while self._thread is not None or self._waiting[0] is not ticket:
                self._guard.wait()
                job.check()
        finally:
            self._waiting.remove(ticket)
            self._guard.notify_all()

    def cancel(self, number: int) -> Job:
        """Have the job of that number end; what it does fails. Raises UnknownName for a job that does not run."""
        with self._guard:
            running = {job.id: job for job in self._jobs if job.state == "running"}
            job = running.get(number)
            if job is None:
                raise UnknownName("running job", str(number), map(str, running))
            job.cancelled = True
            self._guard.notify_all()
        threading.Thread(target=self._end, args=(job,), name="mlsql-cancel", daemon=True).start()
        return job

    def cancel_all(self) -> None:
        """Cancel every job that runs, and wait for the one that works; not longer than ten seconds."""
        for job in self:
            if job.state == "running":
                with suppress(UnknownName):  # it has just ended by itself
                    self.cancel(job.id)
        with self._guard:
            own = (None, threading.get_ident())
            self._guard.wait_for(lambda: self._thread in own, timeout=_LEAVE_SECONDS)

    def _end(self, job: Job) -> None:
        """Interrupt what the job does, again and again: it may not have begun when it is first interrupted."""
        with self._guard:
            while self._working is job and job.state == "running":
                self._interrupt()
                self._guard.wait(_AGAIN_SECONDS)

    def __iter__(self) -> Iterator[Job]:
        return iter(list(self._jobs))
