"""Batches on their way through a worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pyarrow as pa

from mlsql_engine.core.errors import Cancelled, InternalError
from mlsql_engine.core.functions import FunctionSpec
from mlsql_engine.workers.arena import LEAST_BYTES
from mlsql_engine.workers.calls import Call
from mlsql_engine.workers.worker import Worker

if TYPE_CHECKING:
    from mlsql_engine.workers.pool import Pool


class Asked:
    """Batches that a worker predicts one after the other, until the last answer. Used by one thread at a time."""

    def __init__(self, pool: Pool, worker: Worker, batch: pa.RecordBatch, spec: FunctionSpec, call: Call) -> None:
        self.ended: Callable[[], None] = lambda: None
        """Called when the worker has been given back."""
        self._over = False
        self._pool = pool
        self._worker = worker
        self._spec = spec
        self._call = call
        try:
            worker.ask(batch, spec)
        except BaseException as error:
            self._end(error, aside=True)
            raise

    def add(self, batch: pa.RecordBatch) -> bool:
        """Have the worker predict another batch after these; False where others want it, or the batch is large.

        What was added has not been begun where an answer before it does not come.
        """
        if self._call.given_up or self._pool.is_wanted or batch.nbytes >= LEAST_BYTES:
            return False
        self._worker.ask(batch, self._spec)
        return True

    def fileno(self) -> int:
        """The descriptor that becomes readable when there is something of an answer, or never will be."""
        return self._worker.process.channel.connection.fileno()

    @property
    def over(self) -> bool:
        """Whether there is no more to wait for: all was answered, or the worker is lost."""
        return self._over

    def wait(self) -> pa.Array:
        """The next answer. Raises ScriptFailed or WorkerProblem."""
        values = self._values(wait=True)
        if values is None:
            raise InternalError("an answer that was waited for is not there")
        return values

    def poll(self) -> pa.Array | None:
        """The next answer, None where it is not there yet. Raises ScriptFailed or WorkerProblem."""
        return self._values(wait=False)

    def _values(self, *, wait: bool) -> pa.Array | None:
        try:
            values = self._worker.answer(wait=wait)
        except BaseException as error:
            self._give(error, aside=not wait)
            raise
        if values is not None and not self._worker.asked:
            self._end(None, aside=not wait)
        return values

    def _give(self, error: BaseException, *, aside: bool) -> None:
        """Give the worker back, unless it is at the next batch; where it cannot go on, it is lost."""
        if self._worker.lost or isinstance(error, Cancelled):
            self._end(error, aside=aside)
        elif not self._worker.asked:
            self._end(None if self._worker.alive() else error, aside=aside)

    def _end(self, lost: BaseException | None, *, aside: bool) -> None:
        self._over = True
        self._pool.give(self._worker, self._call, lost, aside=aside)
        self.ended()
