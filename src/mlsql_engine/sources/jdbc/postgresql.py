"""PostgreSQL: servers that tell the type of every column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final

import pyarrow as pa
import pyarrow.types as kinds

from mlsql_engine.core.errors import BadValue, DataProblem, MlsqlError, SqlProblem, UnknownName
from mlsql_engine.core.options import Secret
from mlsql_engine.core.span import Span
from mlsql_engine.engines.quoting import identifier, literal
from mlsql_engine.sources.jdbc.address import PostgresServer
from mlsql_engine.sources.jdbc.database import Plan, Rows, check_columns
from mlsql_engine.sources.jdbc.driver import DriverBatches, DriverConnection, driver_errors, read, transaction
from mlsql_engine.sources.jdbc.names import parts, written

_STAGED: Final = "mlsql_rows"
_WIDEST: Final = 38
_UNLIMITED: Final = pa.decimal128(_WIDEST, 18)  # what Spark makes of a numeric without precision
_MONEY: Final = pa.decimal128(20, 2)
_COLUMN_TYPES: Final = {
    pa.bool_(): "boolean",
    pa.int16(): "smallint",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.float32(): "real",
    pa.float64(): "double precision",
    pa.string(): "text",
    pa.binary(): "bytea",
    pa.date32(): "date",
    pa.time64("us"): "time",
    pa.timestamp("us"): "timestamp",
    pa.timestamp("us", "UTC"): "timestamptz",
}
_WIDENED: Final = {
    pa.int8(): pa.int16(),
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.decimal128(20, 0),
    pa.float16(): pa.float32(),
    pa.null(): pa.string(),
    pa.date64(): pa.date32(),
}
_CONNECT: Final = "Failed to connect: "
_RELATION = re.compile(r'relation "(.+)" does not exist')
_SERVER_WORDS = re.compile(r"^connection to server .*? failed: |FATAL: +|fe_sendauth: ")
_FATAL = re.compile(r"FATAL: +")
_LOGIN = ("authentication failed", "no password supplied", "role ", "no pg_hba.conf entry", "password is required")


class PostgreSQL:
    """A Database of a server."""

    name = "postgresql"

    def __init__(self, server: PostgresServer, user: str | None, password: Secret | None) -> None:
        self._server = server
        self._user, self._password = user, password

    def from_(self, table: str) -> str:
        """See Database.from_."""
        found = parts(table, lower=True)
        return table if found is None else ".".join(map(identifier, found))

    def plan(self, rows: Rows) -> Plan:
        """See Database.plan."""
        with (
            driver_errors(lambda error: self._explain(error, rows)),
            closing(self._connect()) as connection,
        ):
            given = connection.schema(rows.select)
        check_columns(given.names, rows)
        columns = [_column(field) for field in given]
        fields = [(field.name, kind) for field, (_, kind) in zip(given, columns, strict=True)]
        listed = ", ".join(
            f"{column} AS {identifier(name)}" for (column, _), (name, _) in zip(columns, fields, strict=True)
        )
        return Plan(rows, pa.schema(fields), f"SELECT {listed} FROM ({rows.select}) AS mlsql_columns")

    def open(self, plan: Plan, rows_at_once: int | None) -> DriverBatches:  # noqa: ARG002 - the driver counts bytes
        """See Database.open."""

        def explain(error: Exception) -> MlsqlError:
            return self._explain(error, plan.rows)

        with driver_errors(explain):
            return read(self._connect(), plan.select, lambda reader: _batches(reader, plan.schema), explain)

    def column_type(self, kind: pa.DataType) -> pa.DataType | None:
        """See Database.column_type."""
        if kinds.is_list(kind) or kinds.is_large_list(kind):
            value = self.column_type(kind.value_type)
            return pa.list_(value) if value in _COLUMN_TYPES else None
        if kinds.is_timestamp(kind):
            return pa.timestamp("us", "UTC" if kind.tz else None)
        if kinds.is_time(kind):
            return pa.time64("us")
        if kinds.is_large_string(kind) or kinds.is_string_view(kind) or kinds.is_dictionary(kind):
            return pa.string()
        if kinds.is_large_binary(kind) or kinds.is_binary_view(kind) or kinds.is_fixed_size_binary(kind):
            return pa.binary()
        if kind in _COLUMN_TYPES or kinds.is_decimal128(kind):
            return kind
        return _WIDENED.get(kind)

    @contextmanager
    def writing(self, table: str, span: Span | None) -> Iterator[PostgresWriting]:
        """See Database.writing."""
        found = parts(table, lower=True)
        if found is None or len(found) > 2:
            raise BadValue(f"'{table}' is not the name of a PostgreSQL table", span=span)
        with transaction(self._connect, lambda error: self._explain_writing(error, table)) as connection:
            yield PostgresWriting(connection, found)

    def _connect(self) -> DriverConnection:
        uri = self._server.uri(self._user, self._password)
        return DriverConnection("adbc_driver_postgresql", uri, "a PostgreSQL database")

    def _explain(self, error: Exception, rows: Rows) -> MlsqlError:
        text, details = _message(error)
        found = _RELATION.fullmatch(text)
        if found and details.get("SQLSTATE") == "42P01":
            return UnknownName("table", found.group(1), self._tables(), span=rows.place_of(found.group(1)))
        if isinstance(error, pa.ArrowInvalid):
            return DataProblem(
                f"{rows.called} holds a numeric that is no number, or infinite, which no decimal is",
                span=rows.span,
                hint="say another type in the option query: select cast(a as double precision) as a …",
            )
        position = int(details.get("STATEMENT_POSITION", "0"))
        place = rows.place_at(position - 1) if position else rows.span
        return self._of_server(error, text) or SqlProblem(f"PostgreSQL refuses the query: {text}", span=place)

    def _explain_writing(self, error: Exception, table: str) -> MlsqlError:
        text, _ = _message(error)
        problem = self._of_server(error, text)
        return problem or DataProblem(f"{table} cannot be written: {text}", code="CANNOT_WRITE")

    def _of_server(self, error: Exception, text: str) -> MlsqlError | None:
        """The error where the server is not there, or does not let us in."""
        span = self._server.span
        if _CONNECT not in str(error):
            return None
        if any(words in text for words in _LOGIN):
            return MlsqlError(
                f"the database refuses the login: {_SERVER_WORDS.sub('', text)}",
                span=span,
                code="LOGIN_REFUSED",
                hint="the options user and password say who logs in",
            )
        return MlsqlError(
            f"there is no connection to the database: {_FATAL.sub('', text)}",
            span=span,
            code="CANNOT_CONNECT",
            hint="see that the address is right, and that the server runs there",
        )

    def _tables(self) -> list[str]:
        """All tables that may be read; those of the current schemas without its name."""
        sql = (
            "SELECT table_schema = ANY (current_schemas(false)), table_schema, table_name"
            " FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        with closing(self._connect()) as connection:
            found = connection.rows(sql)
        return [written(name) if near else f"{written(schema)}.{written(name)}" for near, schema, name in found]


class PostgresWriting:
    """See Writing."""

    def __init__(self, connection: DriverConnection, name: tuple[str, ...]) -> None:
        self._connection = connection
        self._name = ".".join(map(identifier, name))
        self._table = name[-1]
        ((schema, self._oid),) = connection.rows(
            "SELECT coalesce((SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
            f" ON n.oid = c.relnamespace WHERE c.oid = t.oid), current_schema())::text, t.oid"
            f" FROM (SELECT to_regclass({literal(self._name)})::oid::bigint AS oid) t",
        )
        self._schema: str = name[0] if len(name) > 1 else schema

    def columns(self) -> Sequence[str] | None:
        """See Writing.columns."""
        return None if self._oid is None else [name for name, _ in self._typed_columns()]

    def drop(self) -> None:
        """See Writing.drop."""
        self._connection.run(f"DROP TABLE {self._name}")

    def create(self, schema: pa.Schema) -> None:
        """See Writing.create."""
        columns = ", ".join(f"{identifier(field.name)} {_spelled(field.type)}" for field in schema)
        self._connection.run(f"CREATE TABLE {self._name} ({columns})")

    def fill(self, batches: pa.RecordBatchReader, *, new: bool) -> int:
        """See Writing.fill.

        The driver copies values as bytes of their own type, so that a table of other types takes them in two steps.
        """
        if new:
            place = {"target_table": self._table, "target_db_schema": self._schema}
            return self._connection.fill(batches, mode="adbc.ingest.mode.append", **place)
        rows = self._connection.fill(
            batches, target_table=_STAGED, temporary="true", mode="adbc.ingest.mode.create"
        )
        targets = {name.lower(): (name, kind) for name, kind in self._typed_columns()}
        chosen = [(field, *targets[field.name.lower()]) for field in batches.schema]
        names = ", ".join(identifier(name) for _, name, _ in chosen)
        values = ", ".join(_value(field, kind) for field, _, kind in chosen)
        self._connection.run(
            f"INSERT INTO {self._name} ({names}) SELECT {values} FROM pg_temp.{identifier(_STAGED)}"
        )
        return rows

    def _typed_columns(self) -> list[tuple[Any, ...]]:
        return self._connection.rows(
            "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute"
            f" WHERE attrelid = {self._oid} AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        )


def _message(error: Exception) -> tuple[str, dict[str, str]]:
    """What the server says, and the fields of its message; without what the driver says of itself."""
    details = {
        key.decode().removeprefix("PG_DIAG_"): value.decode(errors="replace")
        for key, value in getattr(error, "details", None) or ()
        if isinstance(value, bytes) and isinstance(key, bytes)
    }
    if "MESSAGE_PRIMARY" in details:
        return details["MESSAGE_PRIMARY"], details
    text = str(error)
    said = re.search(r"ERROR:\s+(.*)", text)
    first = said.group(1) if said else text.partition(_CONNECT)[2] or text
    return first.partition("\n")[0].strip(), details


def _column(field: pa.Field) -> tuple[str, pa.DataType]:
    """How a column is selected, and the type that it has at the end."""
    name, kind = identifier(field.name), field.type
    said = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    if said.get("POSTGRESQL:type") == "numeric":
        precision, scale = _numeric(int(said.get("POSTGRESQL:typmod", "-1")))
        if 0 <= scale <= precision <= _WIDEST and precision > 0:
            return name, pa.decimal128(precision, scale)
        return f"{name}::numeric({_UNLIMITED.precision}, {_UNLIMITED.scale})", _UNLIMITED
    if said.get("POSTGRESQL:type") == "money":
        return f"{name}::numeric({_MONEY.precision}, {_MONEY.scale})", _MONEY
    if kind in _COLUMN_TYPES or (kinds.is_list(kind) and kind.value_type in _COLUMN_TYPES):
        # The field of a list's values holds metadata that no two drivers agree on.
        return name, pa.list_(kind.value_type) if kinds.is_list(kind) else kind
    return f"{name}::text", pa.string()


def _numeric(modifier: int) -> tuple[int, int]:
    """Precision and scale of a numeric column's type modifier; 0 and 0 for one without."""
    if modifier < 4:
        return 0, 0
    packed = modifier - 4
    scale = packed & 0x7FF
    return packed >> 16 & 0xFFFF, scale - 0x800 if scale & 0x400 else scale


def _batches(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        columns = [
            (column.storage if isinstance(column, pa.ExtensionArray) else column).cast(field.type)
            for column, field in zip(batch.columns, schema, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _spelled(kind: pa.DataType) -> str:
    if kinds.is_list(kind):
        return f"{_spelled(kind.value_type)}[]"
    if kinds.is_decimal128(kind):
        return f"numeric({kind.precision}, {kind.scale})"
    return _COLUMN_TYPES[kind]


def _value(field: pa.Field, target: str) -> str:
    """A value that is put into a column of the type `target`: text becomes whatever it spells."""
    textual = target == "text" or target.startswith("character")
    return (
        f"{identifier(field.name)}::{target}"
        if field.type == pa.string() and not textual
        else identifier(field.name)
    )
