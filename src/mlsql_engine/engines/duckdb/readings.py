"""Reading a relation: a query on a cursor of its own, and the streams of the stages that it reaches."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pyarrow as pa

from mlsql_engine.core.errors import InternalError
from mlsql_engine.engines.duckdb.batches import is_engine_error, unwrapped
from mlsql_engine.engines.duckdb.database import Database
from mlsql_engine.engines.duckdb.diagnosis import Diagnosis
from mlsql_engine.engines.duckdb.model_calls import ModelCalls
from mlsql_engine.engines.duckdb.quoting import identifier
from mlsql_engine.engines.duckdb.relation import DuckRelation, open_stages
from mlsql_engine.engines.duckdb.stages import StageRun

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
        stages, between = open_stages(relation)
        tables = [f"{identifier(stage.view)} AS NOT MATERIALIZED ({self._streamed(stage)})" for stage in stages]
        tables += [f"{identifier(node.view)} AS NOT MATERIALIZED ({node.definition})" for node in between]
        self.with_ = f"WITH {', '.join(tables)} " if tables else ""

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

    def batches(self, rows: int) -> Iterator[pa.RecordBatch]:
        """The rows under their hidden field names, `rows` of them a batch. Raises what the user shall see."""
        explain = self._readings.diagnosis.explain
        try:
            yield from self.cursor.sql(self.select).to_arrow_reader(rows)
        except Exception as error:
            if not is_engine_error(unwrapped(error)):
                raise
            raise explain(unwrapped(error), relation=self.relation) from error

    def _streamed(self, stage: DuckRelation) -> str:
        """Register a stream of the stage, and give the select that reads it, in the engine's own types."""
        run = self._readings.run(stage)
        self._runs.append(run)
        name = f"{stage.view}_stream"
        self.cursor.register(name, run)
        types = stage.stage.types if stage.stage else {}
        columns = ", ".join(f"{identifier(item)}::{kind} AS {identifier(item)}" for item, kind in types.items())
        return f"SELECT {columns} FROM {identifier(name)}"


class Readings:
    """Opens readings, and knows those that are open; `diagnosis` tells what their errors mean."""

    def __init__(self, database: Database, calls: ModelCalls, diagnosis: Diagnosis) -> None:
        self._database = database
        self._calls = calls
        self.diagnosis = diagnosis
        self._open: weakref.WeakSet[Reading] = weakref.WeakSet()

    def open(self, relation: DuckRelation) -> Reading:
        """A reading that the caller closes."""
        reading = Reading(self, self._database.open_cursor(), relation)
        self._open.add(reading)
        return reading

    @contextmanager
    def reading(self, relation: DuckRelation) -> Iterator[Reading]:
        """A reading for as long as the block lasts."""
        reading = self.open(relation)
        try:
            yield reading
        finally:
            reading.close()

    def run(self, stage: DuckRelation) -> StageRun:
        """A stream of a stage's rows; its query is opened when it is first asked."""
        (child,) = stage.parents
        if stage.stage is None:
            raise InternalError(f"{stage.view} is no stage")
        definition = stage.stage
        schema = definition.schema(child.arrow_schema)
        return StageRun(definition, schema, self._calls, lambda: self.open(child))

    def interrupt(self) -> None:
        """Make all queries that are read here fail soon; from any thread."""
        for reading in list(self._open):
            reading.interrupt()
