"""sqlite: files whose columns are of whatever type each of their values is.

A column's type is told by its declaration and by the first rows: text and something else are text, whole numbers
and others double. The driver tells the types of what it reads by the first rows too, so that a row of our own, of
the types wanted, goes before; a later value of another type is an error. Further on,
bytes among text are taken for text, and whatever stands among bytes for the bytes of its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final
from urllib.parse import quote

import pyarrow as pa
import pyarrow.types as kinds

from mlsql_engine.core.errors import BadValue, DataProblem, MlsqlError, SqlProblem, UnknownName
from mlsql_engine.core.span import Span
from mlsql_engine.engines.base import BATCH_ROWS
from mlsql_engine.engines.quoting import identifier, literal
from mlsql_engine.sources.jdbc.address import SqliteFile
from mlsql_engine.sources.jdbc.database import Plan, Rows, check_columns
from mlsql_engine.sources.jdbc.driver import DriverBatches, DriverConnection, driver_errors, read, transaction
from mlsql_engine.sources.jdbc.names import parts

_SAMPLE_ROWS: Final = 1_000
_WAIT_FOR_LOCK_MS: Final = 5_000
_VIEW: Final = "mlsql_columns"
_COLUMN_TYPES: Final = {
    pa.int64(): ("INTEGER", "0"),
    pa.float64(): ("REAL", "0.0"),
    pa.string(): ("TEXT", "''"),
    pa.binary(): ("BLOB", "x''"),
}
_WORDS: Final = {pa.int64(): "whole numbers", pa.float64(): "numbers"}
_DECLARED: Final = (
    (("INT",), pa.int64()),
    (("CHAR", "CLOB", "TEXT"), pa.string()),
    (("BLOB",), pa.binary()),
    # A whole number among decimal ones is stored as an integer.
    (("REAL", "FLOA", "DOUB", "DEC", "NUM"), pa.float64()),
)
_NO_TABLE = re.compile(r"no such table: (?:main\.)?(.+)")
_UNKNOWN = re.compile(r"no such (?:column|function): (.+)|near \"(.+)\": syntax error")
_MISMATCH = re.compile(r"Type mismatch in column (\d+)")
_PREFIX = re.compile(r"^(?:[A-Z_]+: )?(?:\[SQLite\] )?(?:[Ff]ailed to [^:']*: )?")


class Sqlite:
    """A Database in a file."""

    name = "sqlite"

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def from_(self, table: str) -> str:
        """See Database.from_."""
        found = parts(table, lower=False)
        return table if found is None else ".".join(map(identifier, found))

    def plan(self, rows: Rows) -> Plan:
        """See Database.plan."""
        self._need_file()
        with driver_errors(lambda error: self._explain(error, rows)), closing(self._connect("ro")) as connection:
            check_columns(connection.columns(f"{rows.select} LIMIT 0"), rows)
            connection.run(f"CREATE TEMP VIEW {_VIEW} AS {rows.select}")
            columns = connection.rows(f"SELECT name, type FROM pragma_table_info({literal(_VIEW)})")
            seen = _seen(connection, [name for name, _ in columns])
        fields = [(name, _column_type(name, declared, seen[name], rows)) for name, declared in columns]
        return Plan(rows, pa.schema(fields), _typed_select(pa.schema(fields), rows))

    def open(self, plan: Plan, rows_at_once: int | None) -> DriverBatches:
        """See Database.open."""

        def explain(error: Exception) -> MlsqlError:
            return self._explain(error, plan.rows, plan.schema)

        self._need_file()
        options = {"adbc.sqlite.query.batch_rows": str(rows_at_once or BATCH_ROWS)}
        with driver_errors(explain):
            connection = self._connect("ro")
            return read(connection, plan.select, lambda reader: _batches(reader, plan), explain, **options)

    def column_type(self, kind: pa.DataType) -> pa.DataType | None:
        """See Database.column_type. Times are text, as sqlite's own functions take them."""
        if kinds.is_boolean(kind) or kinds.is_integer(kind):
            return pa.int64()
        if kinds.is_floating(kind) or kinds.is_decimal(kind):
            return pa.float64()
        if kinds.is_binary(kind) or kinds.is_large_binary(kind) or kinds.is_fixed_size_binary(kind):
            return pa.binary()
        nested = kinds.is_nested(kind) or kinds.is_interval(kind) or kinds.is_duration(kind)
        return None if nested else pa.string()

    @contextmanager
    def writing(self, table: str, span: Span | None) -> Iterator[SqliteWriting]:
        """See Database.writing. A file that is not there is made, and removed again when the block raises."""
        found = parts(table, lower=False)
        if found is None or len(found) != 1:
            raise BadValue(f"'{table}' is not the name of a sqlite table", span=span)
        path = self._file.path
        if not path.parent.is_dir():
            raise DataProblem(f"there is no folder {path.parent}", span=self._file.span, code="FILE_NOT_FOUND")
        made = not path.exists()
        try:
            with transaction(
                lambda: self._connect("rwc"), lambda error: self._explain_writing(error, table)
            ) as one:
                yield SqliteWriting(one, found[0])
        except BaseException:
            if made:
                path.unlink(missing_ok=True)
            raise

    def _connect(self, mode: str) -> DriverConnection:
        uri = f"file:{quote(str(self._file.path))}?mode={mode}"
        connection = DriverConnection("adbc_driver_sqlite", uri, "a sqlite database")
        try:
            connection.rows(f"PRAGMA busy_timeout = {_WAIT_FOR_LOCK_MS}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _need_file(self) -> None:
        """Raise DataProblem where there is no file: sqlite would make one."""
        if not self._file.path.is_file():
            raise DataProblem(
                f"there is no sqlite database {self._file.path}",
                span=self._file.span,
                code="FILE_NOT_FOUND",
                hint="a relative path starts from the folder of the script that holds it",
            )

    def _explain(self, error: Exception, rows: Rows, schema: pa.Schema | None = None) -> MlsqlError:
        text = _message(error)
        if (found := _MISMATCH.search(text)) and schema is not None:
            return _other_type(schema.field(int(found.group(1))), rows)
        if found := _NO_TABLE.fullmatch(text):
            return UnknownName("table", found.group(1), self._tables(), span=rows.place_of(found.group(1)))
        if isinstance(error, pa.ArrowInvalid | UnicodeDecodeError):
            return DataProblem(f"{rows.called} holds text that is not UTF-8", span=rows.span)
        problem = self._of_file(text)
        if problem is not None:
            return problem
        word = _UNKNOWN.fullmatch(text)
        place = rows.place_of((word.group(1) or word.group(2)) if word else "")
        return SqlProblem(f"sqlite refuses the query: {text}", span=place)

    def _explain_writing(self, error: Exception, table: str) -> MlsqlError:
        text = _message(error)
        return self._of_file(text) or DataProblem(f"{table} cannot be written: {text}", code="CANNOT_WRITE")

    def _of_file(self, text: str) -> MlsqlError | None:
        """The error where something is wrong with the file as a whole."""
        path, span = self._file.path, self._file.span
        if "file is not a database" in text:
            return DataProblem(f"{path} is not a sqlite database", span=span)
        if "failed to open" in text or "unable to open" in text:
            return DataProblem(f"{path} does not open", span=span, code="CANNOT_CONNECT")
        if "database is locked" in text:
            return DataProblem(f"another program has locked {path}", span=span, code="CANNOT_CONNECT")
        return None

    def _tables(self) -> list[str]:
        with closing(self._connect("ro")) as connection:
            found = connection.rows("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
        return [name for (name,) in found if not name.startswith("sqlite_")]


class SqliteWriting:
    """See Writing."""

    def __init__(self, connection: DriverConnection, table: str) -> None:
        self._connection = connection
        self._table = table

    def columns(self) -> Sequence[str] | None:
        """See Writing.columns."""
        found = self._connection.rows(f"SELECT name FROM pragma_table_info({literal(self._table)})")
        return [name for (name,) in found] or None

    def drop(self) -> None:
        """See Writing.drop."""
        self._connection.run(f"DROP TABLE {identifier(self._table)}")

    def create(self, schema: pa.Schema) -> None:
        """See Writing.create."""
        columns = ", ".join(f"{identifier(field.name)} {_COLUMN_TYPES[field.type][0]}" for field in schema)
        self._connection.run(f"CREATE TABLE {identifier(self._table)} ({columns})")

    def fill(self, batches: pa.RecordBatchReader, *, new: bool) -> int:  # noqa: ARG002 - sqlite takes any type
        """See Writing.fill."""
        return self._connection.fill(batches, target_table=self._table, mode="adbc.ingest.mode.append")


def _message(error: Exception) -> str:
    """What sqlite says, without what the driver says of itself."""
    return _PREFIX.sub("", str(error).partition("\n")[0])


def _seen(connection: DriverConnection, columns: Sequence[str]) -> dict[str, set[str]]:
    """What sqlite calls the types of the columns' first values; of one that begins with NULLs, the first other."""
    listed = ", ".join(f"group_concat(DISTINCT typeof({identifier(name)}))" for name in columns)
    (found,) = connection.rows(f"SELECT {listed} FROM (SELECT * FROM {_VIEW} LIMIT {_SAMPLE_ROWS})")
    seen = {name: set((text or "null").split(",")) - {"null"} for name, text in zip(columns, found, strict=True)}
    empty = [name for name, types in seen.items() if not types]
    if empty:
        name_and_type = "(SELECT typeof({0}) FROM {1} WHERE {0} IS NOT NULL LIMIT 1)"
        firsts = ", ".join(name_and_type.format(identifier(name), _VIEW) for name in empty)
        (found,) = connection.rows(f"SELECT {firsts}")
        seen.update({name: {kind} for name, kind in zip(empty, found, strict=True) if kind is not None})
    return seen


def _column_type(name: str, declared: str, seen: set[str], rows: Rows) -> pa.DataType:
    """The type of a column by its declaration and the types of the values that were `seen`."""
    word = declared.upper()
    said = next((kind for parts, kind in _DECLARED if any(part in word for part in parts)), None)
    if "blob" in seen:
        if seen != {"blob"}:
            raise _mixed(f"the column '{name}' of {rows.called} holds bytes and other values", name, rows)
        return pa.binary()
    if "text" in seen or said == pa.string():
        return pa.string()
    if "real" in seen or said == pa.float64():
        return pa.float64()
    if "integer" in seen:
        return pa.int64()
    return said or pa.string()


def _typed_select(schema: pa.Schema, rows: Rows) -> str:
    """The rows after one of the wanted types."""
    first = ", ".join(f"{_COLUMN_TYPES[field.type][1]} AS {identifier(field.name)}" for field in schema)
    columns = ", ".join(_typed(field) for field in schema)
    return f"SELECT {first} UNION ALL SELECT {columns} FROM ({rows.select})"


def _typed(field: pa.Field) -> str:
    """A column's values. Numbers are as they are, so that what is none is found out."""
    word = _COLUMN_TYPES[field.type][0]
    name = identifier(field.name)
    return f"CAST({name} AS {word})" if word in {"TEXT", "BLOB"} else name


def _batches(reader: pa.RecordBatchReader, plan: Plan) -> Iterator[pa.RecordBatch]:
    for wanted, given in zip(plan.schema, reader.schema, strict=True):
        if wanted.type != given.type:
            raise _other_type(wanted, plan.rows)
    first = True
    for batch in reader:
        rows = batch.slice(1) if first else batch
        first = False
        if rows.num_rows:
            rows.validate(full=True)
            yield rows


def _other_type(field: pa.Field, rows: Rows) -> MlsqlError:
    message = (
        f"the column '{field.name}' of {rows.called} holds {_WORDS[field.type]}, and further on something else"
    )
    return _mixed(message, field.name, rows)


def _mixed(message: str, column: str, rows: Rows) -> MlsqlError:
    return DataProblem(
        message,
        span=rows.span,
        hint=f"say its type in the option query: select cast({column} as text) as {column} …",
    )
