"""A session's function: a share in a pool."""

from __future__ import annotations

import threading

import pyarrow as pa

from mlsql_engine.core.functions import Described, FunctionSpec
from mlsql_engine.workers.audience import Audience
from mlsql_engine.workers.pool import Call, Pool
from mlsql_engine.workers.pools import Pools

_FINISHING_SECONDS = 0.2


class Function:
    """A Predictor that shares its workers with whoever has the same function. Safe for several threads.

    It is loaded when it is made; `call` is by what that can be cancelled.
    """

    def __init__(self, spec: FunctionSpec, pools: Pools, audience: Audience, call: Call | None = None) -> None:
        self.spec = spec
        self._pools = pools
        self._audience = audience
        self._changed = threading.Condition()
        self._opening = threading.Lock()
        self._calls: set[Call] = set()
        self._pool: Pool | None
        self._pool, loaded = pools.open(spec, audience, call or Call())
        self.description: Described = loaded.described
        self._tell_differences(loaded.differences)

    def _tell_differences(self, differences: tuple[tuple[str, str, str | None], ...]) -> None:
        """Warn of libraries whose versions are not those that the model was trained with."""
        if differences:
            told = ", ".join(f"{name} {trained}, now {here or 'not there'}" for name, trained, here in differences)
            self._audience.progress.warn(
                "LIBRARY_VERSIONS",
                f"the model of {self.spec.title} was trained with {told} (in {self.spec.interpreter})",
            )

    @property
    def workers(self) -> int:
        """How many batches it predicts at once, at most."""
        return self.spec.resources.most_workers

    def predict(self, batch: pa.RecordBatch) -> pa.Array:
        """One value per row. See core.functions.Predictor."""
        if batch.num_rows == 0:
            return pa.nulls(0, self.description.return_type)
        call = Call()
        with self._changed:
            self._calls.add(call)
        try:
            return self._opened(call).predict(batch, self.spec, call)
        finally:
            with self._changed:
                self._calls.remove(call)
                if not self._calls:
                    self._changed.notify_all()

    def _opened(self, call: Call) -> Pool:
        with call.holding(self._opening):
            if self._pool is None:
                self._pool, _ = self._pools.open(self.spec, self._audience, call)
            return self._pool

    def cancel(self) -> None:
        """Make the calls that are under way fail soon; later ones work again.

        What answers within 0.2 s keeps its worker.
        """
        with self._changed:
            calls = set(self._calls)
        for call in calls:
            call.give_up()
        with self._changed:
            if self._changed.wait_for(lambda: not calls & self._calls, _FINISHING_SECONDS):
                return
        for call in calls:
            call.cancel()

    def close(self) -> None:
        """Need no workers any more; a later prediction has them started again. Closing twice is harmless."""
        with self._opening:
            pool, self._pool = self._pool, None
        if pool is not None:
            self._pools.close(pool, self._audience)
