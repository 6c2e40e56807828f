"""DuckDB as an Engine: views for tables, Spark SQL translated, models as UDFs."""

from __future__ import annotations

import itertools
import os
import re
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa

from mlsql_engine.core.errors import InternalError, MlsqlError, errors_at
from mlsql_engine.core.functions import FunctionCatalog
from mlsql_engine.core.options import written_at
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text
from mlsql_engine.engines.base import BATCH_ROWS, Relation
from mlsql_engine.engines.dialect import Translation, translate
from mlsql_engine.engines.duckdb import files, functions, problems, saving, vector_columns
from mlsql_engine.engines.duckdb.batches import DuckBatches, is_engine_error
from mlsql_engine.engines.duckdb.file_problems import FileProblem
from mlsql_engine.engines.duckdb.interruption import Interruption
from mlsql_engine.engines.duckdb.model_calls import ModelCalls
from mlsql_engine.engines.duckdb.quoting import identifier
from mlsql_engine.engines.duckdb.relation import DuckRelation, before_reading
from mlsql_engine.engines.requests import (
    ArrowRows,
    ArrowSave,
    CsvLoad,
    InlineJsonLoad,
    JsonLoad,
    LibsvmLoad,
    ParquetLoad,
    ReadRequest,
    WriteRequest,
)

if TYPE_CHECKING:
    import duckdb


