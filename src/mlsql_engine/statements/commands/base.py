"""What a !command is.

An entry point of the group `mlsql.commands` adds one: its name is the command's, and what it names is called
without arguments and gives a Command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mlsql_engine.core.errors import BadValue
from mlsql_engine.language.ast import CommandStatement
from mlsql_engine.statements.context import Context, Outcome


@dataclass(frozen=True)
class Command:
    """One command. `form` shows how it is written; `least` and `most` are how many arguments it takes.

    `table` is the argument that names a table, which must be there, if one does; `check` raises what can be told to
    be wrong with the arguments without running the command. With `waits` False the command is run while another
    statement of the session is.
    """

    name: str
    form: str
    execute: Callable[[CommandStatement, Context], Outcome]
    least: int = 0
    most: int = 0
    table: int | None = None
    check: Callable[[CommandStatement], None] = lambda _statement: None
    waits: bool = True


def check_arguments(command: Command, statement: CommandStatement) -> None:
    """Raise BadValue where the command is given too few arguments, or too many."""
    given = statement.arguments
    if len(given) < command.least:
        wanted = "something" if command.least == 1 else f"{command.least} things"
        raise BadValue(
            f"!{command.name} needs {wanted} after it", span=statement.span, hint=f"its form is: {command.form}"
        )
    if len(given) > command.most:
        raise BadValue(
            f"!{command.name} does not take this",
            span=given[command.most].span,
            hint=f"its form is: {command.form}",
        )
