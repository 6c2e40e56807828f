"""What the sessions of a process share: the spawner, the pools of functions and the cap on their workers."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from mlsql_engine.core.functions import FunctionSpec
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.core.signals import held_signals
from mlsql_engine.workers.capacity import Capacity, most_workers
from mlsql_engine.workers.launcher import LocalLauncher, writing_to_temporary_folder
from mlsql_engine.workers.pool import Limits, Pool, Surroundings
from mlsql_engine.workers.pools import Pools
from mlsql_engine.workers.watch import Watch
from mlsql_sdk.memory import keep_freed


class WorkerHost:
    """Starts nothing before it is asked for a worker. `close` ends everything that it started."""

    def __init__(self, most: int | None = None, limits: Limits | None = None) -> None:
        self._scratch = Scratch()
        self.launcher = LocalLauncher(lambda: self._scratch.folder("sdk"))
        self.capacity = Capacity(most or most_workers())
        self._limits = limits or Limits()
        self.pools = Pools(self._pool)
        self._watch = Watch(self.pools.all)

    def _pool(self, spec: FunctionSpec) -> Pool:
        # Batches on their way to workers take memory of the same sizes again and again.
        keep_freed()
        self._watch.start()
        with writing_to_temporary_folder():
            folder = self._scratch.folder("function")
        return Pool(spec, Surroundings(self.launcher, folder, self.capacity, self._limits))

    def close(self) -> None:
        """End it all."""
        with held_signals():
            self._watch.stop()
            for pool in self.pools.all():
                pool.close()
            self.launcher.close()
            self._scratch.close()


class _Shared:
    """The host of this process, for as long as a session uses it; `make` makes it."""

    def __init__(self) -> None:
        self.make: Callable[[], WorkerHost] = WorkerHost
        self._lock = threading.Lock()
        self._host: WorkerHost | None = None
        self._users = 0
        self._owner = 0

    def joined(self) -> WorkerHost:
        """The host, for one more user."""
        with self._lock:
            if self._host is None or self._owner != os.getpid():  # a forked child has none of its processes
                self._host, self._users, self._owner = self.make(), 0, os.getpid()
            self._users += 1
            return self._host

    def left(self, host: WorkerHost) -> None:
        """Have one user less; with the last one it ends."""
        with self._lock:
            if host is not self._host or self._owner != os.getpid():
                return
            self._users -= 1
            if self._users:
                return
            self._host = None
        host.close()


SHARED = _Shared()
