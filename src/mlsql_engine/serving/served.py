"""The functions of a session as requests see them: each with its batches, each with the newest registration."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import Protocol

import pyarrow as pa

from mlsql_engine.core.errors import InternalError, MlsqlError, UnknownName
from mlsql_engine.core.functions import Described, FunctionSpec
from mlsql_engine.serving.answers import Answers
from mlsql_engine.serving.batching import Batcher
from mlsql_engine.serving.inputs import Inputs
from mlsql_engine.serving.limits import BatchLimits
from mlsql_engine.serving.meters import BatchMeter
from mlsql_engine.serving.open_inference.answers import Output
from mlsql_engine.serving.opening_pace import OpeningPace
from mlsql_engine.serving.parts import Part
from mlsql_engine.workers.asked import Asked
from mlsql_engine.workers.function import Function

_LOG = logging.getLogger(__name__)
CLOSING_SECONDS = 2.0
"""So long what functions are asked may take when they are forgotten."""
Watch = Callable[[str, Part, "asyncio.Future[Answers]"], None]
"""Is told of each prediction: the function, the rows of the request, and the answers to come."""


class ServedFunction:
    """One registration of a function, with a share of its workers of its own."""

    def __init__(self, function: Function) -> None:
        self.function = function

    @classmethod
    def that_gave(cls, answers: Answers) -> ServedFunction:
        """The registration whose answers these are. It may be a newer one than was found for the request."""
        function = answers.whole.function
        if not isinstance(function, cls):
            raise InternalError("answers of something that is not served")
        return function

    @property
    def spec(self) -> FunctionSpec:
        """What was registered."""
        return self.function.spec

    @property
    def separate(self) -> bool:
        """See Predicting."""
        return self.function.separate

    @property
    def pure(self) -> bool:
        """See Predicting."""
        return self.function.pure

    @property
    def workers(self) -> int:
        """See Predicting."""
        return self.function.workers

    def ask(self, batch: pa.RecordBatch) -> Asked | None:
        """See Predicting."""
        return self.function.ask(batch)

    def predict_once(self, batch: pa.RecordBatch) -> pa.Array:
        """See Predicting."""
        return self.function.predict_once(batch)

    @property
    def described(self) -> Described:
        """What it says of itself."""
        return self.function.description

    @cached_property
    def inputs(self) -> Inputs:
        """What it takes."""
        return Inputs(self.described)

    @cached_property
    def output(self) -> Output:
        """How the Open Inference Protocol has its answers."""
        return Output.of(self.spec.name, version_of(self.spec), self.described.return_type)


class Catalog(Protocol):
    """Functions by their names in lower case."""

    def names(self) -> Collection[str]:
        """Every name."""

    def spec(self, name: str) -> FunctionSpec | None:
        """What was registered last under a name."""

    def share(self, spec: FunctionSpec) -> Function:
        """The function, loaded. Whoever asks closes it."""


def version_of(spec: FunctionSpec) -> str:
    """The version of a function: that of its model, and 1 where it has none."""
    return "1" if spec.version is None else str(spec.version)


class Served:
    """The served functions of one session. Belongs to one event loop.

    A function is opened when it is first asked for. When a script registers another under its name, requests go on
    to the old one until the new one is loaded; then every later batch is the new one's, and the old one ends with
    its last batch. One that cannot be opened is not tried again with every request: see OpeningPace.
    """

    def __init__(self, functions: Catalog, executor: ThreadPoolExecutor, limits: BatchLimits) -> None:
        self._functions = functions
        self._executor = executor
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._current: dict[str, ServedFunction] = {}
        self._batchers: dict[str, Batcher] = {}
        self.meters: dict[str, BatchMeter] = {}
        self._opening: dict[str, asyncio.Task[ServedFunction]] = {}
        self._pace = OpeningPace()
        self.watch: Watch | None = None
        self._draining: dict[asyncio.Future[None], ServedFunction] = {}

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
        error = self._pace.error(key, spec)
        if error is not None:
            if current is None:
                raise error.again() if isinstance(error, MlsqlError) else error.with_traceback(None)
            return current
        opening = self._opening.get(key)
        if opening is None:
            opening = self._opening[key] = self._loop.create_task(self._open(key, spec))
            opening.add_done_callback(_retrieve)
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
        before = self._current.get(key)
        try:
            function = await self._loop.run_in_executor(self._executor, self._functions.share, spec)
        except Exception as error:
            self._pace.failed(key, spec, error)
            if before is not None:
                told = error.message if isinstance(error, MlsqlError) else repr(error)
                _LOG.warning("the newer %s cannot be loaded, and the old one stays: %s", spec.name, told)
            raise
        finally:
            del self._opening[key]
        self._pace.forget(key)
        before = self._current.get(key)
        made = self._current[key] = ServedFunction(function)
        if before is not None:
            self._drain(before)
        return made

    def _forget(self, key: str) -> None:
        self._pace.forget(key)
        current = self._current.pop(key, None)
        self._batchers.pop(key, None)
        if current is not None:
            self._drain(current)

    def _drain(self, function: ServedFunction) -> None:
        draining = self._loop.run_in_executor(self._executor, function.function.drain)
        self._draining[draining] = function
        draining.add_done_callback(self._draining.pop)

    def _serving(self, key: str) -> ServedFunction:
        """The function that the next batch is for. Raises UnknownName where it was forgotten meanwhile."""
        current = self._current.get(key)
        if current is None:
            raise UnknownName("function", key, self.names())
        return current

    def predict(self, name: str, part: Part, deadline: float) -> asyncio.Future[Answers]:
        """The answers for the rows of one request, which may be predicted together with others'.

        `deadline` is a time of `time.monotonic`. `function` must have been asked for the name before.
        """
        key = name.lower()
        batcher = self._batchers.get(key)
        if batcher is None:
            meter = self.meters.setdefault(key, BatchMeter())
            batcher = Batcher(partial(self._serving, key), self._executor, self._limits, meter)
            self._batchers[key] = batcher
        answers = batcher.predict(part, deadline)
        if self.watch is not None:
            self.watch(key, part, answers)
        return answers

    async def close(self, seconds: float = CLOSING_SECONDS) -> None:
        """Forget all functions. What they are asked now has so long to be answered, and is given up then."""
        for opening in list(self._opening.values()):
            with contextlib.suppress(Exception):  # whoever asked for it has been told
                await opening
        for key in list(self._current):
            self._forget(key)
        if self._draining:
            await asyncio.wait(self._draining, timeout=seconds)
        for function in list(self._draining.values()):
            await asyncio.to_thread(function.function.cancel)
        if self._draining:
            await asyncio.wait(self._draining)


def _retrieve(opening: asyncio.Task[ServedFunction]) -> None:
    """Nobody may wait for it any more: who asked has gone, or is answered by the function that there is."""
    if not opening.cancelled():
        opening.exception()
