"""Batches of requests on their way to a worker."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from mlsql_engine.core.errors import WorkerProblem
from mlsql_engine.serving.answers import Answers
from mlsql_engine.serving.parts import Part


class Question(Protocol):
    """Batches that a worker has begun with. See workers.asked.Asked."""

    @property
    def over(self) -> bool: ...

    def add(self, batch: pa.RecordBatch) -> bool: ...

    def fileno(self) -> int: ...

    def poll(self) -> pa.Array | None: ...

    def wait(self) -> pa.Array: ...


class Predicting(Protocol):
    """What predicts batches. See workers.function.Function."""

    @property
    def separate(self) -> bool: ...

    @property
    def pure(self) -> bool: ...

    @property
    def workers(self) -> int: ...

    def ask(self, batch: pa.RecordBatch) -> Question | None: ...

    def predict_once(self, batch: pa.RecordBatch) -> pa.Array: ...


_SLOW = frozenset({"TIMEOUT", "UNRESPONSIVE"})


@dataclass(eq=False, slots=True)
class Waiting:
    """A request that waits for its answers since `begun` and until `deadline`, both of `time.monotonic`."""

    part: Part
    rows: int
    future: asyncio.Future[Answers]
    deadline: float
    begun: float


@dataclass(eq=False, slots=True)
class Flight:
    """A batch of `count` rows that a registration of the function predicts since `begun`, of `time.monotonic`.

    `again` where requests of it were asked before.
    """

    batch: list[Waiting]
    function: Predicting
    begun: float
    again: bool
    count: int = 0

    def split(self, batch: list[Waiting], error: BaseException) -> list[list[Waiting]]:
        """Smaller batches of the requests that are left, which tell whose fault an error is; none where that is so.

        The one that a script's error names is asked alone, the others once more together; an error without a row
        halves the batch; where the worker is lost each is asked alone, for every loss costs a worker. One that is
        alone is asked again after a crash, and not after it has taken too long.
        """
        crashed = isinstance(error, WorkerProblem)
        if len(batch) == 1:
            quick = isinstance(error, WorkerProblem) and error.code not in _SLOW
            return [batch] if quick and self.function.pure and not self.again else []
        if crashed:
            return [[one] for one in batch]
        row = getattr(error, "row", None)
        named = None if row is None else self._request_of(row)
        if named is None or named not in batch:
            middle = len(batch) // 2
            return [batch[:middle], batch[middle:]]
        return [[named], [one for one in batch if one is not named]]

    def _request_of(self, row: int) -> Waiting | None:
        end = 0
        for one in self.batch:
            end += one.rows
            if row < end:
                return one
        return None
