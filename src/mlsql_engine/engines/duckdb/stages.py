"""The stream operator: the rows of a query, with the answers of models added, each row asked once.

The query is read on its own cursor in batches that grow to 65,536 rows (`parts`); as many are with the models at
once as these have workers, and as many wait. The answers come back in the order of the rows, as an Arrow stream
that the rest of the query reads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

import pyarrow as pa

from mlsql_engine.core.errors import InternalError
from mlsql_engine.engines.base import BATCH_ROWS
from mlsql_engine.engines.duckdb.model_calls import BoundModel, Carried, ModelCalls
from mlsql_engine.engines.duckdb.parts import Part, Parts


@dataclass(frozen=True)
class StageCall:
    """A model, the columns that are its arguments, and the column of its answers."""

    model: BoundModel
    arguments: tuple[str, ...]
    column: str


@dataclass(frozen=True)
class Stage:
    """`passed` are the columns that go through; `types` the engine's types of all columns that come out."""

    calls: tuple[StageCall, ...]
    passed: tuple[str, ...]
    types: Mapping[str, str]

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions that it calls, as scripts name them."""
        return tuple(dict.fromkeys(call.model.function for call in self.calls))

    @property
    def workers(self) -> int:
        """How many batches are predicted at once."""
        return max((call.model.predictor.workers for call in self.calls), default=1)

    def asking(self, columns: Collection[str]) -> Stage:
        """The same without the calls whose answers are not among `columns`."""
        return replace(self, calls=tuple(call for call in self.calls if call.column in columns))

    def gives(self, column: str) -> bool:
        """Whether a column comes out: not the answers of a call that `asking` left out."""
        return column in self.passed or any(call.column == column for call in self.calls)

    def schema(self, child: pa.Schema) -> pa.Schema:
        """What comes out, of what goes in; vectors have their hidden field names.

        The first column means nothing: it is what the engine reads to count rows.
        """
        answers = [pa.field(call.column, call.model.hidden_type) for call in self.calls]
        return pa.schema([pa.field("row", pa.bool_()), *(child.field(name) for name in self.passed), *answers])


class Source(Protocol):
    """Where a run gets its rows: an open query."""

    def batches(self, rows: int) -> Iterator[pa.RecordBatch]:
        """The rows, `rows` of them a batch. Raises what the query raises, as the user shall see it."""

    def interrupt(self) -> None:
        """Make the query fail soon; from any thread."""

    def close(self) -> None:
        """End the query."""


class StageRun:
    """One reading of a stage: an Arrow stream that can be read once.

    What a model or the query raises is kept in `calls` and comes back as itself where the outer query fails.
    """

    def __init__(
        self, stage: Stage, schema: pa.Schema, calls: ModelCalls, open_source: Callable[[], Source]
    ) -> None:
        self._stage = stage
        self._calls = calls
        self._open_source = open_source
        self._source: Source | None = None
        self._pools: list[ThreadPoolExecutor] = []
        self._rows: Iterator[pa.RecordBatch] | None = None
        self._stopped = False
        self.schema = schema

    def __arrow_c_schema__(self) -> Any:
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        if self._rows is not None:
            raise self._calls.carry("", InternalError("the answers of a model were asked for twice"))
        self._rows = self._answered()
        return pa.RecordBatchReader.from_batches(self.schema, self._rows).__arrow_c_stream__(requested_schema)

    def stop(self) -> None:
        """Take no more rows, and wait for no answers; from any thread. `close` is still to be called."""
        self._stopped = True
        if self._source is not None:
            self._source.interrupt()
        for pool in self._pools:
            pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End it, when nothing reads it any more; batches that are being predicted are waited for."""
        self.stop()
        if self._rows is not None:
            self._rows.close()  # type: ignore[attr-defined]
        for pool in self._pools:
            pool.shutdown(wait=True, cancel_futures=True)
        if self._source is not None:
            self._source.close()

    def _answered(self) -> Iterator[pa.RecordBatch]:
        try:
            if self._stopped:
                raise CancelledError
            self._source = self._open_source()
            self._pools = [
                ThreadPoolExecutor(call.model.predictor.workers, thread_name_prefix="mlsql-predict")
                for call in self._stage.calls
            ]
            yield from self._in_order(Parts(self._source.batches(BATCH_ROWS)))
        except (GeneratorExit, Carried):
            raise
        except BaseException as error:  # noqa: BLE001 - the stream passes on no more than the text
            raise self._calls.carry("", error) from None

    def _in_order(self, parts: Parts) -> Iterator[pa.RecordBatch]:
        waiting: deque[tuple[Part, list[Future[pa.Array]]]] = deque()
        most = 2 * self._stage.workers
        for part in parts:
            answers = [
                pool.submit(_answers, call, part.rows)
                for pool, call in zip(self._pools, self._stage.calls, strict=True)
            ]
            # What the models have answered is not kept: its memory serves the next rows.
            waiting.append((part.keeping(self._stage.passed), answers))
            if len(waiting) >= most:
                yield self._joined(parts, *waiting.popleft())
        while waiting:
            yield self._joined(parts, *waiting.popleft())

    def _joined(self, parts: Parts, part: Part, answers: list[Future[pa.Array]]) -> pa.RecordBatch:
        rows = part.rows
        columns = [pa.nulls(rows.num_rows, pa.bool_()), *(rows.column(name) for name in self._stage.passed)]
        for call, answer in zip(self._stage.calls, answers, strict=True):
            try:
                columns.append(answer.result())
            except BaseException as error:  # noqa: BLE001 - the stream passes on no more than the text
                raise self._calls.carry(call.model.function, part.placed(error)) from None
        parts.answered(rows.num_rows, sum(column.nbytes for column in columns[-len(answers) :]))
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)


def _answers(call: StageCall, part: pa.RecordBatch) -> pa.Array:
    return call.model.predict([part.column(name) for name in call.arguments])
