"""The cap on all workers of functions of this process."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Protocol

from mlsql_engine.core.errors import BadValue

_LOOK_SECONDS = 0.1
VARIABLE = "MLSQL_MAX_WORKERS"


def most_workers() -> int:
    """The environment variable MLSQL_MAX_WORKERS; without it four for each core, and at least eight.

    Raises BadValue where it is no whole number from 1 on.
    """
    written = os.environ.get(VARIABLE, "").strip()
    if not written:
        return max(8, 4 * (os.cpu_count() or 1))
    if not (written.isascii() and written.isdigit() and int(written) > 0):
        raise BadValue(
            f"the environment variable {VARIABLE} is '{written}'",
            hint="it is how many workers of functions there may be, a whole number from 1 on",
        )
    return int(written)


class Idling(Protocol):
    """What may have a worker that does nothing."""

    def idle_since(self) -> float | None:
        """When the worker that has done nothing for longest began to; None where all work."""

    def end_idlest(self) -> bool:
        """End that worker; False where there is none any more."""


class Capacity:
    """Places for workers. Who wants one when there is none gets that of the worker that is idle for longest.

    Safe for several threads. Its lock is never held while a pool's is wanted by one who holds that pool's.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.wanted = 0
        self._used = 0
        self._pools: list[Idling] = []
        self._changed = threading.Condition()

    def add(self, pool: Idling) -> None:
        """Have a pool's idle workers make place for others."""
        with self._changed:
            self._pools.append(pool)

    def remove(self, pool: Idling) -> None:
        """Forget a pool."""
        with self._changed:
            self._pools.remove(pool)

    def try_take(self) -> bool:
        """Take a place where one is free."""
        with self._changed:
            if self._used >= self.most:
                return False
            self._used += 1
            return True

    def take(self, check: Callable[[], None]) -> None:
        """Wait for a place and take it. `check` is asked again and again, and may raise."""
        with self._changed:
            self.wanted += 1
        try:
            while not self.try_take():
                check()
                if not self._end_idlest():
                    with self._changed:
                        self._changed.wait(_LOOK_SECONDS)
        finally:
            with self._changed:
                self.wanted -= 1

    def _end_idlest(self) -> bool:
        with self._changed:
            pools = list(self._pools)
        idle = [(since, number) for number, pool in enumerate(pools) if (since := pool.idle_since()) is not None]
        return bool(idle) and pools[min(idle)[1]].end_idlest()

    def give_back(self) -> None:
        """Give a place back."""
        with self._changed:
            self._used -= 1
            self._changed.notify_all()
