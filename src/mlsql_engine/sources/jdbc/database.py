"""What a database is to the format jdbc, and what is the same for all of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol

import pyarrow as pa

from mlsql_engine.core.errors import DataProblem
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text
from mlsql_engine.engines.requests import OpenBatches

_HEAD: Final = "SELECT * FROM ("


@dataclass(frozen=True)
class Rows:
    """What is read: a table, as it stands after FROM, or a query. `called` is what errors call it."""

    table: str
    query: Text | None
    span: Span | None
    called: str

    @property
    def select(self) -> str:
        """All rows and columns."""
        if self.query is None:
            return f"SELECT * FROM {self.table}"
        # The line break ends a comment at the query's end.
        return f"{_HEAD}{self.query.value.rstrip().rstrip(';')}\n) AS mlsql_rows"

    def place_at(self, offset: int) -> Span | None:
        """Where the word at the character `offset` of `select`, from 0, was written."""
        if self.query is None:
            return self.span
        start = offset - len(_HEAD)
        if not 0 <= start < len(self.query.value):
            return self.query.span
        word = re.match(r"\w*", self.query.value[start:])
        return self.query.place(start, start + max(1, word.end() if word else 1))

    def place_of(self, word: str) -> Span | None:
        """Where a word was written, if it stands there once."""
        if self.query is None or not word or self.query.value.count(word) != 1:
            return self.query.span if self.query is not None else self.span
        start = self.query.value.index(word)
        return self.query.place(start, start + len(word))


@dataclass(frozen=True)
class Plan:
    """How rows are read: `select` gives them, in the columns of `schema` once they are converted."""

    rows: Rows
    schema: pa.Schema
    select: str


class Writing(Protocol):
    """A transaction on one table."""

    def columns(self) -> Sequence[str] | None:
        """The table's columns; None where there is no such table."""

    def drop(self) -> None:
        """Remove the table."""

    def create(self, schema: pa.Schema) -> None:
        """Make the table."""

    def fill(self, batches: pa.RecordBatchReader, *, new: bool) -> int:
        """Add rows, by the columns' names, and give their number; `new` is a table that was just made."""


class Database(Protocol):
    """One database, which is opened anew for everything that is asked of it. All raise MlsqlError."""

    name: str

    def from_(self, table: str) -> str:
        """A table's name, or what else the user means by it, as it stands after FROM."""

    def plan(self, rows: Rows) -> Plan:
        """The columns of the rows, and how to read them."""

    def open(self, plan: Plan, rows_at_once: int | None) -> OpenBatches:
        """The rows."""

    def column_type(self, kind: pa.DataType) -> pa.DataType | None:
        """What a column is converted to before it is written; None where the database has no such type."""

    def writing(self, table: str, span: Span | None) -> AbstractContextManager[Writing]:
        """A transaction, which is undone when the block raises."""


def check_columns(names: Sequence[str], rows: Rows) -> None:
    """Raise DataProblem where a table cannot have these columns."""
    if not names:
        raise DataProblem(f"{rows.called} has no columns", span=rows.span)
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise DataProblem(
                f"{rows.called} has two columns '{name}'",
                span=rows.span,
                hint="name them apart in the option query: select a as b …",
            )
        seen.add(name.lower())
