"""Requests for one function that wait together are predicted together.

A batch begins as soon as a lane is free: while one is on its way, requests gather for the next, so that batches
grow with the load. Everything here belongs to one event loop; a worker that answers soon is talked to by the loop
itself, any other by a thread.
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
from mlsql_engine.serving.flights import Flight, Predicting, Question, Waiting
from mlsql_engine.serving.limits import BatchLimits
from mlsql_engine.serving.meters import BatchMeter
from mlsql_engine.serving.overload import expired, overloaded
from mlsql_engine.serving.pace import Pace
from mlsql_engine.serving.parts import Part

_SWEEP_SECONDS = 0.1
# The loop itself waits so long for an answer; then a thread does, which also sees a worker that is stuck.
_PATIENCE_SECONDS = 0.5
_LARGE_ROWS = 16_384


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
        self._flights: set[Flight] = set()
        self._queued_rows = 0
        self._pace = Pace()
        self._lanes = limits.lanes or 1
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
            if len(self._flights) < self._lanes:
                self._schedule()
            elif not self._sweeping:
                self._sweep_later()
        return future

    @property
    def queued(self) -> int:
        """How many requests wait."""
        return len(self._queue)

    def _schedule(self) -> None:
        """Begin a batch when the loop has taken in what has come by now, or a little later where that pays."""
        wait = self._pace.wait(self._queued_rows, self._limits.rows, busy=bool(self._flights))
        if wait:
            self._scheduled = self._loop.call_later(wait, self._flush)
        else:
            self._scheduled = self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = None
        self._flushing = True
        try:
            while (self._queue or self._again) and len(self._flights) < self._lanes:
                again = bool(self._again)
                batch = self._wanted(self._again.popleft()) if again else self._next()
                if batch:
                    self._begin(batch, again=again)
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
                one.future.set_exception(_copy(error))
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

    def _begin(self, batch: list[Waiting], *, again: bool) -> None:
        try:
            function = self._function()
        except MlsqlError as error:
            for one in batch:
                one.future.set_exception(_copy(error))
            raise
        flight = Flight(batch, function, time.monotonic(), again)
        self._flights.add(flight)
        if not self._sweeping:
            self._sweep_later()
        asked = None
        try:
            rows = flight.rows = batch[0].part.batch([one.part for one in batch])
            if rows.num_rows <= _LARGE_ROWS:
                asked = flight.function.ask(rows)
        except Exception as error:  # noqa: BLE001 - it is the requests'
            self._failed(flight, error)
            return
        if asked is None:
            self._aside(flight, flight.function.predict_once, rows)
        elif self._pace.is_short and len(batch) == 1 and not self._queue:
            self._spin(flight, asked, flight.begun + 2 * self._pace.service)
        else:
            self._await(flight, asked)

    def _spin(self, flight: Flight, asked: Question, until: float) -> None:
        """Look again and again, between all else that the loop does: to be woken takes longer than the answer."""
        if self._taken(flight, asked):
            return
        if time.monotonic() < until and not self._queue:
            self._loop.call_soon(self._spin, flight, asked, until)
        else:
            self._await(flight, asked)

    def _await(self, flight: Flight, asked: Question) -> None:
        descriptor = asked.fileno()
        patience = self._loop.call_later(_PATIENCE_SECONDS, self._give_to_thread, flight, asked, descriptor)
        self._loop.add_reader(descriptor, self._readable, flight, asked, descriptor, patience)

    def _readable(self, flight: Flight, asked: Question, descriptor: int, patience: asyncio.TimerHandle) -> None:
        # With the answer the worker is free, and another lane may wait for it.
        self._loop.remove_reader(descriptor)
        if self._taken(flight, asked):
            patience.cancel()
        else:
            self._loop.add_reader(descriptor, self._readable, flight, asked, descriptor, patience)

    def _taken(self, flight: Flight, asked: Question) -> bool:
        """Take the answer; False where it is not there yet."""
        try:
            values = asked.poll()
        except Exception as error:  # noqa: BLE001 - it is the requests'
            self._failed(flight, error)
            return True
        if values is None:
            return False
        self._answered(flight, values)
        return True

    def _give_to_thread(self, flight: Flight, asked: Question, descriptor: int) -> None:
        self._loop.remove_reader(descriptor)
        self._aside(flight, asked.wait)

    def _aside(self, flight: Flight, call: Callable[..., pa.Array], *arguments: pa.RecordBatch) -> None:
        """Have a thread wait for the answer."""

        def ended(future: asyncio.Future[pa.Array]) -> None:
            error = future.exception()
            if error is None:
                self._answered(flight, future.result())
            else:
                self._failed(flight, error)

        self._loop.run_in_executor(self._executor, call, *arguments).add_done_callback(ended)

    def _answered(self, flight: Flight, values: pa.Array) -> None:
        self._over(flight)
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
            self._lanes = flight.function.workers if self._pace.is_long else 1

    def _over(self, flight: Flight) -> None:
        self._flights.discard(flight)
        if (self._queue or self._again) and self._scheduled is None and not self._flushing:
            # At once: the worker must not wait until the replies to this batch are written.
            self._flush()

    def _failed(self, flight: Flight, error: BaseException) -> None:
        """Tell a request of its error; where several were asked for together, find out whose it is."""
        batch = [one for one in flight.batch if not one.future.done()]
        self._meter.failed += 1
        smaller = flight.split(batch, error) if batch and _may_be_one_request(error) else []
        self._again.extend(smaller)
        if not smaller:
            for one in batch:
                one.future.set_exception(error if len(batch) == 1 else _copy(error))
        self._over(flight)

    def _sweep_later(self) -> None:
        self._sweeping = True
        self._loop.call_later(_SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """Tell those whose time is over; what a worker has begun goes on without them."""
        now = time.monotonic()
        self._sweeping = False
        begun = (one for flight in self._flights for one in flight.batch)
        waiting = [*self._queue, *(one for batch in self._again for one in batch), *begun]
        for one in waiting:
            if one.deadline <= now and not one.future.done():
                self._expire(one)
        if self._queue or self._flights:
            self._sweep_later()

    def _expire(self, one: Waiting) -> None:
        self._meter.expired += 1
        one.future.set_exception(expired(time.monotonic() - one.begun))


def _may_be_one_request(error: BaseException) -> bool:
    """Whether an error may be the fault of one request's rows."""
    if isinstance(error, WorkerProblem):
        return error.code in _OF_ROWS
    return isinstance(error, ScriptFailed) or not isinstance(error, MlsqlError)


_OF_ROWS = frozenset({"CRASHED", "PROTOCOL", "OUT_OF_MEMORY"})


def _copy(error: BaseException) -> BaseException:
    """An error of its own for each request: they are raised, and written to, one by one."""
    if not isinstance(error, MlsqlError):
        return error
    return MlsqlError(error.message, span=error.span, hint=error.hint, code=error.code, details=error.details)
