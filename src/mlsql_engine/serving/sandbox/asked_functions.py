"""A session's functions for the threads of an engine, which wait while the event loop has them asked."""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa

from mlsql_engine.core.errors import Cancelled, InternalError
from mlsql_engine.core.functions import Described
from mlsql_engine.serving.answers import Answers
from mlsql_engine.serving.functions import Opened, Predict
from mlsql_engine.serving.parts import Columns
from mlsql_sdk.accepted import Accepted, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlsql_sdk.failures import ContractError


Arguments: TypeAlias = tuple[str, tuple[pa.DataType, ...]]
"""A function, and the types of its arguments in one call."""


@dataclass(frozen=True)
class Asking:
    """How functions are asked for one request."""

    predict: Predict
    loop: asyncio.AbstractEventLoop


class AskedFunctions:
    """A FunctionCatalog of functions that are served.

    `asking` is set while a request is answered. `arguments` are the types of what the engine, when it took a query,
    found given to the functions.
    """

    def __init__(self) -> None:
        self._functions: dict[str, AskedFunction] = {}
        self.asking: Asking | None = None
        self.arguments: list[Arguments] = []

    def names(self) -> frozenset[str]:
        """See FunctionCatalog."""
        return frozenset(self._functions)

    def predictor(self, name: str) -> AskedFunction:
        """See FunctionCatalog."""
        return self._functions[name.lower()]

    def add(self, name: str, opened: Opened) -> bool:
        """Have the function under that name in lower case; False where it is that one already."""
        known = self._functions.get(name)
        if known is not None and known.opened is opened:
            return False
        self._functions[name] = AskedFunction(name, opened, self)
        return True


class AskedFunction:
    """A Predictor that has a served function predict."""

    def __init__(self, name: str, opened: Opened, catalog: AskedFunctions) -> None:
        self.opened = opened
        self._name = name
        self._catalog = catalog
        self._asked: set[Future[Answers]] = set()
        watched = _Watched.of(name, opened.described, catalog.arguments)
        self.description = replace(opened.described, accepted=watched)

    @property
    def workers(self) -> int:
        """See core.functions.Predictor."""
        return 1

    def predict(self, batch: pa.RecordBatch) -> pa.Array:
        """See core.functions.Predictor."""
        asking = self._catalog.asking
        if asking is None:
            raise InternalError(f"function {self._name} is asked outside of a request")
        future = asyncio.run_coroutine_threadsafe(self._answers(batch, asking), asking.loop)
        self._asked.add(future)
        try:
            return future.result().array
        except CancelledError:
            raise Cancelled("the query was ended") from None
        finally:
            self._asked.discard(future)

    async def _answers(self, batch: pa.RecordBatch, asking: Asking) -> Answers:
        return await asking.predict(self._name, Columns(batch))

    def cancel(self) -> None:
        """See core.functions.Predictor."""
        for future in list(self._asked):
            future.cancel()

    def close(self) -> None:
        """Nothing: who serves the function closes it."""


class _Watched(Accepted):
    """What a function takes, which notes the types that it is asked about."""

    _name: str
    _arguments: list[Arguments]

    @classmethod
    def of(cls, name: str, described: Described, arguments: set[tuple[str, tuple[pa.DataType, ...]]]) -> _Watched:
        """What the function takes; anything where it does not say."""
        anything = Accepted("", "", (Place("", ""),), 0, None, spread=False, lone=True)
        made = cls(*(described.accepted or anything))
        made._name, made._arguments = name, arguments
        return made

    def problem(self, fields: Sequence[tuple[str, pa.DataType]]) -> ContractError | None:
        """See Accepted.problem."""
        self._arguments.append((self._name, tuple(kind for _, kind in fields)))
        return super().problem(fields)
