"""Calls that are under way, and how they are given up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mlsql_engine.core.errors import Cancelled
from mlsql_engine.workers.process import WorkerProcess

_FINISHING_SECONDS = 0.2
_LOOK_SECONDS = 0.1


def cancelled() -> Cancelled:
    """The error of a call that was given up."""
    return Cancelled("the prediction was cancelled")


class Call:
    """One batch, or one opening of a function, on its way through a pool. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: WorkerProcess | None = None
        self._given_up = False

    @property
    def given_up(self) -> bool:
        """Whether it fails soon."""
        return self._given_up

    def check(self) -> None:
        """Raise Cancelled where it was given up."""
        if self._given_up:
            raise cancelled()

    def begin(self, process: WorkerProcess) -> None:
        """Take down the process that it waits for from now on. Raises Cancelled where it was given up."""
        with self._lock:
            self.check()
            self._process = process

    def end(self) -> None:
        """Take down that it no longer waits for a process."""
        with self._lock:
            self._process = None

    def give_up(self) -> None:
        """Have it fail with Cancelled where it next looks."""
        self._given_up = True

    def kill(self) -> None:
        """End the process that it waits for, if there is one."""
        with self._lock:
            if self._process is not None:
                self._process.kill(cancelled())


class Calls:
    """The calls of one function. Safe for several threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._calls: set[Call] = set()

    @contextmanager
    def one(self) -> Iterator[Call]:
        """A call for the length of the block."""
        call = self.begin()
        try:
            yield call
        finally:
            self.end(call)

    def begin(self) -> Call:
        """A call, until `end`."""
        call = Call()
        with self._changed:
            self._calls.add(call)
        return call

    def end(self, call: Call) -> None:
        """Take down that a call is over."""
        with self._changed:
            self._calls.discard(call)
            self._changed.notify_all()

    def wait(self) -> None:
        """Wait until none is under way."""
        with self._changed:
            self._changed.wait_for(lambda: not self._calls)

    def cancel(self) -> None:
        """Make those that are under way fail soon; what is answered within 0.2 s keeps its process."""
        with self._changed:
            calls = set(self._calls)
            for call in calls:
                call.give_up()
            if self._changed.wait_for(lambda: not calls & self._calls, _FINISHING_SECONDS):
                return
        for call in calls:
            call.kill()


@contextmanager
def taken(lock: threading.Lock, call: Call) -> Iterator[None]:
    """The lock for the length of the block. Raises Cancelled where the call is given up while it waits for it."""
    while not lock.acquire(timeout=_LOOK_SECONDS):
        call.check()
    try:
        yield
    finally:
        lock.release()
