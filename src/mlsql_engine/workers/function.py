"""A session's function: a share in a pool."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial

import pyarrow as pa

from mlsql_engine.core.errors import InternalError
from mlsql_engine.core.functions import Described, FunctionSpec, ModelVersions
from mlsql_engine.workers.asked import Asked
from mlsql_engine.workers.audience import Audience
from mlsql_engine.workers.calls import Call, Calls, taken
from mlsql_engine.workers.pool import Pool
from mlsql_engine.workers.pools import Pools


class Function:
    """A Predictor that shares its workers with whoever has the same function. Safe for several threads."""

    def __init__(self, spec: FunctionSpec, pools: Pools, audience: Audience) -> None:
        self.spec = spec
        self.versions: ModelVersions | None = None
        """Those of its model, where that is known."""
        self._pools = pools
        self._audience = audience
        self._calls = Calls()
        self._opening = threading.Lock()
        self._pool: Pool | None = None
        self._description: Described | None = None

    def open(self) -> None:
        """Have it loaded. Raises ScriptFailed, WorkerProblem, ModelProblem or Cancelled."""
        with self._calls.one() as call:
            self._opened(call)

    @property
    def description(self) -> Described:
        """What it says of itself. Raises InternalError before it was opened."""
        if self._description is None:
            raise InternalError("a function that was not opened")
        return self._description

    @property
    def workers(self) -> int:
        """How many batches it predicts at once, at most."""
        return self.spec.resources.most_workers

    def predict(self, batch: pa.RecordBatch) -> pa.Array:
        """One value per row. See core.functions.Predictor."""
        if batch.num_rows == 0:
            return pa.nulls(0, self.description.return_type)
        with self._calls.one() as call:
            return self._opened(call).predict(batch, self.spec, call)

    def ask(self, batch: pa.RecordBatch) -> Asked | None:
        """Have an idle worker begin with a batch; None where none is at hand, or the batch is empty.

        Waits for nothing. Raises Cancelled, and WorkerProblem where the workers crashed too often.
        """
        pool = self._pool
        if pool is None or batch.num_rows == 0:
            return None
        call = self._calls.begin()
        try:
            asked = pool.ask(batch, self.spec, call)
        except BaseException:
            self._calls.end(call)
            raise
        if asked is None:
            self._calls.end(call)
        else:
            asked.ended = partial(self._calls.end, call)
        return asked

    def predict_once(self, batch: pa.RecordBatch) -> pa.Array:
        """As `predict`, and a batch whose worker crashes is not tried again."""
        with self._calls.one() as call:
            return self._opened(call).predict(batch, self.spec, call, again=False)

    @property
    def separate(self) -> bool:
        """Whether rows of several callers should not be in one batch: an error would have it predicted again."""
        return self.spec.resources.pure is False

    @property
    def pure(self) -> bool:
        """Whether a batch may be predicted twice."""
        pool = self._pool
        return pool is not None and pool.pure

    def _opened(self, call: Call) -> Pool:
        if (pool := self._pool) is not None:
            return pool
        with taken(self._opening, call):
            if self._pool is None:
                self._pool, loaded = self._pools.open(self.spec, self._audience, call)
                if self._description is None:
                    self._description = replace(loaded.described, title=self.spec.title)
                    self._tell_differences(loaded.differences)
            return self._pool

    def _tell_differences(self, differences: tuple[tuple[str, str, str | None], ...]) -> None:
        """Warn of libraries whose versions are not those that the model was trained with."""
        if differences:
            told = ", ".join(f"{name} {trained}, now {here or 'not there'}" for name, trained, here in differences)
            self._audience.progress.warn(
                "LIBRARY_VERSIONS",
                f"the model of {self.spec.title} was trained with {told} (in {self.spec.interpreter})",
            )

    def cancel(self) -> None:
        """Make the calls that are under way fail soon; later ones work again.

        What answers within 0.2 s keeps its worker.
        """
        self._calls.cancel()

    def drain(self) -> None:
        """Close it when no call is under way any more."""
        self._calls.wait()
        self.close()

    def close(self) -> None:
        """Need no workers any more; a later prediction has them started again. Closing twice is harmless."""
        with self._opening:
            pool, self._pool = self._pool, None
        if pool is not None:
            self._pools.close(pool, self._audience)
