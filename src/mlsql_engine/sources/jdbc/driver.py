"""Connections through ADBC drivers.

The drivers' Python interface of the usual kind (`dbapi`) imports pandas and polars wherever they are installed,
which takes seconds: this is the little that is needed of the plain one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.extras import require

if TYPE_CHECKING:
    from adbc_driver_manager import AdbcDatabase, AdbcStatement


class DriverConnection:
    """One connection and the transaction that it is in, which ends undone unless it is committed."""

    def __init__(self, module: str, uri: str, purpose: str) -> None:
        """Open it by the driver `module`. Raises MlsqlError with code MISSING_EXTRA, or what the driver raises."""
        driver = require(module, extra="jdbc", purpose=purpose)
        from adbc_driver_manager import AdbcConnection

        self._database: AdbcDatabase = driver.connect(uri)
        try:
            self._connection = AdbcConnection(self._database)
        except BaseException:
            self._database.close()
            raise
        self._connection.set_autocommit(False)

    def schema(self, query: str) -> pa.Schema:
        """The columns of a query, which is not run."""
        with closing(self.statement(query)) as statement:
            return pa.schema(statement.execute_schema())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of a query, which are few."""
        with closing(self.statement(query)) as statement:
            table = _reader(statement).read_all()
        return [tuple(row.values()) for row in table.to_pylist()]

    def columns(self, query: str) -> list[str]:
        """The names of the columns of a query, which is run."""
        with closing(self.statement(query)) as statement, _reader(statement) as reader:
            return list(reader.schema.names)

    def run(self, sql: str) -> None:
        """Carry out a statement that gives no rows."""
        with closing(self.statement(sql)) as statement:
            statement.execute_update()

    def fill(self, batches: pa.RecordBatchReader, **options: str) -> int:
        """Put the rows into a table and give their number; `options` are those of adbc.ingest."""
        from adbc_driver_manager import AdbcStatement

        with closing(AdbcStatement(self._connection)) as statement:
            statement.set_options(**{f"adbc.ingest.{name}": value for name, value in options.items()})
            statement.bind_stream(batches)
            return int(statement.execute_update())

    def statement(self, query: str, **options: str) -> AdbcStatement:
        """A query with options of the driver's, which is not run yet; the caller closes it."""
        from adbc_driver_manager import AdbcStatement

        statement = AdbcStatement(self._connection)
        try:
            statement.set_options(**options)
            statement.set_sql_query(query)
        except BaseException:
            statement.close()
            raise
        return statement

    def commit(self) -> None:
        """Make what was done last."""
        self._connection.commit()

    def close(self) -> None:
        """Undo what is not committed and end the connection."""
        self._connection.close()
        self._database.close()


def _reader(statement: AdbcStatement) -> pa.RecordBatchReader:
    stream, _ = statement.execute_query()
    return pa.RecordBatchReader.from_stream(stream)


class DriverBatches:
    """An OpenBatches over a connection of its own; the query runs when the first batch is asked for.

    `convert` makes of the driver's rows those that are wanted, `explain` says what the driver's exceptions mean.
    """

    def __init__(
        self,
        connection: DriverConnection,
        statement: AdbcStatement,
        convert: Callable[[pa.RecordBatchReader], Iterator[pa.RecordBatch]],
        explain: Callable[[Exception], MlsqlError],
    ) -> None:
        self._connection = connection
        self._statement = statement
        self._convert = convert
        self._explain = explain

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        with driver_errors(self._explain):
            yield from self._convert(_reader(self._statement))

    def cancel(self) -> None:
        """See OpenBatches."""
        with suppress(Exception):  # sqlite's driver cannot: it gives rows that soon that it need not
            self._statement.cancel()

    def __enter__(self) -> DriverBatches:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._statement.close()
        self._connection.close()


@contextmanager
def driver_errors(explain: Callable[[Exception], MlsqlError]) -> Iterator[None]:
    """Translate what a driver, or a reader of its rows, raises in the block."""
    try:
        yield
    except MlsqlError:
        raise
    except Exception as error:
        from adbc_driver_manager import Error

        if not isinstance(error, Error | OSError | pa.ArrowException | UnicodeDecodeError):
            raise
        raise explain(error) from error


@contextmanager
def transaction(
    connect: Callable[[], DriverConnection], explain: Callable[[Exception], MlsqlError]
) -> Iterator[DriverConnection]:
    """A connection whose work is committed when the block ends, and undone when it raises."""
    with driver_errors(explain):
        connection = connect()
        try:
            yield connection
            connection.commit()
        finally:
            connection.close()


def read(
    connection: DriverConnection,
    query: str,
    convert: Callable[[pa.RecordBatchReader], Iterator[pa.RecordBatch]],
    explain: Callable[[Exception], MlsqlError],
    **options: str,
) -> DriverBatches:
    """The rows of a query. See DriverBatches, which closes the connection, as does what is raised here."""
    try:
        return DriverBatches(connection, connection.statement(query, **options), convert, explain)
    except BaseException:
        connection.close()
        raise
