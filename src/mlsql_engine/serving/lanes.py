"""Lanes: where batches are predicted one after the other, while an event loop waits for their answers."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Protocol

import pyarrow as pa

from mlsql_engine.serving.flights import Flight, Question

# The loop itself waits so long for an answer; then a thread does, which also sees a worker that is stuck.
PATIENCE_SECONDS = 0.5
_LARGE_ROWS = 16_384
_MOST_FLIGHTS = 2


class Told(Protocol):
    """Is told what becomes of the batches. See Batcher."""

    def answered(self, flight: Flight, values: pa.Array) -> None: ...

    def failed(self, flight: Flight, error: BaseException) -> None: ...

    def not_begun(self, flight: Flight) -> None:
        """A batch that was behind one with which the worker was lost."""


class Lane:
    """A worker for the time in which it is asked without a pause. Belongs to one event loop.

    `flights` are the batches that it has, the oldest first. It is over, and another has to be made, when there are
    none left.
    """

    def __init__(self, told: Told, loop: asyncio.AbstractEventLoop, executor: Executor) -> None:
        self.flights: deque[Flight] = deque()
        self._told = told
        self._loop = loop
        self._executor = executor
        self._asked: Question | None = None
        self._descriptor: int | None = None
        self._aside = False

    def begin(self, flight: Flight, rows: pa.RecordBatch, spinning: float) -> None:
        """Have a worker predict the first batch; for `spinning` seconds the answer is not slept for.

        Raises what asking raises; then it has not begun.
        """
        asked = flight.function.ask(rows) if rows.num_rows <= _LARGE_ROWS else None
        self.flights.append(flight)
        if asked is None:
            self._have_thread(flight.function.predict_once, rows)
            return
        self._asked = asked
        if spinning:
            self._spin(flight.begun + spinning)
        else:
            self._listen()

    @property
    def takes_another(self) -> bool:
        """Whether a batch may be sent behind those that it has: not where one was asked before, and may crash."""
        flights = self.flights
        return (
            self._asked is not None and not self._aside and len(flights) < _MOST_FLIGHTS and not flights[-1].again
        )

    def add(self, flight: Flight, rows: pa.RecordBatch) -> bool:
        """Send a batch behind the others; False where the worker is wanted elsewhere, or the batch is large."""
        if self._asked is None or rows.num_rows > _LARGE_ROWS or not self._asked.add(rows):
            return False
        self.flights.append(flight)
        if self._descriptor is None:
            self._listen()
        return True

    def look(self, now: float) -> None:
        """Have a thread wait for an answer that has not come for long, at a time of `time.monotonic`."""
        if self._descriptor is not None and self.flights[0].begun < now - PATIENCE_SECONDS and self._asked:
            self._ignore()
            self._have_thread(self._asked.wait)

    def _spin(self, until: float) -> None:
        """Look again and again, between all else that the loop does: to be woken takes longer than the answer."""
        if self._descriptor is not None or self._aside or not self.flights or self._taken():
            return
        if time.monotonic() < until:
            self._loop.call_soon(self._spin, until)
        else:
            self._listen()

    def _listen(self) -> None:
        if self._asked is not None:
            self._descriptor = self._asked.fileno()
            self._loop.add_reader(self._descriptor, self._taken)

    def _ignore(self) -> None:
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            self._descriptor = None

    def _taken(self) -> bool:
        """Take the answers that are there; whether there was one."""
        asked, found = self._asked, False
        # Of what stays in the channel, the socket tells nothing any more.
        while asked is not None and self.flights and not self._aside:
            try:
                values = asked.poll()
            except Exception as error:  # noqa: BLE001 - it is the requests'
                self._over(asked, error)
            else:
                if values is None:
                    break
                self._over(asked, values)
            found = True
            asked = self._asked
        return found

    def _over(self, asked: Question, outcome: pa.Array | BaseException) -> None:
        """Go on behind a batch, whose answers or error these are."""
        flight = self.flights.popleft()
        lost: list[Flight] = []
        if asked.over:
            # The worker is somebody else's from now on, who may wait for it too.
            self._ignore()
            self._asked = None
            lost = list(self.flights)
            self.flights.clear()
        elif self.flights:
            self.flights[0].begun = time.monotonic()
        for one in lost:
            self._told.not_begun(one)
        self._tell(flight, outcome)

    def _tell(self, flight: Flight, outcome: pa.Array | BaseException) -> None:
        if isinstance(outcome, BaseException):
            self._told.failed(flight, outcome)
        else:
            self._told.answered(flight, outcome)

    def _have_thread(self, call: Callable[..., pa.Array], *arguments: pa.RecordBatch) -> None:
        """Have a thread wait for the oldest batch."""

        def ended(future: asyncio.Future[pa.Array]) -> None:
            self._aside = False
            asked, outcome = self._asked, future.exception() or future.result()
            if asked is None:
                self._tell(self.flights.popleft(), outcome)
                return
            self._over(asked, outcome)
            self._taken()
            if self.flights and self._descriptor is None:
                self._listen()

        self._aside = True
        self._loop.run_in_executor(self._executor, call, *arguments).add_done_callback(ended)
