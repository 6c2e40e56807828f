"""!println: say something while the script runs.

    !println "text";

The text, its variables filled, is written where progress is told: standard error on the command line.

    set name = "world";
    !println "hello ${name}";
"""

from mlsql_engine.language.ast import CommandStatement
from mlsql_engine.statements.commands.base import Command
from mlsql_engine.statements.context import Context, Outcome


def command() -> Command:
    """The command."""
    return Command("println", '!println "text";', execute, least=1, most=1)


def execute(statement: CommandStatement, context: Context) -> Outcome:
    """Tell the text."""
    context.workshop.progress.note(statement.arguments[0].value)
    return Outcome()
