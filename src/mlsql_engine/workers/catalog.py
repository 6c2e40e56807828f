"""The functions that a session has registered."""

from __future__ import annotations

from mlsql_engine.core.functions import Described, FunctionSpec, ModelVersions, Predictor
from mlsql_engine.core.progress import Progress
from mlsql_engine.workers.audience import Audience
from mlsql_engine.workers.function import Function
from mlsql_engine.workers.pools import Pools
from mlsql_engine.workers.roster import Roster


class Functions:
    """A FunctionCatalog whose functions have their workers in pools that sessions share."""

    def __init__(self, pools: Pools, roster: Roster, progress: Progress) -> None:
        self._pools = pools
        self._roster = roster
        self._progress = progress
        self._functions: dict[str, Function] = {}
        self._replaced: list[Function] = []
        self._opening: list[Function] = []

    def names(self) -> frozenset[str]:
        """Every name, in lower case."""
        return frozenset(self._functions)

    def predictor(self, name: str) -> Predictor:
        """The loaded function of that name."""
        return self._functions[name.lower()]

    def add(self, spec: FunctionSpec, versions: ModelVersions | None = None) -> Described:
        """Load the function in a first worker, unless one is there, and make it known under its name.

        `versions` are those of its model. A function of the same name is replaced; a table that was made with it
        has workers started again when it is read. Raises ScriptFailed or WorkerProblem when it cannot be loaded;
        the old one stays.
        """
        function = Function(spec, self._pools, Audience(spec, self._roster, self._progress))
        self._opening.append(function)
        try:
            function.open()
        finally:
            self._opening.remove(function)
        if spec.name.lower() in self._functions:
            self.remove(spec.name)
        function.versions = versions
        self._functions[spec.name.lower()] = function
        return function.description

    def spec(self, name: str) -> FunctionSpec | None:
        """What was registered last under that name, whatever the case."""
        function = self._functions.get(name.lower())
        return None if function is None else function.spec

    def versions(self, name: str) -> ModelVersions | None:
        """The versions of the model of the function of that name; None where it has none, or is not there."""
        function = self._functions.get(name.lower())
        return None if function is None else function.versions

    def share(self, spec: FunctionSpec) -> Function:
        """The function once more, loaded: what cancels or forgets that of the session lets this one be.

        Whoever asks closes it. Raises what loading it raises.
        """
        function = Function(spec, self._pools, Audience(spec, self._roster, self._progress))
        function.open()
        return function

    def registered(self) -> list[tuple[FunctionSpec, Described]]:
        """The functions and what they say of themselves, by name."""
        return [(function.spec, function.description) for _, function in sorted(self._functions.items())]

    def remove(self, name: str) -> None:
        """Forget the function; a table that was made with it has workers started again when it is read."""
        function = self._functions.pop(name.lower())
        function.close()
        self._replaced.append(function)

    def cancel(self) -> None:
        """Make everything fail that is asked of the functions now, loading them among it; later calls work."""
        for function in (*self._opening, *self._functions.values(), *self._replaced):
            function.cancel()

    def close(self) -> None:
        """Need no workers any more."""
        for function in (*self._functions.values(), *self._replaced):
            function.close()
        self._functions.clear()
        self._replaced.clear()
