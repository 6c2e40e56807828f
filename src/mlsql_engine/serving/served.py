"""The functions of a session as requests see them: each with its batches, each with the newest registration."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor

from mlsql_engine.core.errors import UnknownName
from mlsql_engine.core.functions import Described, FunctionSpec
from mlsql_engine.serving.answers import Answers
from mlsql_engine.serving.batching import Batcher
from mlsql_engine.serving.limits import BatchLimits
from mlsql_engine.serving.meters import BatchMeter
from mlsql_engine.serving.parts import Part
from mlsql_engine.workers.catalog import Functions
from mlsql_engine.workers.function import Function

Watch = Callable[[str, Part, "asyncio.Future[Answers]"], None]
"""Is told of each prediction: the function, the rows of the request, and the answers to come."""


class ServedFunction:
    """One registration of a function, with a share of its workers of its own."""

    def __init__(self, function: Function) -> None:
        self.function = function

    @property
    def spec(self) -> FunctionSpec:
        """What was registered."""
        return self.function.spec

    @property
    def described(self) -> Described:
        """What it says of itself."""
        return self.function.description


class Served:
    """The served functions of one session. Belongs to one event loop.

    A function is opened when it is first asked for. When a script registers another under its name, requests go on
    to the old one until the new one is loaded; then every later batch is the new one's, and the old one ends with
    its last batch.
    """

    def __init__(self, functions: Functions, executor: ThreadPoolExecutor, limits: BatchLimits) -> None:
        self._functions = functions
        self._executor = executor
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._current: dict[str, ServedFunction] = {}
        self._batchers: dict[str, Batcher] = {}
        self.meters: dict[str, BatchMeter] = {}
        self._opening: dict[str, asyncio.Task[ServedFunction]] = {}
        self.watch: Watch | None = None

    def names(self) -> Collection[str]:
        """The functions that there are, in lower case."""
        return self._functions.names()

    async def function(self, name: str) -> ServedFunction:
        """The function of that name, whatever the case. Raises UnknownName, and what loading it raises."""
        key = name.lower()
        spec = self._functions.spec(key)
        current = self._current.get(key)
        if current is not None and current.spec is spec:
            return current
        if spec is None:
            self._forget(key)
            raise UnknownName("function", name, self.names())
        opening = self._opening.get(key)
        if opening is None:
            opening = self._opening[key] = self._loop.create_task(self._open(key, spec))
        return current if current is not None else await asyncio.shield(opening)

    def queued(self, name: str) -> int:
        """How many requests wait for a function."""
        batcher = self._batchers.get(name.lower())
        return 0 if batcher is None else batcher.queued

    def ready(self, name: str) -> ServedFunction | None:
        """The function if it is loaded and the newest; None where `function` has to be asked."""
        current = self._current.get(name.lower())
        if current is None or self._functions.spec(name) is not current.spec:
            return None
        return current

    async def _open(self, key: str, spec: FunctionSpec) -> ServedFunction:
        try:
            function = await self._loop.run_in_executor(self._executor, self._functions.share, spec)
        finally:
            del self._opening[key]
        before = self._current.get(key)
        made = self._current[key] = ServedFunction(function)
        if before is not None:
            self._drain(before)
        return made

    def _forget(self, key: str) -> None:
        current = self._current.pop(key, None)
        self._batchers.pop(key, None)
        if current is not None:
            self._drain(current)

    def _drain(self, function: ServedFunction) -> None:
        self._loop.run_in_executor(None, function.function.drain)

    def predict(self, name: str, part: Part, deadline: float) -> asyncio.Future[Answers]:
        """The answers for the rows of one request, which may be predicted together with others'.

        `deadline` is a time of `time.monotonic`. `function` must have been asked for the name before.
        """
        key = name.lower()
        batcher = self._batchers.get(key)
        if batcher is None:
            meter = self.meters.setdefault(key, BatchMeter())
            batcher = Batcher(lambda: self._current[key].function, self._executor, self._limits, meter)
            self._batchers[key] = batcher
        answers = batcher.predict(part, deadline)
        if self.watch is not None:
            self.watch(key, part, answers)
        return answers
