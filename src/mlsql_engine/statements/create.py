"""create: make a table or a view.

    create [or replace] [temporary] table [if not exists] name [(column type, …)] [as select …];
    create [or replace] [temporary] view [if not exists] name [(column, …)] as select …;

Handed to the engine, in Spark SQL. A table holds its rows from now on, and `insert` adds to it; a view is read
anew each time, as the table of a select is. A name that is taken is an error without `or replace` or
`if not exists`.

    create table sales (product string, amount int);
    insert into sales values ('tea', 3), ('milk', 5);
    create view large as select * from sales where amount > 4;
"""

from __future__ import annotations

from mlsql_engine.language.ast import DefinitionStatement
from mlsql_engine.statements.context import Context, Outcome


def execute(statement: DefinitionStatement, context: Context) -> Outcome:
    """Have the engine do it. Raises SyntaxProblem, UnknownName or SqlProblem, placed in the text."""
    context.bind_system_tables(statement.text)
    context.engine.define(statement.text)
    return Outcome()
