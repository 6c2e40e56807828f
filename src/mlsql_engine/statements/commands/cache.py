"""!cache: compute a table now, and keep its rows.

    !cache table;

Later statements read the rows that were kept; a table that is not cached is computed each time it is read, unless
it calls a model, is random, or its source cannot be read twice (!explain tells). What is kept spills to disk.

    select rand() as r from range(3) as t;
    !cache t;
"""

from mlsql_engine.language.ast import CommandStatement
from mlsql_engine.statements.commands.base import Command
from mlsql_engine.statements.context import Context, Outcome


def command() -> Command:
    """The command."""
    return Command("cache", "!cache table;", execute, least=1, most=1, table=0)


def execute(statement: CommandStatement, context: Context) -> Outcome:
    """Compute the table. Raises UnknownName where there is none, and what its computation raises."""
    context.engine.keep(context.table(statement.arguments[0]))
    return Outcome()
