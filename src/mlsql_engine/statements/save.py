"""save: write a table to files.

    save [overwrite|append|errorIfExists|ignore] table as FORMAT.`path` [where …] [partitionBy column, …];

Formats: csv, json, parquet. A path that ends in the format's name (`out.csv`) becomes one file, any other a
folder of part files; `append` adds part files to a folder. The place is whole or as it was before: nothing is
half written. Without a mode, a place that is taken is an error.

    select 1 as a as t;
    save overwrite t as json.`out.json`;
"""

from __future__ import annotations

from typing import Any

from mlsql_engine.core.errors import UnknownName
from mlsql_engine.language.ast import SaveStatement
from mlsql_engine.sources.base import SaveRequest
from mlsql_engine.sources.base import options_of as source_options
from mlsql_engine.statements.context import Context, Outcome, absolute, options_of


def execute(statement: SaveStatement, context: Context) -> Outcome:
    """Write the rows. Raises UnknownName for table, format or column, DataProblem for the place."""
    target = statement.target
    source, options_class = source_options(context.sources, target.name, "save_options")
    options: Any = options_of(options_class, statement.options, f"save {source.name}")
    relation = context.table(statement.table)
    columns = {name.lower(): name for name in relation.columns}
    for column in statement.partition_by:
        if column.value.lower() not in columns:
            raise UnknownName("column", column.value, relation.columns, span=column.span)
    place = absolute(target.path)
    request = SaveRequest(
        str(place),
        options,
        statement.mode,
        tuple(columns[column.value.lower()] for column in statement.partition_by),
    )
    rows = source.save(relation, request, context.engine)
    note = f"{place} is there already and stays" if rows is None else f"{rows:,} rows to {place}"
    context.workshop.progress.note(f"save: {note}")
    return Outcome()
