"""!desc: the columns of a table.

    !desc table;

The result is a table: col_name, data_type (as Spark SQL writes it), comment.

    select 1 as a, array('x') as b as t;
    !desc t;
"""

from mlsql_engine.core.arrow_rows import arrow_table
from mlsql_engine.core.type_names import type_name
from mlsql_engine.language.ast import CommandStatement
from mlsql_engine.statements.commands.base import Command
from mlsql_engine.statements.context import Context, Outcome


def command() -> Command:
    """The command."""
    return Command("desc", "!desc table;", execute, least=1, most=1, table=0)


def execute(statement: CommandStatement, context: Context) -> Outcome:
    """Describe the table. Raises UnknownName where there is none."""
    import pyarrow as pa

    schema = context.engine.schema(context.table(statement.arguments[0]))
    columns = pa.schema([("col_name", pa.string()), ("data_type", pa.string()), ("comment", pa.string())])
    rows = [{"col_name": field.name, "data_type": type_name(field.type), "comment": None} for field in schema]
    return Outcome(context.rows(arrow_table(rows, columns)))
