"""!explain: how a table is computed.

    !explain table;

The result is a table with the column plan, a row per line: which steps are computed anew at each reading and which
are kept and why, how models are called, and then the engine's own plan.

    select 1 as a as t;
    !explain t;
"""

import textwrap

from mlsql_engine.core.arrow_rows import arrow_table
from mlsql_engine.language.ast import CommandStatement
from mlsql_engine.statements.commands.base import Command
from mlsql_engine.statements.context import Context, Outcome


def command() -> Command:
    """The command."""
    return Command("explain", "!explain table;", execute, least=1, most=1, table=0)


_WIDTH = 72
"""What a table shows of a value."""


def execute(statement: CommandStatement, context: Context) -> Outcome:
    """Tell the plan. Raises UnknownName where there is no such table."""
    import pyarrow as pa

    plan = context.engine.explain(context.table(statement.arguments[0]))
    rows = [{"plan": part} for line in plan.rstrip("\n").split("\n") for part in _cut(line)]
    return Outcome(context.rows(arrow_table(rows, pa.schema([("plan", pa.string())]))))


def _cut(line: str) -> list[str]:
    """A line as lines that are shown whole; the engine's drawings are as wide as they are."""
    if len(line) <= _WIDTH or not line[:1].isalnum():
        return [line]
    return textwrap.wrap(line, _WIDTH, subsequent_indent="    ")
