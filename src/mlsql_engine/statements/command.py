"""!command: find the command and run it."""

from __future__ import annotations

from mlsql_engine.core.errors import UnknownName
from mlsql_engine.language import ast, blocks
from mlsql_engine.statements.commands.base import Command, check_arguments
from mlsql_engine.statements.context import Context, Outcome


def find(statement: ast.CommandStatement, context: Context) -> Command:
    """The command of the statement. Raises UnknownName for one that there is not."""
    commands = context.session.commands
    if statement.name.value not in commands:
        known = {*commands.names(), *blocks.WORDS}
        raise UnknownName("command", statement.name.value, known, span=statement.name.span)
    return commands.find(statement.name)


def works_without_turn(statement: ast.Statement, context: Context) -> bool:
    """Whether the statement is a command that does not wait for others of the session."""
    return isinstance(statement, ast.CommandStatement) and not find(statement, context).waits


def execute(statement: ast.CommandStatement, context: Context) -> Outcome:
    """Run the command. Raises UnknownName for one that there is not, BadValue for its arguments."""
    command = find(statement, context)
    check_arguments(command, statement)
    command.check(statement)
    return command.execute(statement, context)
