"""!lastCommand: give a name to the last result.

    !lastCommand named table;

What the last !command, or train, run or predict without a name, gave becomes the table.

    !show tables;
    !lastCommand named tables;
    select count(*) as n from tables as result;
"""

from mlsql_engine.core.errors import BadValue
from mlsql_engine.language.ast import CommandStatement
from mlsql_engine.statements.commands.base import Command, Known
from mlsql_engine.statements.context import Context, Outcome

_FORM = "!lastCommand named table;"


def command() -> Command:
    """The command."""
    return Command("lastCommand", _FORM, execute, least=2, most=2, makes=1, check=check)


def check(statement: CommandStatement, _known: Known) -> None:
    """Raise BadValue where the word is not `named`."""
    word = statement.arguments[0]
    if word.value.lower() != "named":
        raise BadValue(f"'{word.value}' is not expected here", span=word.span, hint=f"its form is: {_FORM}")


def execute(statement: CommandStatement, context: Context) -> Outcome:
    """Bind the table. Raises BadValue where no statement before it gave one."""
    name = statement.arguments[1]
    if context.last.relation is None:
        raise BadValue(
            "no statement before this gave a table",
            span=statement.span,
            hint=f"it stands after what gives one, as in: !show tables; {_FORM}",
        )
    context.engine.bind(name.value, context.last.relation)
    return Outcome(context.last.relation, name.value)
