"""The engine of a sandbox: no files, no network, no settings, and no table but the rows of one request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa

from mlsql_engine.core.errors import SqlProblem
from mlsql_engine.core.functions import Described
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.core.text import Text
from mlsql_engine.engines import select_lists
from mlsql_engine.engines.duckdb.confinement import Confinement, is_out_of_memory
from mlsql_engine.engines.duckdb.engine import DuckDBEngine
from mlsql_engine.engines.duckdb.relation import DuckRelation
from mlsql_engine.engines.duckdb.vector_columns import with_hidden_names
from mlsql_engine.engines.requests import ArrowRows, ReadRequest
from mlsql_engine.engines.select_lists import SelectList
from mlsql_engine.serving.sandbox.asked_functions import Arguments, Ask, AskedFunctions
from mlsql_engine.serving.sandbox.limits import QueryLimits, too_much

Registered = Mapping[str, tuple[int, Described]]
"""The functions of a query by their names in lower case, each registration with a number of its own."""


@dataclass(frozen=True)
class Bound:
    """What the engine makes of a query of rows of one schema.

    `schema` are its columns, `arguments` the types of what it gives to functions; `select` is the query as values.
    """

    schema: pa.Schema
    arguments: tuple[Arguments, ...]
    select: SelectList


class SandboxEngine:
    """Answers one query at a time, and forgets the rows before the next."""

    def __init__(self, limits: QueryLimits, ask: Ask) -> None:
        self._limits = limits
        self._functions = AskedFunctions(ask)
        confinement = Confinement(f"{limits.memory >> 20}MiB", limits.threads)
        self._engine = DuckDBEngine(self._functions, Scratch(), confinement)

    def bind(self, query: Text, schema: pa.Schema, functions: Registered) -> Bound:
        """What becomes of a query of such rows. Raises what the engine refuses."""
        empty = pa.RecordBatch.from_arrays([pa.nulls(0, kind) for kind in schema.types], schema=schema)
        with self._relation(query, empty, functions) as relation:
            forms = {name: described.form for name, (_, described) in functions.items()}
            select = select_lists.read(query, forms)
            return Bound(self._engine.schema(relation), tuple(self._functions.arguments), select)

    def rows(self, query: Text, batch: pa.RecordBatch, functions: Registered) -> list[pa.RecordBatch]:
        """The rows that the query makes of those of the batch. Raises what the engine refuses, and QUERY_LIMIT."""
        limits = self._limits
        batches: list[pa.RecordBatch] = []
        rows = size = 0
        with self._relation(query, batch, functions) as relation, self._engine.stream(relation) as stream:
            for made in stream:
                rows += made.num_rows
                size += made.get_total_buffer_size()
                if rows > limits.rows or size > limits.size:
                    most = f"{limits.rows:,} rows" if rows > limits.rows else f"{limits.size >> 20} MiB"
                    raise too_much(f"the result has more than {most}", query.span)
                batches.append(made)
            return batches or [pa.RecordBatch.from_pylist([], schema=stream.schema)]

    @contextmanager
    def _relation(self, query: Text, rows: pa.RecordBatch, functions: Registered) -> Iterator[DuckRelation]:
        engine = self._engine
        gone, new = self._functions.update(functions)
        for name in gone:
            engine.unregister_function(name)
        for name in new:
            engine.register_function(name)
        self._functions.arguments.clear()
        table = pa.Table.from_batches([with_hidden_names(rows)])
        try:
            engine.bind(select_lists.TABLE, engine.read(ReadRequest(ArrowRows(table))))
            yield engine.sql(query)
        except (SqlProblem, MemoryError) as error:
            if isinstance(error, MemoryError) or is_out_of_memory(error):
                raise too_much("the query needs more memory than it may have", query.span) from error
            raise
        finally:
            engine.forget_tables()
