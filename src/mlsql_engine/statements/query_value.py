"""The value of a query that has one."""

from __future__ import annotations

from mlsql_engine.core.errors import BadValue
from mlsql_engine.core.text import Text
from mlsql_engine.statements.context import Context


def first_row(query: Text, context: Context) -> dict[str, object] | None:
    """The first row of a query, or None where it has no rows."""
    context.bind_system_tables(query)
    relation = context.engine.sql(query)
    with context.engine.stream(relation) as stream:
        for batch in stream:
            if batch.num_rows:
                row: dict[str, object] = batch.slice(0, 1).to_pylist(maps_as_pydicts="lossy")[0]
                return row
    return None


def first_value(query: Text, context: Context) -> object:
    """The first column of the first row. Raises BadValue where the query has no rows."""
    row = first_row(query, context)
    if row is None:
        raise BadValue("the query gives no rows, so it has no value", span=query.span)
    return next(iter(row.values()))
