"""The rows of a DuckDB query as record batches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from mlsql_engine.engines.duckdb import vector_columns
from mlsql_engine.engines.duckdb.interruption import Interruption

if TYPE_CHECKING:
    import duckdb


class Feeding(Protocol):
    """What a query reads beside the database."""

    def interrupt(self) -> None:
        """Make it fail soon."""

    def close(self) -> None:
        """End it, when the query has ended."""


class DuckBatches:
    """A reader on a cursor of its own; closing it ends the query and what feeds it."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        reader: pa.RecordBatchReader,
        interruption: Interruption,
        explain: Callable[[Exception], BaseException],
        feeding: Feeding | None = None,
    ) -> None:
        self._cursor = cursor
        self._feeding = feeding
        self._reader = reader
        self._interruption = interruption
        self._explain = explain
        self.schema = vector_columns.public_schema(reader.schema)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        while True:
            try:
                batch = self._interruption.run(self._cursor, self._next)
            except Exception as error:
                raise self._explain(unwrapped(error)) from error
            if batch is None:
                return
            yield vector_columns.relabel(batch, self.schema)

    def _next(self) -> pa.RecordBatch | None:
        try:
            return self._reader.read_next_batch()
        except StopIteration:
            return None

    def close(self) -> None:
        """End the query and give its memory back."""
        with suppress(Exception):
            # Else the query would wait for what it is fed with.
            if self._feeding is not None:
                self._feeding.interrupt()
            self._reader.close()
        self._cursor.close()
        if self._feeding is not None:
            self._feeding.close()

    def __enter__(self) -> DuckBatches:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def is_engine_error(error: Any) -> bool:
    """Whether an exception came out of DuckDB, straight or through an Arrow reader."""
    import duckdb

    return isinstance(error, duckdb.Error | pa.ArrowException | RuntimeError)


_DUCKDB_TEXT = re.compile(r"^(?:[A-Z]\w+ (?:\w+ )*)Error: ")


def unwrapped(error: Exception) -> Exception:
    """The engine's own exception: of one that is raised while a reader is read, Arrow keeps only the text."""
    import duckdb

    if isinstance(error, OSError) and _DUCKDB_TEXT.match(str(error)):
        return duckdb.Error(str(error))
    return error
