"""A select list that was compiled for rows of one schema, and is evaluated on batches of them without an engine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pyarrow as pa

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.serving.functions import Opened, Predict
from mlsql_engine.serving.plan.binding import PlannedCall, Rows, bind
from mlsql_engine.serving.sandbox.engine import Bound


class Changed(Exception):
    """A function's newest registration gives another type than that which was planned with."""


class Plan:
    """Immutable. `schema` are the columns that it makes: those of the engine."""

    def __init__(self, bound: Bound, rows: pa.Schema, functions: Mapping[str, Opened]) -> None:
        """Raises NotPlain for what only an engine can answer."""
        self.schema = bound.schema
        self._columns, self._levels = bind(bound, rows, functions)

    async def evaluate(self, batch: pa.RecordBatch, predict: Predict) -> pa.RecordBatch:
        """The columns for a batch of the schema that it was compiled for; `predict` asks functions.

        Calls that do not wait for each other are asked together, equal ones once. Raises what `predict` raises,
        placed at the call; LeftToEngine where the engine has to say what becomes of a value; Changed.
        """
        rows = Rows(batch.columns, batch.num_rows)
        if rows.count:
            for calls in self._levels:
                await _ask(calls, rows, predict)
        else:
            for calls in self._levels:
                rows.answers.update({call.number: pa.nulls(0, call.answer) for call in calls})
        return pa.RecordBatch.from_arrays([compute(rows) for compute in self._columns], schema=self.schema)


async def _ask(calls: tuple[PlannedCall, ...], rows: Rows, predict: Predict) -> None:
    if len(calls) == 1:
        answers = [await _answer(calls[0], rows, predict)]
    else:
        answers = await asyncio.gather(*(_answer(call, rows, predict) for call in calls))
    for call, array in zip(calls, answers, strict=True):
        rows.answers[call.number] = array


async def _answer(call: PlannedCall, rows: Rows, predict: Predict) -> pa.Array:
    """The answers to one call, one per row. Raises Changed, and what `predict` raises, at the call's place."""
    try:
        answers = await predict(call.function, call.part(rows.first() if call.once else rows))
    except MlsqlError as error:
        error.at(call.place)
        raise
    array = answers.array
    if array.type != call.answer:
        raise Changed(call.function)
    return array.take(pa.nulls(rows.count, pa.int64()).fill_null(0)) if call.once and rows.count != 1 else array
