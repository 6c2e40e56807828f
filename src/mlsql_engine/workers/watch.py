"""Looking after the workers of functions: their memory, and the time of those that have nothing to do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from mlsql_engine.core.errors import WorkerProblem
from mlsql_engine.core.sizes import shown_size
from mlsql_engine.workers.memory import memory_of, memory_shared_out, most_memory
from mlsql_engine.workers.pool import Pool
from mlsql_engine.workers.worker import Worker

_LOOK_SECONDS = 0.25
_WITH_CHILDREN = 4


class Watch:
    """A thread that looks at all pools four times a second, from `start` until `stop`."""

    def __init__(self, pools: Callable[[], Iterable[Pool]]) -> None:
        self._pools = pools
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look from now on. Starting twice is harmless."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="mlsql-watch", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        looks = 0
        while not self._stopped.wait(_LOOK_SECONDS):
            looks += 1
            for pool in self._pools():
                look_at(pool, time.monotonic(), with_children=looks % _WITH_CHILDREN == 0)


def look_at(pool: Pool, now: float, *, with_children: bool) -> None:
    """End the workers of a pool that have too much memory, and those that have had nothing to do for long."""
    most = pool.spec.resources.memory or most_memory()
    for worker in pool.workers():
        state = worker.activity.state
        if state in ("loading", "busy") or (state == "idle" and with_children):
            _check_memory(worker, most, with_children=with_children)
    if pool.spec.resources.idle is not None:
        pool.end_idle_since(now - pool.spec.resources.idle)


def _check_memory(worker: Worker, most: int, *, with_children: bool) -> None:
    activity = worker.activity
    found = memory_of(worker.process.pid, with_children=with_children) or activity.memory
    if found > most and with_children:
        found = memory_shared_out(worker.process.pid) or found
    activity.memory = found
    activity.peak_memory = max(activity.peak_memory, activity.memory)
    if activity.memory > most:
        had, limit = shown_size(activity.memory), shown_size(most)
        worker.process.kill(
            WorkerProblem(
                f"the process of {worker.process.name} had {had} of memory, and {limit} is the most",
                code="OUT_OF_MEMORY",
                hint="memoryLimit at register says how much a worker may have; without it, 80 % of the machine's",
            )
        )
