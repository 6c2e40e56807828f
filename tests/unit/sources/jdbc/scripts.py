"""Scripts that are run in a folder, and what they give."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine import MlsqlError, Session, SilentProgress, connect
from mlsql_engine.core.span import Source
from mlsql_engine.session import check


class Scripts:
    """A session whose scripts stand in `folder`, where `shop.db` is a sqlite database."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session, self.folder = session, folder
        self.database = folder / "shop.db"

    def sqlite(self, script: str) -> None:
        """Carry out SQL in the database, by a library of its own."""
        with closing(sqlite3.connect(self.database)) as connection:
            connection.executescript(script)

    def stored(self, query: str) -> list[tuple[Any, ...]]:
        """What a query gives in the database."""
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query).fetchall()

    def run(self, script: str) -> None:
        self.session.run(script, folder=self.folder)

    def rows(self, script: str) -> list[tuple[Any, ...]]:
        """The rows of the last table."""
        table = self.session.run(script, folder=self.folder)
        assert table is not None
        return [tuple(row.values()) for row in table.to_arrow().to_pylist()]

    def types(self, script: str) -> dict[str, str]:
        """The columns of the last table and their types."""
        table = self.session.run(script, folder=self.folder)
        assert table is not None
        return {field.name: str(field.type) for field in table.to_arrow().schema}

    def error(self, script: str) -> MlsqlError:
        """The error of a script that has one, when it runs or when its last table is read."""
        with pytest.raises(MlsqlError) as raised:
            self.rows(script)
        assert raised.value.span is not None
        return raised.value

    def said(self, script: str) -> tuple[str, str, str | None, str]:
        """An error's code, message, hint and the part of the script that it is placed at."""
        error = self.error(script)
        assert error.span is not None
        return error.code, error.message, error.hint, error.span.text

    def found(self, script: str) -> list[str]:
        """What `mlsql check` finds."""
        return [problem.message for problem in check(Source("script", script, self.folder))]


@contextmanager
def scripts_in(folder: Path) -> Iterator[Scripts]:
    with connect(progress=SilentProgress()) as session:
        yield Scripts(session, folder)
