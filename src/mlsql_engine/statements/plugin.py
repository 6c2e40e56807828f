"""Statements of somebody else's package, which an entry point of the group `mlsql.statements` adds.

The entry point's name is the word that the statement starts with; what it names is called without arguments and
gives a StatementPlugin. The statement's form is

    word argument … [where key="value" and …] [as result];

where an argument is a word, a string or a `path` in backquotes. Its variables are filled before it runs.
"""

from __future__ import annotations

from typing import Protocol

from mlsql_engine.language.ast import OtherStatement
from mlsql_engine.statements.context import Context, Outcome


class StatementPlugin(Protocol):
    """One statement. `options` is the dataclass of its options (see core.options)."""

    @property
    def options(self) -> type: ...

    def execute(self, statement: OtherStatement, context: Context) -> Outcome:
        """Run the statement and say which table it made, if any. Raises MlsqlError, placed in the statement."""


def execute(statement: OtherStatement, context: Context) -> Outcome:
    """Run the statement by the package that knows its word."""
    return context.session.statements.find(statement.word).execute(statement, context)
