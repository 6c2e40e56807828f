"""The in-memory database of an engine: cursors, views, macros, and queries that a signal can end."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.engines.duckdb import allocator, functions
from mlsql_engine.engines.duckdb.confinement import LOCK, Confinement
from mlsql_engine.engines.duckdb.interruption import Interruption
from mlsql_engine.engines.quoting import identifier, literal

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from sqlglot import exp

Result = TypeVar("Result")
_INNER_SELECT = re.compile(r"\bSELECT\b", re.IGNORECASE)


class View(NamedTuple):
    """A view and the select that it is; `nested` where that may not read all that its inner selects give."""

    name: str
    select: str
    nested: bool


class Database:
    """One database. A cursor with an open reader takes no other query, so every query has a cursor of its own."""

    def __init__(
        self, scratch: Scratch, cancel_calls: Callable[[], None], confinement: Confinement | None = None
    ) -> None:
        allocator.keep_freed()
        import duckdb

        self.connection = duckdb.connect(
            ":memory:",
            config={
                "temp_directory": str(scratch.path / "spill"),
                # One more than the cores: a thread that waits for the answers of a model computes nothing.
                "threads": (os.cpu_count() or 1) + 1,
                # A table is a table of the session, never a Python variable or a download.
                "python_enable_replacements": "false",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                **(confinement.config() if confinement is not None else {}),
            },
        )
        # A statement looks at the columns of a file several times. Whether it has changed is seen each time.
        self.connection.execute("SET GLOBAL parquet_metadata_cache = true")
        self.confined = confinement is not None
        if self.confined:
            self.connection.execute(LOCK)
        self.interruption = Interruption(cancel_calls)
        self._scratch = scratch
        self._macros: frozenset[str] = frozenset()
        self._numbers = itertools.count(1)
        self._closed = False

    def fence(self, folders: Iterable[Path]) -> None:
        """Let queries touch no file outside of the folders, and of the temporary one. It cannot be undone."""
        allowed = [f"{os.path.realpath(folder).rstrip('/')}/" for folder in (*folders, self._scratch.path)]
        self.connection.execute(f"SET GLOBAL allowed_directories = [{', '.join(map(literal, allowed))}]")
        self.connection.execute("SET GLOBAL enable_external_access = false")

    def number(self) -> int:
        """A number that no other thing of this database has."""
        return next(self._numbers)

    def new_name(self) -> str:
        """A name for a view or a table that scripts never see."""
        return f"mlsql_relation_{self.number()}"

    def open_cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor that the caller closes. Raises MlsqlError when the session is closed."""
        if self._closed:
            raise MlsqlError("the session is closed", code="SESSION_CLOSED", hint="connect() makes a new one")
        return self.connection.cursor()

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor for as long as the block lasts."""
        cursor = self.open_cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def run(self, cursor: duckdb.DuckDBPyConnection, query: Callable[[], Result]) -> Result:
        """What a query that uses the cursor gives; a signal ends it."""
        return self.interruption.run(cursor, query)

    def create_view(self, select: str, *, wide_as: str | None = "BIGINT") -> View:
        """A new view. Its names and types are checked now.

        Spark has no whole numbers beyond bigint: columns of such are cast to `wide_as`, unless that is None.
        """
        with self.cursor() as cursor:
            return self.run(cursor, lambda: self._create_view(cursor, select, wide_as))

    def _create_view(self, cursor: duckdb.DuckDBPyConnection, select: str, wide_as: str | None) -> View:
        view = self.new_name()
        create = f"CREATE OR REPLACE VIEW {identifier(view)} AS"
        cursor.execute(f"{create} {select}")
        nested = _INNER_SELECT.search(select, 1) is not None
        if wide_as is None:
            return View(view, select, nested)
        made = cursor.sql(f"SELECT * FROM {identifier(view)}")
        wide = [
            identifier(name) for name, kind in zip(made.columns, made.types, strict=True) if kind.id == "hugeint"
        ]
        if wide:
            narrowed = ", ".join(f"{name}::{wide_as} AS {name}" for name in wide)
            select = f"SELECT * REPLACE ({narrowed}) FROM ({select})"
            cursor.execute(f"{create} {select}")
        return View(view, select, nested)

    def create_empty_view(self, view: str, types: Mapping[str, str]) -> None:
        """A view for what is read in another way: it has columns of these types, and to read it is an error."""
        columns = ", ".join(f"NULL::{kind} AS {identifier(name)}" for name, kind in types.items())
        # Of a column, so that it is not computed when the view is made.
        refusal = f"error({literal(f'{view} is read without its stream')} || range::VARCHAR) IS NULL"
        with self.cursor() as cursor:
            cursor.execute(f"CREATE VIEW {identifier(view)} AS SELECT {columns} FROM range(2) WHERE {refusal}")

    def drop_views(self, views: Iterable[str]) -> None:
        """Forget views that nothing reads."""
        with self.cursor() as cursor:
            for view in views:
                cursor.execute(f"DROP VIEW IF EXISTS {identifier(view)}")

    def columns(self, select: str) -> list[tuple[str, str]]:
        """The names and types of a query's columns."""
        with self.cursor() as cursor:
            made = self.run(cursor, lambda: cursor.sql(select))
            return [(name, str(kind)) for name, kind in zip(made.columns, made.types, strict=True)]

    def kinds_of(self, select: exp.Select) -> list[pa.DataType]:
        """The types of a select's columns; vectors have their hidden field names."""
        with self.cursor() as cursor:
            query = f"SELECT * FROM ({select.sql('duckdb')}) LIMIT 0"
            return list(self.run(cursor, lambda: cursor.sql(query).to_arrow_table()).schema.types)

    def describe(self, view: str) -> pa.Schema:
        """The columns of a view; vectors have their hidden field names."""
        with self.cursor() as cursor:
            select = f"SELECT * FROM {identifier(view)} LIMIT 0"
            return self.run(cursor, lambda: cursor.sql(select).to_arrow_table()).schema

    def rows(self, view: str) -> int:
        """How many rows a view has."""
        with self.cursor() as cursor:
            row = self.run(cursor, lambda: cursor.execute(f"SELECT count(*) FROM {identifier(view)}").fetchone())
            return int(row[0]) if row else 0

    @cached_property
    def aggregates(self) -> frozenset[str]:
        """The names of DuckDB's aggregates, in lower case."""
        with self.cursor() as cursor:
            names = "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type = 'aggregate'"
            return frozenset(str(row[0]) for row in cursor.execute(names).fetchall())

    def install_macros(self, wanted: frozenset[str]) -> None:
        """Make the functions of ours callable that a query calls; creating one takes milliseconds."""
        missing = wanted - self._macros
        if missing:
            functions.install(self.connection, missing)
            self._macros |= missing

    def built_in_functions(self) -> set[str]:
        """The names of DuckDB's functions and of ours."""
        kinds = "function_type IN ('scalar', 'aggregate') AND function_name ~ '^[a-z]'"
        with self.cursor() as cursor:
            rows = cursor.execute(f"SELECT DISTINCT function_name FROM duckdb_functions() WHERE {kinds}")
            known = {str(row[0]) for row in rows.fetchall() if not str(row[0]).startswith("mlsql_")}
        return known | {name for name in functions.names() if not name.startswith("mlsql_")}

    def drop_everything(self) -> None:
        """Forget all views and tables; functions stay."""
        with self.cursor() as cursor:
            for kind in ("view", "table"):
                names = f"SELECT {kind}_name FROM duckdb_{kind}s() WHERE NOT internal"
                for (name,) in cursor.execute(names).fetchall():
                    cursor.execute(f"DROP {kind.upper()} {identifier(name)}")

    def close(self) -> None:
        """Close it; closing twice is harmless."""
        self._closed = True
        self.interruption.close()
        self.connection.close()
