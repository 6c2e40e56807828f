"""!profile: what is in the columns of a table.

    !profile table;

The result is a table with a row per column: column, type, count (values that are not NULL), nulls, distinct, min,
max, mean, stddev (of the sample), q25, median, q75. Between two values a quantile is the part of the way that it
falls on. min and max are texts; what a type does not have is NULL: numbers have all, vectors, maps and arrays only
counts. The table is read once.

    select 1 as a, 'x' as b union all select 3, null as t;
    !profile t;
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsql_engine.core.arrow_rows import arrow_table
from mlsql_engine.core.text import Text
from mlsql_engine.core.type_names import is_number, type_name
from mlsql_engine.engines.quoting import spark_identifier, spark_table
from mlsql_engine.language.ast import CommandStatement
from mlsql_engine.statements.commands.base import Command
from mlsql_engine.statements.context import Context, Outcome
from mlsql_engine.statements.query_value import first_row

if TYPE_CHECKING:
    import pyarrow as pa

_NUMBER_MEASURES = {
    "mean": "avg(cast({0} as double))",
    "stddev": "stddev_samp(cast({0} as double))",
    "q25": "percentile_cont(0.25) within group (order by cast({0} as double))",
    "median": "percentile_cont(0.5) within group (order by cast({0} as double))",
    "q75": "percentile_cont(0.75) within group (order by cast({0} as double))",
}
_ORDERED = ("string", "boolean", "date", "timestamp")


def command() -> Command:
    """The command."""
    return Command("profile", "!profile table;", execute, least=1, most=1, table=0)


def execute(statement: CommandStatement, context: Context) -> Outcome:
    """Measure the columns. Raises UnknownName where there is no such table."""
    name = statement.arguments[0]
    schema = context.engine.schema(context.table(name))
    items = ["count(*) as `rows`"]
    for index, field in enumerate(schema):
        items += [f"{sql} as `{measure}_{index}`" for measure, sql in _measures(field).items()]
    query = Text.literal(f"select {', '.join(items)} from {spark_table(name.value)}", statement.span)
    values = first_row(query, context) or {}
    rows = [_row(index, field, values) for index, field in enumerate(schema)]
    return Outcome(context.rows(arrow_table(rows, _schema())))


def _measures(field: pa.Field) -> dict[str, str]:
    """The SQL of what is measured of a column."""
    column = spark_identifier(field.name)
    kind = type_name(field.type)
    measures = {"count": f"count({column})"}
    if kind != "vector" and not kind.startswith("map"):
        measures["distinct"] = f"count(distinct {column})"
    if is_number(field.type) or kind in _ORDERED:
        measures |= {"min": f"cast(min({column}) as string)", "max": f"cast(max({column}) as string)"}
    if is_number(field.type):
        measures |= {name: sql.format(column) for name, sql in _NUMBER_MEASURES.items()}
    return measures


def _row(index: int, field: pa.Field, values: dict[str, object]) -> dict[str, object]:
    total, count = values["rows"], values[f"count_{index}"]
    row: dict[str, object] = {
        "column": field.name,
        "type": type_name(field.type),
        "count": count,
        "nulls": int(str(total)) - int(str(count)),
    }
    for measure in ("distinct", "min", "max", *_NUMBER_MEASURES):
        row[measure] = values.get(f"{measure}_{index}")
    return row


def _schema() -> pa.Schema:
    import pyarrow as pa

    texts = ["column", "type", "min", "max"]
    whole = ["count", "nulls", "distinct"]
    order = ["column", "type", "count", "nulls", "distinct", "min", "max", *_NUMBER_MEASURES]
    kinds = {name: pa.string() for name in texts} | {name: pa.int64() for name in whole}
    return pa.schema([(name, kinds.get(name, pa.float64())) for name in order])
