"""DuckDB as an Engine: views for tables, Spark SQL translated, models as UDFs."""

from __future__ import annotations

import os
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa

from mlsql_engine.core.errors import InternalError
from mlsql_engine.core.functions import FunctionCatalog
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.core.text import Text
from mlsql_engine.engines.base import BATCH_ROWS, Relation
from mlsql_engine.engines.dialect import Translation
from mlsql_engine.engines.duckdb import (
    definitions,
    explaining,
    functions,
    partitions,
    saving,
    settings,
    vector_columns,
)
from mlsql_engine.engines.duckdb.batches import DuckBatches
from mlsql_engine.engines.duckdb.confinement import Confinement, refuse_effects
from mlsql_engine.engines.duckdb.database import Database
from mlsql_engine.engines.duckdb.diagnosis import Diagnosis
from mlsql_engine.engines.duckdb.loading import Loading
from mlsql_engine.engines.duckdb.model_calls import ModelCalls
from mlsql_engine.engines.duckdb.queries import Queries
from mlsql_engine.engines.duckdb.readings import Reading, Readings
from mlsql_engine.engines.duckdb.relation import DuckRelation, before_reading
from mlsql_engine.engines.duckdb.stored_tables import StoredTables
from mlsql_engine.engines.query_limits import too_deep
from mlsql_engine.engines.quoting import identifier
from mlsql_engine.engines.requests import ArrowSave, ReadRequest, WriteRequest
from mlsql_engine.engines.session_functions import engine_name
from mlsql_engine.engines.spark_meaning import TO_NUMBER
from mlsql_engine.engines.translations import Translations


class _Views(Mapping[str, str]):
    """The views of the tables, by the tables' names in lower case."""

    def __init__(self, tables: Mapping[str, DuckRelation]) -> None:
        self._tables = tables

    def __getitem__(self, name: str) -> str:
        return self._tables[name].view

    def __contains__(self, name: object) -> bool:
        return name in self._tables

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)


