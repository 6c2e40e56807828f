"""An engine that holds the rows of one request and nothing else: no files, no network, no settings, no other table.

It serves one request at a time, in a thread that may wait, and forgets the rows before the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.core.text import Text
from mlsql_engine.engines.duckdb.confinement import Confinement
from mlsql_engine.engines.duckdb.engine import DuckDBEngine
from mlsql_engine.engines.duckdb.relation import DuckRelation
from mlsql_engine.engines.duckdb.vector_columns import with_hidden_names
from mlsql_engine.engines.requests import ArrowRows, ReadRequest
from mlsql_engine.engines.select_lists import TABLE
from mlsql_engine.serving.asked_functions import Arguments, AskedFunctions, Asking
from mlsql_engine.serving.functions import Functions


@dataclass(frozen=True)
class QueryLimits:
    """What the query of a request may take: `memory` as in "256MB", `threads`, `seconds`; and `rows` and `size`,
    in bytes, of its result. At most `sandboxes` queries run at once and `waiting` more wait.
    """

    memory: str = "256MB"
    threads: int = 2
    seconds: float = 10.0
    rows: int = 1_000_000
    size: int = 64 << 20
    sandboxes: int = 2
    waiting: int = 64


@dataclass(frozen=True)
class Bound:
    """What the engine says of a query of some rows: its columns, and the types of what it gives to functions."""

    schema: pa.Schema
    arguments: tuple[Arguments, ...]


class Sandbox:
    """One engine. `uses` counts the requests that it served."""

    def __init__(self, scratch: Scratch, limits: QueryLimits) -> None:
        self._limits = limits
        self._functions = AskedFunctions()
        self._engine = DuckDBEngine(self._functions, scratch, Confinement(limits.memory, limits.threads))
        self.uses = 0

    def bind(self, query: Text, schema: pa.Schema, functions: Functions) -> Bound:
        """What the engine makes of a query of rows of that schema. Raises what it refuses."""
        try:
            empty = pa.RecordBatch.from_arrays([pa.nulls(0, kind) for kind in schema.types], schema=schema)
            relation = self._relation(query, empty, functions)
            return Bound(self._engine.schema(relation), tuple(self._functions.arguments))
        finally:
            self._forget()

    def rows(
        self, query: Text, batch: pa.RecordBatch, functions: Functions, asking: Asking
    ) -> list[pa.RecordBatch]:
        """The rows that the query makes of those of the batch. Raises what it refuses, and QUERY_LIMIT."""
        self._functions.asking = asking
        try:
            relation = self._relation(query, batch, functions)
            return self._collected(relation, query)
        finally:
            self._functions.asking = None
            self._forget()

    def _relation(self, query: Text, rows: pa.RecordBatch, functions: Functions) -> DuckRelation:
        self.uses += 1
        for name, opened in functions.items():
            if self._functions.add(name, opened):
                self._engine.unregister_function(name)
                self._engine.register_function(name)
        table = pa.Table.from_batches([with_hidden_names(rows)])
        self._engine.bind(TABLE, self._engine.read(ReadRequest(ArrowRows(table))))
        self._functions.arguments.clear()
        return self._engine.sql(query)

    def _collected(self, relation: DuckRelation, query: Text) -> list[pa.RecordBatch]:
        limits = self._limits
        batches: list[pa.RecordBatch] = []
        rows = size = 0
        with self._engine.stream(relation) as stream:
            for batch in stream:
                rows += batch.num_rows
                size += batch.get_total_buffer_size()
                if rows > limits.rows or size > limits.size:
                    most = f"{limits.rows:,} rows" if rows > limits.rows else f"{limits.size >> 20} MiB"
                    raise too_much(f"the result has more than {most}", query)
                batches.append(batch)
            return batches or [pa.RecordBatch.from_pylist([], schema=stream.schema)]

    def _forget(self) -> None:
        self._engine.forget_tables()

    def interrupt(self) -> None:
        """Make what it does fail soon; from any thread."""
        self._engine.interrupt()

    def close(self) -> None:
        """End it."""
        self._engine.close()


def too_much(what: str, query: Text) -> MlsqlError:
    """The error of a query that takes more than it may."""
    return MlsqlError(
        what,
        code="QUERY_LIMIT",
        span=query.span,
        hint="the query of a request works on its rows; more is for a script (POST /run/script)",
    )
