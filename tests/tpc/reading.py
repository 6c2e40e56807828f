"""Sessions over the tables, and the same query read by DuckDB itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlsql_engine.core.progress import SilentProgress
from mlsql_engine.session import Session, connect

Row = tuple[Any, ...]


@contextmanager
def session_over(folder: Path, names: Sequence[str]) -> Iterator[Session]:
    """A session that has the tables of the folder."""
    with connect(progress=SilentProgress()) as session:
        for name in names:
            session.run(f"load parquet.`{folder}/{name}.parquet` as {name};")
        yield session


def rows_of(session: Session, query: str) -> list[Row]:
    """The rows that a script's select gives."""
    table = session.run(f"{query.strip().rstrip(';')} as answer;")
    assert table is not None
    arrow = table.to_arrow()
    return list(zip(*(column.to_pylist() for column in arrow.columns), strict=True))  # names may come twice


def duckdb_over(folder: Path, names: Sequence[str]) -> Any:
    """A connection of DuckDB's own to the same files."""
    import duckdb

    connection = duckdb.connect(config={"default_null_order": "nulls_first_on_asc_last_on_desc"})
    for name in names:
        connection.execute(f"create view {name} as select * from '{folder}/{name}.parquet'")
    return connection


def in_order(rows: Sequence[Row]) -> list[str]:
    """The rows as texts in an order that does not hang on ties; numbers to nine digits."""
    return sorted(str([_plain(value) for value in row]) for row in rows)


def _plain(value: Any) -> Any:
    from decimal import Decimal

    return f"{float(value):.9g}" if isinstance(value, float | Decimal | int) and value is not True else str(value)
