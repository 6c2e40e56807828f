"""Files, texts and Arrow tables as relations."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pyarrow as pa

from mlsql_engine.core.errors import InternalError, errors_at
from mlsql_engine.core.options import written_at
from mlsql_engine.core.reach import check_path
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.core.vectors import DUCKDB_TYPE
from mlsql_engine.engines.duckdb import files, problems
from mlsql_engine.engines.duckdb.database import Database
from mlsql_engine.engines.duckdb.incoming import Incoming
from mlsql_engine.engines.duckdb.relation import DuckRelation
from mlsql_engine.engines.quoting import identifier
from mlsql_engine.engines.requests import (
    ArrowRows,
    CsvLoad,
    InlineJsonLoad,
    JsonLoad,
    LibsvmLoad,
    LoadOptions,
    ParquetLoad,
    ReadRequest,
    RecordBatches,
)

if TYPE_CHECKING:
    import duckdb


class Loading:
    """Makes relations of read requests. Only what tells names and types is read now."""

    def __init__(self, database: Database, scratch: Scratch) -> None:
        self._database = database
        self._scratch = scratch
        self._incoming = Incoming()

    def load(self, request: ReadRequest) -> DuckRelation:
        """The relation. Raises DataProblem for what is missing or not of the format."""
        match request.options:
            case ArrowRows(table):
                return self._view(f"SELECT * FROM {identifier(self._stored(table))}")
            case RecordBatches():
                return self._batches(request, request.options)
            case InlineJsonLoad():
                return self._inline_json(request)
        paths = files.resolve(request.place)
        for path in paths:  # a pattern, or a folder, may hold links
            check_path(path, request.span)
        relation = self._of_files(paths, request)
        relation.files = tuple(os.path.realpath(path) for path in paths)
        relation.span = request.span
        return relation

    def _of_files(self, paths: list[str], request: ReadRequest) -> DuckRelation:
        import duckdb

        if isinstance(request.options, LibsvmLoad):
            return self._libsvm(paths, request.options)
        try:
            with (
                errors_at(written_at(request.options, "encoding"), "BAD_VALUE"),
                self._database.cursor() as cursor,
            ):
                # Looking into files takes its time: a signal must be able to end it.
                select = self._database.run(cursor, lambda: _select(cursor, paths, request.options))
            return self._view(select)
        except duckdb.Error as error:
            raise problems.explain_file(error, request.place) from error

    def _inline_json(self, request: ReadRequest) -> DuckRelation:
        import duckdb

        path = files.inline_json_file(request.place, self._scratch.folder("inline"), request.called)
        array = request.place.lstrip().startswith("[")
        try:
            with self._database.cursor() as cursor:
                select = files.json_query(cursor, [path], JsonLoad(multi_line=array), request.called)
            return self._view(select)
        except duckdb.Error as error:
            raise problems.explain_file(error, request.called) from error

    def _stored(self, table: pa.Table) -> str:
        """Keep the rows in a table of the database, whose name it gives."""
        rows = f"{self._database.new_name()}_rows"
        with self._database.cursor() as cursor:
            cursor.register("arrow_rows", table)
            cursor.execute(f"CREATE TABLE {identifier(rows)} AS SELECT * FROM arrow_rows")
            cursor.unregister("arrow_rows")
        return rows

    def _batches(self, request: ReadRequest, options: RecordBatches) -> DuckRelation:
        """A table that is empty until its rows are read."""
        rows = self._stored(options.schema.empty_table())
        relation = self._view(f"SELECT * FROM {identifier(rows)}")
        relation.loader = lambda cursor: self._incoming.read(cursor, options, rows)
        relation.span, relation.request = request.span, request
        return relation

    def cancel(self) -> None:
        """Make rows that come from elsewhere fail soon; from any thread."""
        self._incoming.cancel()

    def _libsvm(self, paths: list[str], options: LibsvmLoad) -> DuckRelation:
        """Parsing text is dear, so the rows are kept; until they are read there is an empty view."""
        from mlsql_engine.engines.duckdb.libsvm import read_libsvm

        rows = f"{self._database.new_name()}_parsed"
        relation = self._view(f"SELECT NULL::DOUBLE AS label, NULL::{DUCKDB_TYPE} AS features WHERE false")
        relation.loader = lambda cursor: read_libsvm(cursor, paths, rows, options.num_features)
        return relation

    def _view(self, select: str) -> DuckRelation:
        view = self._database.create_view(select, wide_as="DECIMAL(38,0)").name
        return DuckRelation(view, lambda: self._database.describe(view))


def _select(cursor: duckdb.DuckDBPyConnection, paths: list[str], options: LoadOptions) -> str:
    """The select that reads the files."""
    match options:
        case CsvLoad():
            return files.csv_query(cursor, paths, options)
        case JsonLoad():
            return files.json_query(cursor, paths, options)
        case ParquetLoad():
            return files.parquet_query(cursor, paths, options)
    raise InternalError(f"no way to read {type(options).__name__}")
