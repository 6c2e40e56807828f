"""The functions that a session has registered."""

from __future__ import annotations

from mlsql_engine.core.functions import Described, FunctionSpec, Predictor
from mlsql_engine.core.progress import Progress
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.workers.launcher import Launcher
from mlsql_engine.workers.prediction import Pool


class Functions:
    """A FunctionCatalog whose functions are pools of local workers."""

    def __init__(self, launcher: Launcher, scratch: Scratch, progress: Progress) -> None:
        self._launcher = launcher
        self._scratch = scratch
        self._progress = progress
        self._pools: dict[str, Pool] = {}
        self._replaced: list[Pool] = []

    def names(self) -> frozenset[str]:
        """Every name, in lower case."""
        return frozenset(self._pools)

    def predictor(self, name: str) -> Predictor:
        """The loaded function of that name."""
        return self._pools[name.lower()]

    def add(self, spec: FunctionSpec) -> Described:
        """Load the function in a first worker and make it known under its name.

        A function of the same name is replaced, and its workers end; a table that was made with it starts them
        again when it is read. Raises ScriptFailed or WorkerProblem when it cannot be loaded; the old one stays.
        """
        folder = self._scratch.folder("function")
        pool = Pool(spec, self._launcher, folder, self._progress)
        old = self._pools.pop(spec.name.lower(), None)
        if old is not None:
            old.close()
            self._replaced.append(old)
        self._pools[spec.name.lower()] = pool
        return pool.description

    def registered(self) -> list[tuple[FunctionSpec, Described]]:
        """The functions and what they say of themselves, by name."""
        return [(pool.spec, pool.description) for _, pool in sorted(self._pools.items())]

    def remove(self, name: str) -> None:
        """Forget the function and end its workers; a table that was made with it starts them again when read."""
        pool = self._pools.pop(name.lower())
        pool.close()
        self._replaced.append(pool)

    def close(self) -> None:
        """End all workers."""
        for pool in (*self._pools.values(), *self._replaced):
            pool.close()
        self._pools.clear()
        self._replaced.clear()
