"""The pools of this process, by what they predict with: sessions share them."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass

from mlsql_engine.core.functions import FunctionSpec
from mlsql_engine.workers.audience import Audience
from mlsql_engine.workers.calls import Call
from mlsql_engine.workers.loading import load_control
from mlsql_engine.workers.pool import Pool
from mlsql_engine.workers.worker import Loaded


@dataclass
class _Shared:
    pool: Pool
    key: str
    users: int = 0


class Pools:
    """A pool for each interpreter, model version, contract and resources. Safe for several threads."""

    def __init__(self, make: Callable[[FunctionSpec], Pool]) -> None:
        self._make = make
        self._shared: dict[str, _Shared] = {}
        self._all: list[_Shared] = []
        self._lock = threading.Lock()

    def open(self, spec: FunctionSpec, audience: Audience, call: Call) -> tuple[Pool, Loaded]:
        """The pool of a function, for one more user, and what it gives. Raises what loading it raises."""
        shared = self._found(spec)
        try:
            return shared.pool, shared.pool.open(audience, call)
        except BaseException:
            self._leave(shared)
            raise

    def _found(self, spec: FunctionSpec) -> _Shared:
        key = _key(spec)
        with self._lock:
            shared = self._shared.get(key)
            if shared is None or not _is_current(shared.pool):
                shared = self._shared[key] = _Shared(self._make(spec), key)
                self._all.append(shared)
            shared.users += 1
            return shared

    def close(self, pool: Pool, audience: Audience) -> None:
        """Have one user less; the last one's leave ends the workers."""
        pool.leave(audience)
        with self._lock:
            shared = next(shared for shared in self._all if shared.pool is pool)
        self._leave(shared)

    def _leave(self, shared: _Shared) -> None:
        with self._lock:
            shared.users -= 1
            if shared.users:
                return
            self._all.remove(shared)
            if self._shared.get(shared.key) is shared:
                del self._shared[shared.key]
        shared.pool.close()

    def all(self) -> list[Pool]:
        """Those that somebody uses."""
        with self._lock:
            return [shared.pool for shared in self._all]


def _key(spec: FunctionSpec) -> str:
    """A text that is the same for functions that the same workers can serve."""
    parts = {
        "load": load_control(spec, 0),
        "interpreter": [spec.interpreter, *spec.interpreter_flags],
        "environment": dict(spec.environment),
        "folder": spec.folder,
        "resources": asdict(spec.resources),
    }
    return json.dumps(parts, sort_keys=True, default=str)


def _is_current(pool: Pool) -> bool:
    """Whether the files that its workers have loaded are still what they were."""
    loaded = pool.loaded
    return loaded is None or all(_stamp(path) == (changed, size) for path, changed, size in loaded.sources)


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
