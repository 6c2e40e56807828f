"""The queries of requests over their own rows: by a plan where one is enough, else by an engine.

What becomes of a query is asked of an engine once for each text and schema of rows, and kept, so that names, types
and errors are the engine's also where no engine is asked any more.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import pyarrow as pa

from mlsql_engine.core.errors import InternalError, MlsqlError, nearest
from mlsql_engine.core.span import Source
from mlsql_engine.engines.select_lists import NotPlain
from mlsql_engine.serving.answers import Answers
from mlsql_engine.serving.functions import Opened, SessionFunctions
from mlsql_engine.serving.parts import Part
from mlsql_engine.serving.plan.arrays import LeftToEngine
from mlsql_engine.serving.plan.plan import Changed, Plan
from mlsql_engine.serving.sandbox.client import Query
from mlsql_engine.serving.sandbox.pool import Sandboxes, too_late

MOST = 512
MOST_CHARACTERS = 1_000_000
MOST_SCHEMAS = 8
_TRIES = 4


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is known of a text over rows of a schema: the functions that it may call, and its plan.

    None with the reason where there is no plan.
    """

    schema: pa.Schema
    functions: Mapping[str, Opened]
    plan: Plan | None
    reason: str


class Queries:
    """Answers the queries of requests for one session. Belongs to one event loop.

    What is known of at most MOST texts, of at most MOST_CHARACTERS together, is kept, of each for at most
    MOST_SCHEMAS schemas of rows: those that were used last.
    """

    def __init__(self, functions: SessionFunctions, sandboxes: Sandboxes) -> None:
        self._functions = functions
        self._sandboxes = sandboxes
        self._kept: OrderedDict[str, list[_Kept]] = OrderedDict()
        self._making: dict[Hashable, asyncio.Task[_Kept]] = {}
        self._characters = 0

    async def rows(self, text: str, batch: pa.RecordBatch, deadline: float) -> list[pa.RecordBatch]:
        """The rows that a select list, or a whole query, makes of those of the batch: at least one batch.

        SELECT may be left out, and FROM, which means the rows; they are also the table `data`. `deadline` is a time
        of `time.monotonic`. Raises MlsqlError, placed in the text, which is called "sql".
        """
        for _ in range(_TRIES):
            try:
                return await self._rows(text, batch, deadline)
            except Changed:
                continue  # a function was registered anew while it was asked
        raise InternalError("the functions of a query are registered again and again")

    async def _rows(self, text: str, batch: pa.RecordBatch, deadline: float) -> list[pa.RecordBatch]:
        kept = self._valid(text, batch.schema) or await self._made(text, batch.schema, deadline)
        predict = partial(_predict, self._functions, deadline)
        if kept.plan is not None:
            try:
                return [await kept.plan.evaluate(batch, predict)]
            except LeftToEngine:
                pass
        query = Query(Source("sql", text), kept.functions)
        return await self._sandboxes.rows(query, batch, predict, deadline)

    def _valid(self, text: str, schema: pa.Schema) -> _Kept | None:
        """What is known of the text, if all functions that it may call are those that it is known of."""
        kept = self._of(text, schema)
        if kept is None:
            return None
        functions = self._functions
        if any(functions.ready(name) is not opened for name, opened in kept.functions.items()):
            return None
        if len(_named(text, functions)) != len(kept.functions):
            return None
        self._kept.move_to_end(text)
        return kept

    def _of(self, text: str, schema: pa.Schema) -> _Kept | None:
        for kept in self._kept.get(text, ()):
            if kept.schema is schema or kept.schema.equals(schema):
                return kept
        return None

    async def _made(self, text: str, schema: pa.Schema, deadline: float) -> _Kept:
        """Have an engine look at the query, and keep what it says. Raises what it refuses."""
        opened = {name: await self._functions.function(name) for name in _named(text, self._functions)}
        kept = self._of(text, schema)
        if kept is not None and _alike(kept.functions, opened):
            # The newest versions, which take and give the same: what an engine said of the others holds for them.
            self._keep(text, replace(kept, functions=opened))
            return replace(kept, functions=opened)
        return await self._made_once(text, schema, opened, deadline)

    async def _made_once(
        self, text: str, schema: pa.Schema, opened: Mapping[str, Opened], deadline: float
    ) -> _Kept:
        """The same for all requests that ask for it meanwhile."""
        key = (text, schema, *opened.values())
        while True:
            making = self._making.get(key)
            if making is None:
                making = asyncio.create_task(self._bind(text, schema, opened, deadline))
                self._making[key] = making
                making.add_done_callback(partial(self._is_made, key))
            try:
                async with asyncio.timeout(max(deadline - time.monotonic(), 0.0)):
                    return await asyncio.shield(making)
            except TimeoutError:
                raise too_late() from None
            except MlsqlError as error:
                # It was that of another request, whose time was over sooner.
                if error.code != "DEADLINE" or time.monotonic() >= deadline:
                    raise error.again() from None

    def _is_made(self, key: Hashable, making: asyncio.Task[_Kept]) -> None:
        del self._making[key]
        if not making.cancelled():
            making.exception()  # nobody may wait for it any more

    async def _bind(self, text: str, schema: pa.Schema, opened: Mapping[str, Opened], deadline: float) -> _Kept:
        query = Query(Source("sql", text), opened)
        predict = partial(_predict, self._functions, deadline)
        try:
            bound = await self._sandboxes.bind(query, schema, predict, deadline)
        except MlsqlError as error:
            _suggest(error, self._functions)
            raise
        try:
            kept = _Kept(schema, opened, Plan(bound, schema, opened), "")
        except NotPlain as reason:
            kept = _Kept(schema, opened, None, str(reason))
        self._keep(text, kept)
        return kept

    def _keep(self, text: str, kept: _Kept) -> None:
        known = self._kept.get(text)
        if known is None:
            self._characters += len(text)
            known = []
        others = [one for one in known if not one.schema.equals(kept.schema)]
        self._kept[text] = [kept, *others[: MOST_SCHEMAS - 1]]
        self._kept.move_to_end(text)
        while len(self._kept) > MOST or (self._characters > MOST_CHARACTERS and len(self._kept) > 1):
            forgotten, _ = self._kept.popitem(last=False)
            self._characters -= len(forgotten)

    def reason(self, text: str, schema: pa.Schema) -> str | None:
        """Why a query of such rows is answered by an engine; "" where it is not, None where that is not known."""
        kept = self._of(text, schema)
        return None if kept is None else kept.reason


def _predict(functions: SessionFunctions, deadline: float, name: str, part: Part) -> Awaitable[Answers]:
    return functions.predict(name, part, deadline)


def _named(text: str, functions: SessionFunctions) -> list[str]:
    """The functions whose names stand in a text: those that it calls are among them."""
    lower = text.lower()
    return [name for name in functions.names() if name in lower]


def _alike(known: Mapping[str, Opened], opened: Mapping[str, Opened]) -> bool:
    """Whether functions take and give what those did that are known."""
    return known.keys() == opened.keys() and all(
        known[name].described == function.described for name, function in opened.items()
    )


def _suggest(error: MlsqlError, functions: SessionFunctions) -> None:
    """Let the error of an unknown function name those of the session: the engine knows only what the text names."""
    if error.code != "UNKNOWN_FUNCTION" or error.span is None:
        return
    near = nearest(error.span.text.strip("`"), functions.names())
    if near is not None:
        error.hint = f"did you mean '{near}'?"
