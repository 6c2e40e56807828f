"""The functions that a session has registered."""

from __future__ import annotations

from mlsql_engine.core.functions import Described, FunctionSpec, Predictor
from mlsql_engine.core.progress import Progress
from mlsql_engine.workers.audience import Audience
from mlsql_engine.workers.function import Function
from mlsql_engine.workers.pool import Call
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
        self._loading: set[Call] = set()

    def names(self) -> frozenset[str]:
        """Every name, in lower case."""
        return frozenset(self._functions)

    def predictor(self, name: str) -> Predictor:
        """The loaded function of that name."""
        return self._functions[name.lower()]

    def add(self, spec: FunctionSpec) -> Described:
        """Load the function in a first worker, unless one is there, and make it known under its name.

        A function of the same name is replaced; a table that was made with it has workers started again when it is
        read. Raises ScriptFailed or WorkerProblem when it cannot be loaded; the old one stays.
        """
        call = Call()
        self._loading.add(call)
        try:
            function = Function(spec, self._pools, Audience(spec, self._roster, self._progress), call)
        finally:
            self._loading.remove(call)
        if spec.name.lower() in self._functions:
            self.remove(spec.name)
        self._functions[spec.name.lower()] = function
        return function.description

    def registered(self) -> list[tuple[FunctionSpec, Described]]:
        """The functions and what they say of themselves, by name."""
        return [(function.spec, function.description) for _, function in sorted(self._functions.items())]

    def remove(self, name: str) -> None:
        """Forget the function; a table that was made with it has workers started again when it is read."""
        function = self._functions.pop(name.lower())
        function.close()
        self._replaced.append(function)

    def cancel_loading(self) -> None:
        """Make the functions fail that are being added."""
        for call in tuple(self._loading):
            call.cancel()

    def close(self) -> None:
        """Need no workers any more."""
        for function in (*self._functions.values(), *self._replaced):
            function.close()
        self._functions.clear()
        self._replaced.clear()
