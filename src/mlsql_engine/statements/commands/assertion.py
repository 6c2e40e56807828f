"""!assert: stop the script where a table is not as it must be.

    !assert table '''condition''' "message";

The condition is an expression of Spark SQL that must hold for every row of the table; a column, or else a variable,
may be written as `:name`. NULL does not hold. Where a row does not hold, the script ends with the message, the
number of such rows, and the first of them.

    select 'success' as status as t;
    !assert t ''':status == "success"''' "every group must be trained";
"""

from __future__ import annotations

import re
from collections import ChainMap
from typing import TYPE_CHECKING

from mlsql_engine.core.errors import AssertionFailed, BadValue, Detail
from mlsql_engine.core.text import Text
from mlsql_engine.core.text_table import render
from mlsql_engine.core.type_names import type_name
from mlsql_engine.engines.quoting import spark_identifier, spark_table
from mlsql_engine.language.ast import CommandStatement
from mlsql_engine.statements import conditions
from mlsql_engine.statements.commands.base import Command, Known
from mlsql_engine.statements.context import Context, Outcome

if TYPE_CHECKING:
    import pyarrow as pa

_SHOWN_ROWS = 5


def command() -> Command:
    """The command."""
    form = "!assert table '''condition''' \"message\";"
    return Command("assert", form, execute, least=3, most=3, table=0, condition=1, check=check)


def check(statement: CommandStatement, _known: Known) -> None:
    """Raise BadValue for a condition that is empty."""
    written = statement.arguments[1]
    if not written.value.strip():
        raise BadValue(
            "the condition is empty", span=written.span, hint="as in: !assert t ''':a > 0''' \"message\";"
        )


def execute(statement: CommandStatement, context: Context) -> Outcome:
    """Look at every row. Raises AssertionFailed where one does not hold."""
    name, written, message = statement.arguments
    relation = context.table(name)
    columns = {column: spark_identifier(column) for column in relation.columns}
    text = written.part(0, len(written.value))
    known = ChainMap({**columns, **_in_any_case(text, columns)}, conditions.quoted_variables(context))
    condition = conditions.with_values(text, known, "column")
    table = spark_table(name.value)
    engine = context.engine
    _need_truth(engine.schema(engine.sql(condition.between("select (", f") as `holds` from {table}"))), written)
    wrong = engine.sql(condition.between(f"select * from {table} where not coalesce((", "), false)"))
    with engine.stream(wrong) as stream:
        count = 0
        shown = None
        for batch in stream:
            count += batch.num_rows
            shown = batch.slice(0, _SHOWN_ROWS) if shown is None and batch.num_rows else shown
    if shown is None:
        return Outcome()
    rows = list(zip(*(column.to_pylist(maps_as_pydicts="lossy") for column in shown.columns), strict=True))
    detail = Detail("the first of them", render(shown.schema, rows))
    raise AssertionFailed(
        f"{message.value} ({count:,} row{' does' if count == 1 else 's do'} not hold)",
        span=written.span,
        details=[detail],
    )


def _need_truth(schema: pa.Schema, written: Text) -> None:
    """Raise BadValue where the only column is not one of true and false."""
    kind = type_name(schema.types[0])
    if kind not in ("boolean", "void"):
        raise BadValue(
            f"the condition is of the type {kind}, which is neither true nor false",
            span=written.span,
            hint="compare it with something, as in :a > 0",
        )


def _in_any_case(text: Text, columns: dict[str, str]) -> dict[str, str]:
    """The columns by the letters that the condition writes them in."""
    by_lower = {column.lower(): value for column, value in columns.items()}
    written = re.findall(r":([^\W\d]\w*)", text.value)
    return {name: by_lower[name.lower()] for name in written if name.lower() in by_lower}