class DuckDBEngine:
    """One in-memory database. Relations are views in it; readers use cursors of their own."""

    name = "duckdb"

    def __init__(self, catalog: FunctionCatalog, scratch: Scratch) -> None:
        import duckdb

        self._catalog = catalog
        self._scratch = scratch
        self._database = duckdb.connect(
            ":memory:",
            config={
                "temp_directory": str(scratch.path / "spill"),
                # A table is a table of the session, never a Python variable or a download.
                "python_enable_replacements": "false",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            },
        )
        self._macros: frozenset[str] = frozenset()
        self._numbers = itertools.count(1)
        self._tables: dict[str, DuckRelation] = {}
        self._functions: dict[str, str] = {}
        self._calls = ModelCalls()
        self._interruption = Interruption(self._calls.cancel)
        self._file_readers: weakref.WeakSet[DuckRelation] = weakref.WeakSet()
        self._closed = False

    @property
    def tables(self) -> Mapping[str, Relation]:
        """The bound tables by name in lower case."""
        return self._tables

    def sql(self, query: Text) -> DuckRelation:
        """A view of the query. See Engine.sql."""
        views = {name: relation.view for name, relation in self._tables.items()}
        translation = translate(query, views, {**functions.RENAMED, **self._functions}, self._functions)
        self._install_macros(translation.calls & functions.names())
        parents = tuple(self._tables[name] for name in translation.tables)
        with self._errors(translation):
            view = self._create_view(translation.sql)
        return DuckRelation(view, lambda: self._describe(view), parents, translation.volatile, query=translation)

    def bind(self, name: str, relation: Relation) -> None:
        """Make the relation the table `name`."""
        self._tables[name.lower()] = _own(relation)

    def read(self, request: ReadRequest) -> DuckRelation:
        """A view over files. See Engine.read."""
        match request.options:
            case ArrowRows(table):
                return self._stored(table)
            case InlineJsonLoad():
                folder = self._scratch.folder("inline")
                path = files.inline_json_file(request.place, folder, request.called)
                return self._inline_json(path, request)
        paths = files.resolve(request.place)
        relation = self._read_view(paths, request.options, request.place)
        relation.files = tuple(os.path.realpath(path) for path in paths)
        relation.span = request.span
        self._file_readers.add(relation)
        return relation

    def _inline_json(self, path: str, request: ReadRequest) -> DuckRelation:
        import duckdb

        array = request.place.lstrip().startswith("[")
        try:
            return self._view(files.json_query([path], JsonLoad(multi_line=array), request.called))
        except duckdb.Error as error:
            raise problems.explain_file(error, request.called) from error

    def _read_view(self, paths: list[str], options: object, what: str) -> DuckRelation:
        import duckdb

        try:
            match options:
                case CsvLoad():
                    with errors_at(written_at(options, "encoding"), "BAD_VALUE"):
                        return self._view(files.csv_query(self._database, paths, options))
                case JsonLoad():
                    return self._view(files.json_query(paths, options))
                case ParquetLoad():
                    return self._view(files.parquet_query(self._database, paths, options))
                case LibsvmLoad():
                    return self._libsvm(paths, options)
        except duckdb.Error as error:
            raise problems.explain_file(error, what) from error
        raise InternalError(f"no way to read {type(options).__name__}")

    def _stored(self, table: pa.Table) -> DuckRelation:
        rows = f"{self._new_name()}_rows"
        with self._errors(), self._cursor() as cursor:
            cursor.register("arrow_rows", table)
            cursor.execute(f"CREATE TABLE {identifier(rows)} AS SELECT * FROM arrow_rows")
            cursor.unregister("arrow_rows")
        return self._view(f"SELECT * FROM {identifier(rows)}")

    def _libsvm(self, paths: list[str], options: LibsvmLoad) -> DuckRelation:
        """Parsing text is dear, so the rows are kept; until they are read there is an empty view."""
        from mlsql_engine.core.vectors import DUCKDB_TYPE
        from mlsql_engine.engines.duckdb.libsvm import read_libsvm

        rows = f"{self._new_name()}_parsed"
        relation = self._view(f"SELECT NULL::DOUBLE AS label, NULL::{DUCKDB_TYPE} AS features WHERE false")
        relation.loader = lambda cursor: read_libsvm(cursor, paths, rows, options.num_features)
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
            for reader in list(self._file_readers):
                if not reader.stored and reader.reads(place):
                    self._store(reader)

    def _write_rows(self, relation: DuckRelation, path: str, request: WriteRequest) -> int:
        if isinstance(request.options, ArrowSave):
            return self._write_arrow(relation, path)
        self._prepare(relation)
        copy = saving.copy_statement(relation.view, relation.arrow_schema, request, path)
        with self._errors(relation=relation), self._cursor() as cursor:
            row = self._interruption.run(cursor, lambda: cursor.execute(copy).fetchone())
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
        hides = name.lower() in self._built_in_functions()
        plain = re.sub(r"\W", "_", name.lower())
        engine_name = f"mlsql_function_{plain}_v{next(self._numbers)}"
        self._calls.create(self._database, engine_name, name.lower(), self._catalog.predictor(name))
        self._functions[name.lower()] = engine_name
        return hides

    def schema(self, relation: Relation) -> pa.Schema:
        """The columns. See Engine.schema."""
        return vector_columns.public_schema(_own(relation).arrow_schema)

    def stream(self, relation: Relation) -> DuckBatches:
        """The rows. See Engine.stream."""
        self._check_open()
        own = _own(relation)
        self._prepare(own)
        cursor = self._database.cursor()
        select = f"SELECT * FROM {identifier(own.view)}"
        try:
            with self._errors(relation=own):
                reader = self._interruption.run(cursor, lambda: cursor.sql(select).to_arrow_reader(BATCH_ROWS))
        except BaseException:
            cursor.close()
            raise
        return DuckBatches(cursor, reader, self._interruption, lambda error: self._explain(error, relation=own))

    def close(self) -> None:
        """Close the database and forget all tables."""
        self._closed = True
        self._tables.clear()
        self._interruption.close()
        self._database.close()

    def _view(self, select: str) -> DuckRelation:
        view = self._create_view(select)
        return DuckRelation(view, lambda: self._describe(view))

    def _create_view(self, select: str) -> str:
        view = self._new_name()
        create = f"CREATE OR REPLACE VIEW {identifier(view)} AS"
        self._database.execute(f"{create} {select}")
        made = self._database.sql(f"SELECT * FROM {identifier(view)}")
        # Spark has no whole numbers beyond bigint: the sum of whole numbers is one.
        wide = [
            identifier(name) for name, kind in zip(made.columns, made.types, strict=True) if kind.id == "hugeint"
        ]
        if wide:
            narrowed = ", ".join(f"{name}::BIGINT AS {name}" for name in wide)
            self._database.execute(f"{create} SELECT * REPLACE ({narrowed}) FROM ({select})")
        return view

    def _describe(self, view: str) -> pa.Schema:
        with self._errors(), self._cursor() as cursor:
            return cursor.sql(f"SELECT * FROM {identifier(view)} LIMIT 0").to_arrow_table().schema

    def _install_macros(self, wanted: frozenset[str]) -> None:
        """Creating a macro takes milliseconds, so only those that queries call are."""
        missing = wanted - self._macros
        if missing:
            functions.install(self._database, missing)
            self._macros |= missing

    def _check_open(self) -> None:
        if self._closed:
            raise MlsqlError("the session is closed", code="SESSION_CLOSED", hint="connect() makes a new one")

    def _new_name(self) -> str:
        return f"mlsql_relation_{next(self._numbers)}"

    def _prepare(self, relation: DuckRelation) -> None:
        """Compute and keep what the reading of `relation` would otherwise compute more than once."""
        for node in before_reading(relation):
            self._store(node)

    def _store(self, relation: DuckRelation) -> None:
        """Compute the rows of a relation once and for all."""
        table = f"{relation.view}_rows"
        with self._errors(relation=relation), self._cursor() as cursor:
            select = self._interruption.run(cursor, lambda: self._stored_select(cursor, relation, table))
            cursor.execute(f"CREATE OR REPLACE VIEW {identifier(relation.view)} AS {select}")
        relation.stored = True

    def _stored_select(self, cursor: duckdb.DuckDBPyConnection, relation: DuckRelation, table: str) -> str:
        if relation.loader is not None:
            return relation.loader(cursor)
        cursor.execute(f"CREATE TABLE {identifier(table)} AS SELECT * FROM {identifier(relation.view)}")
        return f"SELECT * FROM {identifier(table)}"

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        self._check_open()
        cursor = self._database.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    @contextmanager
    def _errors(
        self, translation: Translation | None = None, relation: DuckRelation | None = None
    ) -> Iterator[None]:
        """Translate what DuckDB raises while a query is made or a relation is read.

        What a model call raised comes back as itself, placed at the call.
        """
        try:
            yield
        except MlsqlError as error:
            error.at(relation.span if relation is not None else None)
            raise
        except Exception as error:
            if not is_engine_error(error):
                raise
            raise self._explain(error, translation, relation) from error

    def _explain(
        self, error: Exception, translation: Translation | None = None, relation: DuckRelation | None = None
    ) -> BaseException:
        import duckdb

        carried = self._calls.carried(error)
        if carried is not None:
            function, raised = carried
            if relation is not None and isinstance(raised, MlsqlError):
                raised.at(relation.place_of_call(function))
            return raised
        if isinstance(error, duckdb.Error):
            query = translation or (relation.query if relation is not None else None)
            problem = problems.explain(error, query, self._names(translation, relation))
            if isinstance(problem, FileProblem):
                problem.at(self._place_of_file(problem.file))
            return problem
        return InternalError(f"reading the rows failed: {error}")

    def _place_of_file(self, file: str) -> Span | None:
        """Where the load that reads a file names it."""
        path = os.path.realpath(file)
        return next((reader.span for reader in self._file_readers if path in reader.files), None)

    def _names(self, translation: Translation | None, relation: DuckRelation | None) -> problems.Names:
        """What an unknown name may have meant."""
        parents = relation.parents if relation is not None else ()
        if translation is not None:
            parents = tuple(self._tables[name] for name in translation.tables)

        def columns() -> set[str]:
            return {column for parent in parents for column in parent.columns}

        return problems.Names(self._function_names, columns)

    def _function_names(self) -> set[str]:
        return self._built_in_functions() | set(self._functions)

    def _built_in_functions(self) -> set[str]:
        kinds = "function_type IN ('scalar', 'aggregate') AND function_name ~ '^[a-z]'"
        with self._cursor() as cursor:
            rows = cursor.execute(f"SELECT DISTINCT function_name FROM duckdb_functions() WHERE {kinds}")
            known = {str(row[0]) for row in rows.fetchall() if not str(row[0]).startswith("mlsql_")}
        return known | functions.names()


def _own(relation: Relation) -> DuckRelation:
    if not isinstance(relation, DuckRelation):
        raise InternalError("a relation of another engine")
    return relation
