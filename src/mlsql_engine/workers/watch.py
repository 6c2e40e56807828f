"""Looking after the workers of functions: their memory, and the time of those that have nothing to do."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from mlsql_engine.core.errors import WorkerProblem
from mlsql_engine.core.sizes import shown_size
from mlsql_engine.workers.pool import Pool
from mlsql_engine.workers.worker import Worker

_LOOK_SECONDS = 0.25
_WITH_CHILDREN = 4
_MOST_OF_MEMORY = 0.8


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
        if worker.activity.state != "ended":
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


def memory_of(pid: int, *, with_children: bool) -> int:
    """The resident bytes of a process, without what it shares; 0 when it is gone."""
    import psutil

    total = 0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in [process, *(process.children(recursive=True) if with_children else [])]:
            with suppress(psutil.Error):
                memory = one.memory_info()
                total += memory.rss - getattr(memory, "shared", 0)
    return total


def memory_shared_out(pid: int) -> int:
    """The same with children, where what forked processes have in common counts once; 0 where nobody tells.

    It takes longer: the kernel looks at every page (proc_pid_smaps_rollup, Pss_Anon).
    """
    import psutil

    total = 0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            with suppress(OSError):
                text = Path(f"/proc/{one.pid}/smaps_rollup").read_text(encoding="ascii")
                found = _PSS.search(text)
                total += int(found.group(1)) << 10 if found else 0
    return total


_PSS = re.compile(r"^Pss_Anon:\s+(\d+) kB", re.MULTILINE)
_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@lru_cache(maxsize=1)
def most_memory() -> int:
    """80 % of the memory of the machine, or of the container, in bytes."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in _CGROUP_LIMITS:
        with suppress(OSError, ValueError):
            sizes.append(int(Path(name).read_text(encoding="ascii")))
    return int(min(sizes) * _MOST_OF_MEMORY)