class DuckDBEngine:
    """One in-memory database whose views are the relations; with a confinement, one for strangers."""

    name = "duckdb"

    def __init__(self, catalog: FunctionCatalog, scratch: Scratch, confinement: Confinement | None = None) -> None:
        self._catalog = catalog
        self._tables: dict[str, DuckRelation] = {}
        self._functions: dict[str, str] = {}
        self._translations = Translations()
        self._calls = ModelCalls()
        self._database = Database(scratch, self._cancel, confinement)
        self._loading = Loading(self._database, scratch)
        self._diagnosis = Diagnosis(self._database, self._calls, self._tables, self._functions)
        self._readings = Readings(self._database, self._calls, self._diagnosis)
        self._stored_tables = StoredTables(self._database, self._loading)
        self._queries = Queries(self._database, self._calls, self._describe)

    @property
    def tables(self) -> Mapping[str, Relation]:
        """The bound tables by name in lower case."""
        return self._tables

    def sql(self, query: Text) -> DuckRelation:
        """A view of the query. See Engine.sql."""
        try:
            return self._sql(query)
        except RecursionError:
            raise too_deep(query.span) from None

    def _sql(self, query: Text) -> DuckRelation:
        translation = self._translate(query)
        if self._database.confined:
            refuse_effects(translation, self._functions)
        self._database.install_macros(translation.calls & functions.names())
        with self._diagnosis.errors(translation):
            return self._relation_of(translation)

    def _translate(self, query: Text, *, text_as_numbers: bool = False) -> Translation:
        views, names = _Views(self._tables), ChainMap(self._functions, functions.RENAMED)
        return self._translations.translate(query, views, names, self._functions, text_as_numbers=text_as_numbers)

    def _relation_of(self, translation: Translation) -> DuckRelation:
        """The relation; when it fails on text, once more with text read as numbers, as Spark does."""
        import duckdb

        tables = [self._tables[name] for name in dict.fromkeys(translation.tables)]
        try:
            return self._queries.relation(translation, tables)
        except duckdb.BinderException as error:
            if not any(kind in str(error) for kind in ("VARCHAR", "STRING_LITERAL")):
                raise
            self._database.install_macros(frozenset({TO_NUMBER}))
            again = self._translate(translation.query, text_as_numbers=True)
            try:
                return self._queries.relation(again, tables)
            except duckdb.BinderException:
                raise error from None

    def bind(self, name: str, relation: Relation) -> None:
        """Make the relation the table `name`."""
        self._tables[name.lower()] = _own(relation)

    def read(self, request: ReadRequest) -> DuckRelation:
        """A view over files. See Engine.read."""
        with self._diagnosis.errors():
            relation = self._loading.load(request)
        if relation.files:
            relation.request = request
            self._diagnosis.file_readers.add(relation)
        return relation

    def write(self, relation: Relation, request: WriteRequest) -> int | None:
        """Write files. See Engine.write."""
        own = _own(relation)
        if request.mode == "overwrite":
            self._keep_what_is_read_from(os.path.realpath(request.place))
        return saving.publish(request, lambda path: self._write_rows(own, path, request))

    def _keep_what_is_read_from(self, place: str) -> None:
        """Tables over files that are about to be replaced are read now: they keep the rows that they have."""
        if os.path.exists(place):
            for reader in list(self._diagnosis.file_readers):
                if not reader.stored and reader.reads_file(place):
                    self._store(reader)

    def _write_rows(self, relation: DuckRelation, path: str, request: WriteRequest) -> int:
        if isinstance(request.options, ArrowSave):
            return self._write_arrow(relation, path)
        self._prepare(relation)
        with self._diagnosis.errors(relation=relation), self._readings.reading(relation) as reading:
            cursor = reading.cursor
            copy = saving.copy_statement(relation.view, relation.arrow_schema, request, path, reading.with_)
            row = self._database.run(cursor, lambda: cursor.execute(copy).fetchone())
            return int(row[0]) if row else 0

    def _write_arrow(self, relation: DuckRelation, path: str) -> int:
        rows = 0
        with (
            self.stream(relation) as stream,
            pa.OSFile(path, "wb") as file,
            pa.ipc.new_file(file, stream.schema) as writer,
        ):
            for batch in stream:
                writer.write_batch(batch)
                rows += batch.num_rows
        return rows

    def register_function(self, name: str) -> bool:
        """Make the catalog's function callable; tables made before keep the one they were made with."""
        hides = name.lower() in self._database.built_in_functions()
        predictor = self._catalog.predictor(name)
        own = engine_name(name, predictor.description.form, self._database.number())
        self._calls.create(self._database.connection, own, name.lower(), predictor)
        self._functions[name.lower()] = own
        return hides

    def unregister_function(self, name: str) -> None:
        """Forget the function. See Engine.unregister_function."""
        self._functions.pop(name.lower(), None)
        self._close_unused_models()

    def unbind(self, name: str) -> None:
        """Forget the table. See Engine.unbind."""
        self._tables.pop(name.lower(), None)
        self._close_unused_models()

    def _close_unused_models(self) -> None:
        used = {*self._functions.values(), *self._queries.called()}
        for name in [name for name in self._calls.models() if name not in used]:
            self._calls.remove(self._database.connection, name)

    def keep(self, relation: Relation) -> None:
        """Compute and keep. See Engine.keep."""
        own = _own(relation)
        self._prepare(own)
        if not own.stored:
            self._store(own)

    def partitions(self, relation: Relation, count: int, key: str | None) -> list[DuckRelation]:
        """Cut the rows into partitions. See SupportsPartitions."""
        own = _own(relation)
        self.keep(own)
        with self._diagnosis.errors(relation=own):
            selects = partitions.selects(own.view, count, key, self._database.rows(own.view))
            return [self._part_of(own, select) for select in selects]

    def _part_of(self, relation: DuckRelation, select: str) -> DuckRelation:
        view = self._database.create_view(select)
        describe = partial(self._describe, view.name)
        return DuckRelation(view.name, describe, parents=(relation,), definition=view.select)

    def explain(self, relation: Relation) -> str:
        """Tell how it is computed. See Engine.explain."""
        own = _own(relation)
        with self._diagnosis.errors(relation=own):
            return explaining.explain(own, self._tables, self._functions, self._readings)

    def schema(self, relation: Relation) -> pa.Schema:
        """The columns. See Engine.schema."""
        return vector_columns.public_schema(_own(relation).arrow_schema)

    def stream(self, relation: Relation) -> DuckBatches:
        """The rows. See Engine.stream."""
        own = _own(relation)
        self._prepare(own)
        with self._diagnosis.errors(relation=own):
            reading = self._readings.open(own)
        cursor, select = reading.cursor, reading.select
        try:
            with self._diagnosis.errors(relation=own):
                reader = self._database.run(cursor, lambda: cursor.sql(select).to_arrow_reader(BATCH_ROWS))
        except BaseException:
            reading.close()
            raise
        explain = self._diagnosis.explain
        return DuckBatches(
            cursor, reader, self._database.interruption, lambda error: explain(error, relation=own), reading
        )

    def _cancel(self) -> None:
        """Make what is being computed fail soon."""
        # In this order: a batch that waits would start the worker again that ends now.
        self._loading.cancel()
        self._readings.interrupt()
        self._calls.cancel()

    def forget_tables(self) -> None:
        """Drop all tables and all that was made of them; functions stay. Nothing may be read meanwhile."""
        self._tables.clear()
        self._database.drop_everything()

    def close(self) -> None:
        """Close the database and forget all tables."""
        for reading in self._readings.opened():
            reading.close()
        self._tables.clear()
        self._database.close()

    def define(self, text: Text) -> None:
        """create, insert, drop or refresh. See Engine.define."""
        definitions.define(self, text)

    def empty_table(self, columns: Mapping[str, str]) -> DuckRelation:
        """A table without rows, of columns with DuckDB's types."""
        with self._diagnosis.errors():
            return self._stored_tables.empty(columns)

    def keep_as_table(self, relation: DuckRelation) -> None:
        """Compute the rows and keep them, so that others can be added."""
        self._store(relation)
        relation.rows_table = f"{relation.view}_rows"

    def add_rows(self, table: DuckRelation, rows: DuckRelation, columns: list[str], *, overwrite: bool) -> None:
        """Add the rows to a table that `create` made, or replace its rows by them: all or none."""
        self._prepare(rows)
        with self._diagnosis.errors(relation=rows), self._readings.reading(rows) as reading:
            self._stored_tables.add(table, columns, reading, overwrite=overwrite)

    def read_again(self, relation: DuckRelation) -> None:
        """Look at the relation's files anew."""
        with self._diagnosis.errors(relation=relation):
            self._stored_tables.read_again(relation)

    def configure(self, name: str, value: str) -> bool:
        """Set a setting. See Engine.configure."""
        with self._database.cursor() as cursor:
            return settings.configure(cursor, name, value)

    def fence(self, folders: Sequence[Path]) -> None:
        """Keep queries to the folders. See SupportsRoots."""
        self._database.fence(folders)

    def interrupt(self) -> None:
        """Make what is going on in other threads fail. See Engine.interrupt."""
        self._database.interruption.interrupt()

    def _describe(self, view: str) -> pa.Schema:
        with self._diagnosis.errors():
            return self._database.describe(view)

    def _prepare(self, relation: DuckRelation) -> None:
        """Compute and keep what the reading of `relation` would otherwise compute more than once."""
        for node in before_reading(relation):
            self._store(node)

    def _store(self, relation: DuckRelation) -> None:
        """Compute the rows of a relation once and for all."""
        with self._diagnosis.errors(relation=relation), self._readings.reading(relation) as reading:
            cursor = reading.cursor
            select = self._database.run(cursor, lambda: _stored_select(reading))
            cursor.execute(f"CREATE OR REPLACE VIEW {identifier(relation.view)} AS {select}")
        relation.stored = True


def _stored_select(reading: Reading) -> str:
    """Compute the rows into a table, and give the select that reads it."""
    if reading.relation.loader is not None:
        return reading.relation.loader(reading.cursor)
    table = f"{reading.relation.view}_rows"
    reading.cursor.execute(f"CREATE OR REPLACE TABLE {identifier(table)} AS {reading.select}")
    return f"SELECT * FROM {identifier(table)}"


def _own(relation: Relation) -> DuckRelation:
    if not isinstance(relation, DuckRelation):
        raise InternalError("a relation of another engine")
    return relation
