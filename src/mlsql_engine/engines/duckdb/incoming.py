"""Rows that come from elsewhere as record batches, into a table of DuckDB's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from mlsql_engine.engines.quoting import identifier
from mlsql_engine.engines.requests import OpenBatches, RecordBatches

if TYPE_CHECKING:
    import duckdb


class Incoming:
    """Reads record batches, and knows those that are being read."""

    def __init__(self) -> None:
        self._open: dict[int, OpenBatches] = {}

    def read(self, cursor: duckdb.DuckDBPyConnection, options: RecordBatches, table: str) -> str:
        """Put all rows into the empty `table`, or none; the SELECT of them. Raises MlsqlError, duckdb.Error."""
        import duckdb

        name = f"{table} incoming"
        with options.open() as batches:
            passing = _Passing(batches)
            self._open[id(batches)] = batches
            cursor.register(name, pa.RecordBatchReader.from_batches(options.schema, passing.batches()))
            try:
                cursor.execute(f"INSERT INTO {identifier(table)} SELECT * FROM {identifier(name)}").fetchall()
            except duckdb.Error as problem:
                raise (passing.failure or problem) from None
            finally:
                del self._open[id(batches)]
                cursor.unregister(name)
        return f"SELECT * FROM {identifier(table)}"

    def cancel(self) -> None:
        """Make what is being read fail soon; from any thread."""
        for batches in list(self._open.values()):
            batches.cancel()


class _Passing:
    """Batches on their way, and what ended them: of an exception, DuckDB keeps only the text."""

    def __init__(self, batches: OpenBatches) -> None:
        self._batches = batches
        self.failure: BaseException | None = None

    def batches(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._batches
        except (Exception, KeyboardInterrupt) as problem:
            self.failure = problem
            raise
