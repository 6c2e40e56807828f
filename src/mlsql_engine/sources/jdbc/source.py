"""The source jdbc: what load and save do, for every database alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from mlsql_engine.core.errors import BadValue, DataProblem, MlsqlError, UnknownName
from mlsql_engine.core.options import Secret, written_at
from mlsql_engine.core.type_names import type_name
from mlsql_engine.engines.base import BatchStream, Engine, Relation
from mlsql_engine.engines.requests import ReadRequest, RecordBatches
from mlsql_engine.sources.base import LoadRequest, Place, SaveRequest
from mlsql_engine.sources.jdbc.address import JdbcUrl, PostgresServer, SqliteFile
from mlsql_engine.sources.jdbc.database import Database, Rows, Writing
from mlsql_engine.sources.jdbc.options import JdbcConnect, JdbcLoad, JdbcSave
from mlsql_engine.sources.jdbc.postgresql import PostgreSQL
from mlsql_engine.sources.jdbc.sqlite import Sqlite


class JdbcSource:
    """Tables of databases: sqlite and PostgreSQL."""

    name = "jdbc"
    load_options: type | None = JdbcLoad
    save_options: type | None = JdbcSave
    connect_options: type | None = JdbcConnect
    place: Place = "connection"

    def load(self, request: LoadRequest, engine: Engine) -> Relation:
        """See Source.load. The columns are asked for at once, the rows when something needs them."""
        options: JdbcLoad = request.options
        database = _database(request)
        rows = _rows(request, database)
        plan = database.plan(rows)
        batches = RecordBatches(plan.schema, lambda: database.open(plan, options.fetchsize))
        return engine.read(ReadRequest(batches, span=request.span))

    def save(self, relation: Relation, request: SaveRequest, engine: Engine) -> int | None:
        """See Source.save."""
        options: JdbcSave = request.options
        database = _database(request)
        if options.dbtable is not None and request.place.strip():
            raise _two_tables(request, "dbtable")
        table = (request.place if options.dbtable is None else options.dbtable.value).strip()
        if not table:
            raise BadValue("the path names no table, and there is no option dbtable", span=request.span)
        with database.writing(table, request.span) as writing:
            columns = writing.columns()
            if columns is not None and request.mode == "errorIfExists":
                raise DataProblem(
                    f"the table {table} exists already",
                    code="EXISTS",
                    hint="save overwrite …, or append, or ignore",
                )
            if columns is not None and request.mode == "ignore":
                return None
            schema = _writable(engine.schema(relation), database, request)
            if columns is not None and request.mode == "append":
                _check_names(schema, columns, request)
                return _fill(writing, schema, engine.stream(relation), new=False)
            stream = engine.stream(relation)  # what it reads is read first: it may be the table itself
            if columns is not None:
                writing.drop()
            writing.create(schema)
            return _fill(writing, schema, stream, new=True)


def _database(request: LoadRequest | SaveRequest) -> Database:
    """The database that the options or the connection tell."""
    options: JdbcLoad | JdbcSave = request.options
    connection: JdbcConnect | None = request.connection
    if options.url is not None and connection is not None:
        raise BadValue(
            "the option url tells a database, and the path another one's connection",
            span=written_at(options, "url"),
        )
    url, user, password = options.url, options.user, options.password
    if connection is not None:
        url = connection.url
        user = user if user is not None else connection.user
        password = password if password is not None else connection.password
    if url is None:
        name = request.place.partition(".")[0].strip()
        if not name:
            raise BadValue(
                "neither the path nor the option url tells the database",
                span=request.span,
                hint="connect jdbc where url=… as name; then jdbc.`name.table`",
            )
        raise UnknownName("connection", name, request.connections, span=request.span)
    return _open(url, user, password)


def _open(url: JdbcUrl, user: str | None, password: Secret | None) -> Database:
    match url.place:
        case SqliteFile():
            return Sqlite(url.place)
        case PostgresServer():
            return PostgreSQL(url.place, user, password)


def _rows(request: LoadRequest, database: Database) -> Rows:
    """The one thing that the request reads: the path's table, the option's, or its query."""
    options: JdbcLoad = request.options
    place = request.place.strip()
    if place and (options.dbtable or options.query):
        raise _two_tables(request, "dbtable" if options.dbtable else "query")
    if options.dbtable is not None and options.query is not None:
        raise BadValue("dbtable and query both tell what to load", span=options.query.span, hint="give one of them")
    if options.query is not None:
        return Rows("", options.query, options.query.span, "the query")
    if options.dbtable is not None:
        return Rows(database.from_(options.dbtable.value), None, options.dbtable.span, options.dbtable.value)
    if not place:
        raise BadValue(
            "nothing tells what to load",
            span=request.span,
            hint="jdbc.`name.table`, or one of the options dbtable and query",
        )
    return Rows(database.from_(place), None, request.span, place)


def _two_tables(request: LoadRequest | SaveRequest, option: str) -> MlsqlError:
    return BadValue(
        f"the path names the table {request.place}, and the option {option} another one",
        span=written_at(request.options, option),
        hint="with the option, the path is the connection's name alone",
    )


def _writable(schema: pa.Schema, database: Database, request: SaveRequest) -> pa.Schema:
    """The columns as the database can take them. Raises MlsqlError with code UNSUPPORTED."""
    fields = []
    for field in schema:
        kind = database.column_type(field.type)
        if kind is None:
            raise MlsqlError(
                f"{database.name} has no type for the column '{field.name}', which is {type_name(field.type)}",
                span=request.span,
                code="UNSUPPORTED",
                hint="make it text in a select before, or leave it out",
            )
        fields.append(pa.field(field.name, kind))
    return pa.schema(fields)


def _check_names(schema: pa.Schema, columns: Any, request: SaveRequest) -> None:
    known = {name.lower() for name in columns}
    for name in schema.names:
        if name.lower() not in known:
            raise UnknownName("column", name, columns, span=request.span)


def _fill(writing: Writing, schema: pa.Schema, stream: BatchStream, *, new: bool) -> int:
    """Write the rows. What reading them raises comes back as itself: of it the driver keeps only the text."""
    failure: list[BaseException] = []

    def converted() -> Iterator[pa.RecordBatch]:
        try:
            for batch in stream:
                columns = [
                    _converted(column, field.type) for column, field in zip(batch.columns, schema, strict=True)
                ]
                yield pa.RecordBatch.from_arrays(columns, schema=schema)
        except BaseException as problem:
            failure.append(problem)
            raise

    with stream:
        try:
            return writing.fill(pa.RecordBatchReader.from_batches(schema, converted()), new=new)
        except BaseException:
            if failure:
                raise failure[0] from None
            raise


def _converted(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """The values as another type; times that become text are in UTC."""
    if pa.types.is_timestamp(column.type) and pa.types.is_string(kind):
        column = column.cast(pa.timestamp(column.type.unit))
    return column.cast(kind)
