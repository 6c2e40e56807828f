"""Reading a relation: a query on a cursor of its own, and the streams of the stages that it reaches."""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pyarrow as pa

from mlsql_engine.core.errors import InternalError
from mlsql_engine.engines.duckdb.batches import is_engine_error, unwrapped
from mlsql_engine.engines.duckdb.database import Database
from mlsql_engine.engines.duckdb.diagnosis import Diagnosis
from mlsql_engine.engines.duckdb.model_calls import ModelCalls
from mlsql_engine.engines.duckdb.relation import DuckRelation, open_stages
from mlsql_engine.engines.duckdb.stages import Stage, StageRun
from mlsql_engine.engines.quoting import identifier

if TYPE_CHECKING:
    import duckdb


class Reading:
    """One query over a relation. `with_` goes before a SELECT from the relation's view on `cursor`.

    In `with_`, the stages are the streams that are registered on this cursor, and what lies between them and the
    relation is written out over them: views of the catalog would read the catalog's stages, which are empty.
    """

    def __init__(self, readings: Readings, cursor: duckdb.DuckDBPyConnection, relation: DuckRelation) -> None:
        self.cursor = cursor
        self.relation = relation
        self._readings = readings
        self._runs: list[StageRun] = []
        self._stages, self._between = open_stages(relation)
        self.with_ = self._registered({id(stage): _definition(stage) for stage in self._stages})
        if self._stages and (len(self._between) != 1 or self._between[0].nested):
            self._ask_what_is_read()

    @property
    def select(self) -> str:
        """The query for all rows."""
        return f"{self.with_}SELECT * FROM {identifier(self.relation.view)}"

    def interrupt(self) -> None:
        """Make the query fail soon; from any thread."""
        for run in self._runs:
            run.stop()
        with suppress(Exception):  # a cursor that is closed has nothing to interrupt
            self.cursor.interrupt()

    def close(self) -> None:
        """End the query and its streams. Closing twice is harmless."""
        for run in self._runs:
            run.stop()
        self.cursor.close()
        for run in self._runs:
            run.close()
        self._readings.closed(self)

    def batches(self, rows: int) -> Iterator[pa.RecordBatch]:
        """The rows under their hidden field names, `rows` of them a batch. Raises what the user shall see."""
        explain = self._readings.diagnosis.explain
        try:
            # What is read whole is read faster page by page than when copied from blocks that are fetched ahead.
            if not self._readings.database.confined:
                self.cursor.execute("SET SESSION disable_parquet_prefetching = true")
            yield from self.cursor.sql(self.select).to_arrow_reader(rows)
        except Exception as error:
            if not is_engine_error(unwrapped(error)):
                raise
            raise explain(unwrapped(error), relation=self.relation) from error

    def _ask_what_is_read(self) -> None:
        """Leave out the calls whose answers the engine's plan does not read."""
        query = f"EXPLAIN (FORMAT json) {self.select}"
        rows = self._readings.database.run(self.cursor, lambda: self.cursor.execute(query).fetchall())
        plan = " ".join(str(row[1]) for row in rows)
        read = frozenset(re.findall(r"\w+", plan))
        asked = {id(stage): _definition(stage).asking(read) for stage in self._stages}
        if any(asked[id(stage)] != _definition(stage) for stage in self._stages):
            self._runs.clear()
            self.with_ = self._registered(asked)

    def _registered(self, definitions: Mapping[int, Stage]) -> str:
        """Register a stream of every stage, and give the WITH over them."""
        tables: list[tuple[str, str]] = []
        for node in self._stages:
            stage, name = definitions[id(node)], f"{node.view}_stream"
            run = self._readings.run(stage, node)
            self._runs.append(run)
            self.cursor.register(name, run)
            # Arrow has fewer types than the engine: what was another one there becomes it again.
            columns = [
                f"{identifier(column) if stage.gives(column) else _NOT_ASKED}::{kind} AS {identifier(column)}"
                for column, kind in stage.types.items()
            ]
            tables.append((node.view, f"SELECT {', '.join(columns)} FROM {_by_one_thread(name)}"))
        tables += [(node.view, node.definition) for node in self._between]
        written = ", ".join(f"{identifier(name)} AS NOT MATERIALIZED ({select})" for name, select in tables)
        return f"WITH {written} " if tables else ""


def _by_one_thread(stream: str) -> str:
    """A stream as a table that one thread of the engine reads.

    The engine would have all its threads wait for the stream, and none left for the query that feeds it. The first
    so many rows, in their order, are given by one thread.
    """
    return f"(FROM {identifier(stream)} LIMIT {_ALL_ROWS})"


_ALL_ROWS = 2**63 - 1
_NOT_ASKED = "error('the answers of a model are read that were not asked for' || coalesce(\"row\"::VARCHAR, ''))"


def _definition(node: DuckRelation) -> Stage:
    if node.stage is None:
        raise InternalError(f"{node.view} is no stage")
    return node.stage


class Readings:
    """Opens readings, and knows those that are open; `diagnosis` tells what their errors mean."""

    def __init__(self, database: Database, calls: ModelCalls, diagnosis: Diagnosis) -> None:
        self.database = database
        self._calls = calls
        self.diagnosis = diagnosis
        self._open: weakref.WeakSet[Reading] = weakref.WeakSet()
        self._lock = threading.Lock()  # those of stages are opened by the engine's threads

    def open(self, relation: DuckRelation) -> Reading:
        """A reading that the caller closes."""
        cursor = self.database.open_cursor()
        try:
            reading = Reading(self, cursor, relation)
        except BaseException:
            cursor.close()
            raise
        with self._lock:
            self._open.add(reading)
        return reading

    def opened(self) -> list[Reading]:
        """Those that are open."""
        with self._lock:
            return list(self._open)

    def closed(self, reading: Reading) -> None:
        """Forget one that has ended."""
        with self._lock:
            self._open.discard(reading)

    @contextmanager
    def reading(self, relation: DuckRelation) -> Iterator[Reading]:
        """A reading for as long as the block lasts."""
        reading = self.open(relation)
        try:
            yield reading
        finally:
            reading.close()

    def run(self, stage: Stage, node: DuckRelation) -> StageRun:
        """A stream of the rows of `node`; its query is opened when it is first asked."""
        (child,) = node.parents
        return StageRun(stage, stage.schema(child.arrow_schema), self._calls, lambda: self.open(child))

    def interrupt(self) -> None:
        """Make all queries that are read here fail soon; from any thread."""
        for reading in self.opened():
            reading.interrupt()
