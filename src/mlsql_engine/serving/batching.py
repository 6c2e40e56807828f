"""Requests for one function that wait together are predicted together.

A batch begins as soon as a lane is free: while one is on its way, requests gather for the next, so that batches
grow with the load. Where batches are short, one that is as large as that on its way is sent behind it, so that
neither the worker nor the event loop waits for the other. Everything here belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor

import pyarrow as pa

from mlsql_engine.core.errors import MlsqlError, ScriptFailed, WorkerProblem
from mlsql_engine.serving.answers import Answers, BatchAnswers
from mlsql_engine.serving.flights import Flight, Predicting, Waiting
from mlsql_engine.serving.lanes import Lane
from mlsql_engine.serving.limits import BatchLimits
from mlsql_engine.serving.meters import BatchMeter
from mlsql_engine.serving.overload import expired, overloaded
from mlsql_engine.serving.pace import Pace
from mlsql_engine.serving.parts import Part

_SWEEP_SECONDS = 0.1


class Batcher:
    """The requests for one function. `function` gives its newest registration at the begin of each batch."""

    def __init__(
        self, function: Callable[[], Predicting], executor: Executor, limits: BatchLimits, meter: BatchMeter
    ) -> None:
        self._function = function
        self._executor = executor
        self._limits = limits
        self._meter = meter
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Waiting] = deque()
        self._again: deque[list[Waiting]] = deque()
        self._lanes: list[Lane] = []
        self._queued_rows = 0
        self._pace = Pace()
        self._most_lanes = limits.lanes or 1
        self._scheduled: asyncio.Handle | None = None
        self._sweeping = False
        self._flushing = False

    def predict(self, part: Part, deadline: float) -> asyncio.Future[Answers]:
        """The answers for the rows of one request; `deadline` is a time of `time.monotonic`.

        Raises MlsqlError: OVERLOADED where too much waits. The future has DEADLINE where the time is over.
        """
        rows = part.rows
        limits = self._limits
        if len(self._queue) >= limits.queued or (self._queue and self._queued_rows + rows > limits.queued_rows):
            self._meter.refused += 1
            raise overloaded(self._pace.seconds_for(self._queued_rows))
        future: asyncio.Future[Answers] = self._loop.create_future()
        now = time.monotonic()
        self._queue.append(Waiting(part, rows, future, deadline, now))
        self._queued_rows += rows
        self._pace.arrived(now, rows)
        if self._scheduled is None:
            if len(self._lanes) < self._most_lanes:
                self._schedule()
            elif self._lane_behind() is not None:
                self._scheduled = self._loop.call_soon(self._flush)
            elif not self._sweeping:
                self._sweep_later()
        return future

    @property
    def queued(self) -> int:
        """How many requests wait."""
        return len(self._queue)

    def _schedule(self) -> None:
        """Begin a batch when the loop has taken in what has come by now, or a little later where that pays."""
        wait = self._pace.wait(self._queued_rows, self._limits.rows, busy=bool(self._lanes))
        if wait:
            self._scheduled = self._loop.call_later(wait, self._flush)
        else:
            self._scheduled = self._loop.call_soon(self._flush)

    def _lane_behind(self) -> Lane | None:
        """A lane where what waits may be sent behind a batch: it is no smaller, both are short, and it does no harm
        to ask it once more where the worker is lost."""
        if not self._again and self._pace.is_short:
            for lane in self._lanes:
                last = lane.flights[-1]
                if lane.takes_another and last.function.pure and last.count <= self._queued_rows:
                    return lane
        return None

    def _flush(self) -> None:
        self._scheduled = None
        self._flushing = True
        try:
            while self._queue or self._again:
                behind = None
                if len(self._lanes) >= self._most_lanes:
                    behind = self._lane_behind()
                    if behind is None:
                        break
                again = bool(self._again)
                batch = self._wanted(self._again.popleft()) if again else self._next()
                if batch and not self._begin(batch, again, behind):
                    break
        except MlsqlError as error:  # the function is there no more
            self._give_up(error)
        finally:
            self._flushing = False

    def _wanted(self, batch: list[Waiting]) -> list[Waiting]:
        """The requests that somebody waits for, and still may."""
        now = time.monotonic()
        for one in batch:
            if one.deadline <= now and not one.future.done():
                self._expire(one)
        return [one for one in batch if not one.future.done()]

    def _give_up(self, error: MlsqlError) -> None:
        """Tell all that wait of an error."""
        for one in (*self._queue, *(one for batch in self._again for one in batch)):
            if not one.future.done():
                one.future.set_exception(_own(error))
        self._queue.clear()
        self._again.clear()
        self._queued_rows = 0

    def _next(self) -> list[Waiting]:
        """The requests of the next batch: from the oldest on those that fit; what nobody waits for is dropped."""
        batch: list[Waiting] = []
        rows, key = 0, None
        now = time.monotonic()
        queue = self._queue
        most = 1 if self._function().separate else self._limits.rows
        while queue:
            head = queue[0]
            if batch and (rows + head.rows > most or head.part.key != key):
                break
            queue.popleft()
            self._queued_rows -= head.rows
            if head.future.done():
                continue
            if head.deadline <= now:
                self._expire(head)
                continue
            if not batch:
                key = head.part.key
            rows += head.rows
            batch.append(head)
        return batch

    def _begin(self, batch: list[Waiting], again: bool, behind: Lane | None) -> bool:
        """Send a batch to a worker, `behind` those of a lane or in a new one; False where it has to wait."""
        try:
            function = self._function()
        except MlsqlError as error:
            for one in batch:
                one.future.set_exception(_own(error))
            raise
        flight = Flight(batch, function, time.monotonic(), again)
        if not self._sweeping:
            self._sweep_later()
        try:
            rows = batch[0].part.batch([one.part for one in batch])
            flight.count = rows.num_rows
            if behind is not None:
                if behind.flights[-1].function is function and behind.add(flight, rows):
                    return True
                self.not_begun(flight)
                return False
            lane = Lane(self, self._loop, self._executor)
            self._lanes.append(lane)
            alone = self._pace.is_short and len(batch) == 1 and not self._queue
            lane.begin(flight, rows, 2 * self._pace.service if alone else 0.0)
        except Exception as error:  # noqa: BLE001 - it is the requests'
            self.failed(flight, error)
        return True

    def answered(self, flight: Flight, values: pa.Array) -> None:
        """Give the requests of a batch their answers."""
        self._go_on()
        whole = BatchAnswers(values, flight.function)
        start = 0
        for one in flight.batch:
            end = start + one.rows
            if not one.future.done():
                one.future.set_result(Answers(whole, start, end))
            start = end
        self._pace.served(time.monotonic() - flight.begun, start)
        self._meter.answered(len(flight.batch), start)
        if self._limits.lanes is None:
            self._most_lanes = flight.function.workers if self._pace.is_long else 1

    def not_begun(self, flight: Flight) -> None:
        """Let the requests of a batch wait again, before all others."""
        self._queue.extendleft(reversed(flight.batch))
        self._queued_rows += flight.count

    def _go_on(self) -> None:
        """Begin what can be, when a batch is over."""
        self._lanes = [lane for lane in self._lanes if lane.flights]
        if (self._queue or self._again) and self._scheduled is None and not self._flushing:
            # At once: the worker must not wait until the replies to this batch are written.
            self._flush()

    def failed(self, flight: Flight, error: BaseException) -> None:
        """Tell a request of its error; where several were asked for together, find out whose it is."""
        batch = [one for one in flight.batch if not one.future.done()]
        self._meter.failed += 1
        smaller = flight.split(batch, error) if batch and _may_be_one_request(error) else []
        self._again.extend(smaller)
        if not smaller:
            for one in batch:
                one.future.set_exception(error if len(batch) == 1 else _own(error))
        self._go_on()

    def _sweep_later(self) -> None:
        self._sweeping = True
        self._loop.call_later(_SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """Tell those whose time is over; what a worker has begun goes on without them."""
        now = time.monotonic()
        self._sweeping = False
        begun = [one for lane in self._lanes for flight in lane.flights for one in flight.batch]
        waiting = [*self._queue, *(one for batch in self._again for one in batch), *begun]
        for one in waiting:
            if one.deadline <= now and not one.future.done():
                self._expire(one)
        for lane in list(self._lanes):
            lane.look(now)
        if self._queue or self._lanes:
            self._sweep_later()

    def _expire(self, one: Waiting) -> None:
        self._meter.expired += 1
        one.future.set_exception(expired(time.monotonic() - one.begun))


def _may_be_one_request(error: BaseException) -> bool:
    """Whether an error may be the fault of one request's rows."""
    if isinstance(error, WorkerProblem):
        return error.code in _OF_ROWS
    return isinstance(error, ScriptFailed) or not isinstance(error, MlsqlError)


_OF_ROWS = frozenset({"CRASHED", "PROTOCOL", "OUT_OF_MEMORY", "TIMEOUT", "UNRESPONSIVE"})


def _own(error: BaseException) -> BaseException:
    """The error for one more request."""
    return error.again() if isinstance(error, MlsqlError) else error
