"""Requests for one function that wait together are predicted together.

A batch begins as soon as a lane is free: while one is on its way, requests gather for the next, so that batches
grow with the load and nobody waits where there is none. Everything here belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa

from mlsql_engine.serving.answers import Answers, BatchAnswers
from mlsql_engine.serving.parts import Part
from mlsql_engine.workers.asked import Asked
from mlsql_engine.workers.function import Function

_AT_ONCE_SECONDS = 0.25


@dataclass(frozen=True)
class BatchLimits:
    """At most `rows` in a batch, unless one request has more; at most `queued_rows` and `queued` requests wait."""

    rows: int = 4_096
    queued_rows: int = 100_000
    queued: int = 2_000
    lanes: int = 1


@dataclass(slots=True)
class Waiting:
    part: Part
    future: asyncio.Future[Answers]
    deadline: float
    begun: float


class Batcher:
    def __init__(self, function: Callable[[], Function], executor: ThreadPoolExecutor, limits: BatchLimits) -> None:
        self._function = function
        self._executor = executor
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Waiting] = deque()
        self._busy = 0
        self._scheduled = False

    def predict(self, part: Part, deadline: float) -> asyncio.Future[Answers]:
        future: asyncio.Future[Answers] = self._loop.create_future()
        self._queue.append(Waiting(part, future, deadline, time.monotonic()))
        if self._busy < self._limits.lanes and not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._flush)
        return future

    def _flush(self) -> None:
        self._scheduled = False
        while self._queue and self._busy < self._limits.lanes:
            batch = self._next()
            if batch:
                self._begin(batch)

    def _next(self) -> list[Waiting]:
        batch: list[Waiting] = []
        rows = 0
        key = None
        queue = self._queue
        while queue:
            head = queue[0]
            if head.future.done():
                queue.popleft()
                continue
            if batch and (head.part.key != key or rows + head.part.rows > self._limits.rows):
                break
            key = head.part.key
            rows += head.part.rows
            batch.append(queue.popleft())
        return batch

    def _begin(self, batch: list[Waiting]) -> None:
        self._busy += 1
        function = self._function()
        first = batch[0].part
        rows = first.batch([one.part for one in batch])
        asked = function.ask(rows)
        if asked is None:
            self._loop.run_in_executor(self._executor, function.predict, rows).add_done_callback(
                lambda future: self._end(batch, future.result())
            )
            return
        self._loop.add_reader(asked.fileno(), self._poll, asked, batch)

    def _poll(self, asked: Asked, batch: list[Waiting]) -> None:
        fd = asked.fileno()
        values = asked.poll()
        if values is None:
            return
        self._loop.remove_reader(fd)
        self._end(batch, values)

    def _end(self, batch: list[Waiting], values: pa.Array) -> None:
        self._busy -= 1
        if self._queue:
            self._flush()
        whole = BatchAnswers(values)
        start = 0
        for one in batch:
            end = start + one.part.rows
            if not one.future.done():
                one.future.set_result(Answers(whole, start, end))
            start = end
