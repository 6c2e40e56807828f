"""What a job tells while it runs: numbered events, the last of them kept."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from typing import Any, Literal, NamedTuple

_LONGEST_LINE = 4_096
Kind = Literal["progress", "warning", "output", "state", "end", "missed"]


class Event(NamedTuple):
    """One thing that a job told; `id` counts from 1, `data` is what JSON can have."""

    id: int
    kind: Kind
    data: dict[str, Any]


class JobLog:
    """A Progress, told by any thread and read in the event loop that it was made in; the last `most` events stay.

    Each warning is kept once.
    """

    def __init__(self, most: int) -> None:
        self._events: deque[Event] = deque(maxlen=most)
        self._lock = threading.Lock()
        self._last = 0
        self._warned: set[tuple[str, str]] = set()
        self._loop = asyncio.get_running_loop()
        self._waiting: list[asyncio.Future[None]] = []
        self._woken = False

    def note(self, text: str) -> None:
        """See Progress."""
        self.add("progress", {"text": text})

    def warn(self, code: str, text: str) -> None:
        """See Progress."""
        with self._lock:
            if (code, text) in self._warned:
                return
            self._warned.add((code, text))
        self.add("warning", {"code": code, "text": text})

    def output(self, who: str, line: str) -> None:
        """See Progress."""
        self.add("output", {"who": who, "line": line[:_LONGEST_LINE]})

    def add(self, kind: Kind, data: dict[str, Any]) -> None:
        """Keep an event, with the time in milliseconds, and wake who waits for one."""
        with self._lock:
            self._last += 1
            self._events.append(Event(self._last, kind, {"time": time.time_ns() // 1_000_000, **data}))
            if self._woken:
                return
            self._woken = True
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        with self._lock:
            self._woken = False
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def after(self, number: int) -> list[Event]:
        """The events after that number; first, where some of them are kept no more, one that tells how many."""
        with self._lock:
            found = [event for event in self._events if event.id > number]
            last = self._last
        first = found[0].id if found else last + 1
        if first > number + 1 and number < last:
            found.insert(0, Event(first - 1, "missed", {"count": first - 1 - number}))
        return found

    async def wait(self, number: int) -> None:
        """Return when there is an event after that number."""
        while True:
            future: asyncio.Future[None] = self._loop.create_future()
            self._waiting.append(future)  # before the look, so that none is missed
            if self._last > number:
                return
            await future
