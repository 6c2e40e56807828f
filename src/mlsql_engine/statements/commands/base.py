"""What a !command is.

An entry point of the group `mlsql.commands` adds one: its name is the command's, and what it names is called
without arguments and gives a Command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from mlsql_engine.algorithms.base import AnyAlgorithm
from mlsql_engine.core.errors import BadValue, UnknownName
from mlsql_engine.core.registry import Registry
from mlsql_engine.language import blocks
from mlsql_engine.language.ast import CommandStatement
from mlsql_engine.sources.base import Source
from mlsql_engine.statements.context import Context, Outcome


class Known(Protocol):
    """What there is, also where no script is run."""

    @property
    def sources(self) -> Registry[Source]: ...

    @property
    def algorithms(self) -> Registry[AnyAlgorithm]: ...


@dataclass(frozen=True)
class Command:
    """One command. `form` shows how it is written; `least` and `most` are how many arguments it takes.

    Where an argument names a table that must be there, `table` is which, and `model` where it is the path of a
    model; `makes` is that which names a table that the command makes, `condition` that which is an expression over
    the table's columns. `check` raises what else can be told to be wrong with the arguments without running the
    command. With `waits` False the command is run while another statement of the session is.
    """

    name: str
    form: str
    execute: Callable[[CommandStatement, Context], Outcome]
    least: int = 0
    most: int = 0
    table: int | None = None
    model: int | None = None
    makes: int | None = None
    condition: int | None = None
    check: Callable[[CommandStatement, Known], None] = lambda _statement, _known: None
    waits: bool = True


def find(statement: CommandStatement, commands: Registry[Command]) -> Command:
    """The command of the statement. Raises UnknownName for one that there is not."""
    if statement.name.value not in commands:
        known = {*commands.names(), *blocks.WORDS}
        raise UnknownName("command", statement.name.value, known, span=statement.name.span)
    return commands.find(statement.name)


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
