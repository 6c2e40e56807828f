"""!command: find the command and run it."""

from __future__ import annotations

from mlsql_engine.language import ast
from mlsql_engine.statements.commands.base import check_arguments, find
from mlsql_engine.statements.context import Context, Outcome


def works_without_turn(statement: ast.Statement, context: Context) -> bool:
    """Whether the statement is a command that does not wait for others of the session."""
    return isinstance(statement, ast.CommandStatement) and not find(statement, context.session.commands).waits


def execute(statement: ast.CommandStatement, context: Context) -> Outcome:
    """Run the command. Raises UnknownName for one that there is not, BadValue for its arguments."""
    command = find(statement, context.session.commands)
    check_arguments(command, statement)
    command.check(statement, context.session)
    return command.execute(statement, context)
