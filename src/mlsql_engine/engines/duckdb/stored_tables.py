"""Tables that hold their rows: those that `create table` makes and `insert` fills, and what `refresh` forgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from mlsql_engine.core.errors import InternalError
from mlsql_engine.engines.duckdb.database import Database
from mlsql_engine.engines.duckdb.loading import Loading
from mlsql_engine.engines.duckdb.readings import Reading
from mlsql_engine.engines.duckdb.relation import DuckRelation
from mlsql_engine.engines.quoting import identifier

if TYPE_CHECKING:
    import duckdb


class StoredTables:
    """What `definitions` does to the database."""

    def __init__(self, database: Database, loading: Loading) -> None:
        self._database = database
        self._loading = loading

    def empty(self, columns: Mapping[str, str]) -> DuckRelation:
        """A table of these columns, with DuckDB's types, and no rows. Raises duckdb.Error."""
        rows = f"{self._database.new_name()}_rows"
        listed = ", ".join(f"{identifier(name)} {kind}" for name, kind in columns.items())
        with self._database.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {identifier(rows)} ({listed})")
        view = self._database.create_view(f"SELECT * FROM {identifier(rows)}")
        return DuckRelation(view.name, lambda: self._database.describe(view.name), rows_table=rows)

    def add(self, table: DuckRelation, columns: Sequence[str], reading: Reading, *, overwrite: bool) -> None:
        """Add the rows that are read, column by column in order; with `overwrite` they replace the others.

        All of them or, where one does not fit, none. Raises duckdb.Error.
        """
        if table.rows_table is None:
            raise InternalError(f"{table.view} has no rows of its own")
        cursor, target = reading.cursor, identifier(table.rows_table)
        named = ", ".join(identifier(name) for name in columns)
        select = f"SELECT {_fitting(table, columns, reading)} FROM ({reading.select})"
        if not overwrite:
            self._database.run(cursor, lambda: cursor.execute(f"INSERT INTO {target} ({named}) {select}"))
            return
        # The rows may come from the table itself.
        aside = identifier(f"{self._database.new_name()}_rows")
        self._database.run(cursor, lambda: cursor.execute(f"CREATE TABLE {aside} AS {select}"))
        try:
            cursor.execute("BEGIN")
            _replace(cursor, target, f"INSERT INTO {target} ({named}) SELECT * FROM {aside}")
        finally:
            cursor.execute(f"DROP TABLE {aside}")

    def read_again(self, relation: DuckRelation) -> None:
        """Forget rows that were kept, and look at the relation's files anew. Raises DataProblem, duckdb.Error."""
        select = relation.definition
        if relation.request is not None:
            found = self._loading.load(relation.request)
            select = f"SELECT * FROM {identifier(found.view)}"
            relation.loader, relation.files = found.loader, found.files
        elif relation.rows_table is not None or not select:
            return
        with self._database.cursor() as cursor:
            cursor.execute(f"CREATE OR REPLACE VIEW {identifier(relation.view)} AS {select}")
        relation.stored = relation.used = False
        relation.forget_columns()


def _fitting(table: DuckRelation, columns: Sequence[str], reading: Reading) -> str:
    """The columns that are read; where the table has whole numbers, fractions are cut off, as Spark does."""
    items = []
    for name, field in zip(columns, reading.relation.arrow_schema, strict=True):
        item = identifier(field.name)
        wanted = table.arrow_schema.field(name).type
        fraction = pa.types.is_floating(field.type) or (pa.types.is_decimal(field.type) and field.type.scale > 0)
        items.append(f"trunc({item})" if fraction and pa.types.is_integer(wanted) else item)
    return ", ".join(items)


def _replace(cursor: duckdb.DuckDBPyConnection, target: str, insert: str) -> None:
    """Put other rows into a table, in the transaction that is open, which ends."""
    try:
        cursor.execute(f"DELETE FROM {target}")
        cursor.execute(insert)
    except BaseException:
        cursor.execute("ROLLBACK")
        raise
    cursor.execute("COMMIT")
