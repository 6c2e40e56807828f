"""select: make a table of a query.

    select … as table;
    with … select … as table;

Spark SQL over the session's tables and functions. An unaliased column has the name that Spark gives it, such as
`predict(features)`. The rows are computed when something needs them; a query that calls a model is computed
once, however often its table is read. A select asks a model once for each row, wherever the same call stands in it,
and only for rows that the filters without a call leave; the model gets up to 65,536 rows at a time. Rows that CASE,
IF or COALESCE keep from a call are not predicted; such a call gets up to 2,048 rows at a time.
What the system knows of itself are the tables system.functions, system.jobs, system.models, system.workers and
system.worker_logs; `system.` may be left out where the session has no table of that name.

    select 1 as a, 'x' as b as t;
"""

from __future__ import annotations

from mlsql_engine.language.ast import SelectStatement
from mlsql_engine.statements.context import Context, Outcome


def execute(statement: SelectStatement, context: Context) -> Outcome:
    """Bind the table. Raises SyntaxProblem, UnknownName or SqlProblem, placed in the query."""
    context.bind_system_tables(statement.query)
    relation = context.engine.sql(statement.query)
    context.engine.bind(statement.table.value, relation)
    return Outcome(relation, statement.table.value)
