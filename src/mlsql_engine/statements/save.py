"""save: write a table to files, or to a table of a database.

    save [overwrite|append|errorIfExists|ignore] table as FORMAT.`path` [where …] [partitionBy column, …];

Formats: csv, json, parquet. A path that ends in the format's name (`out.csv`) becomes one file, any other a
folder of part files; `append` adds part files to a folder. The place is whole or as it was before: nothing is
half written. Without a mode, a place that is taken is an error. Vectors come back as vectors from parquet; in csv
and json they are Spark's text of them, as training scripts read it.

jdbc.`name.table` is a table of a connection (see connect). `append` adds rows by the columns' names, and makes the
table where there is none; `overwrite` makes it anew. All rows are written, or none.

    select 1 as a as t;
    save overwrite t as json.`out.json`;
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlsql_engine.core.errors import BadValue, UnknownName, errors_at
from mlsql_engine.core.text import Text
from mlsql_engine.language.ast import SaveStatement
from mlsql_engine.sources.base import SaveRequest, Source
from mlsql_engine.sources.base import options_of as source_options
from mlsql_engine.statements.context import Context, Outcome, absolute, connected, options_of


def execute(statement: SaveStatement, context: Context) -> Outcome:
    """Write the rows. Raises UnknownName for table, format or column, DataProblem for the place."""
    target = statement.target
    source, options_class = source_options(context.session.sources, target.name, "save_options")
    options: Any = options_of(options_class, statement.options, f"save {source.name}")
    relation = context.table(statement.table)
    partition_by = _partition_columns(statement, relation.columns)
    request = _request(source, statement, options, partition_by, context)
    with errors_at(target.path.span, "CANNOT_WRITE", "EXISTS"):
        rows = source.save(relation, request, context.engine)
    place = target.path.value if source.place == "connection" else request.place
    note = f"{place} is there already and stays" if rows is None else f"{rows:,} rows to {place}"
    context.workshop.progress.note(f"save: {note}")
    return Outcome()


def _request(
    source: Source, statement: SaveStatement, options: Any, partition_by: tuple[str, ...], context: Context
) -> SaveRequest:
    """What the source is asked for. Raises BadValue for a place that must not be replaced."""
    path = statement.target.path
    if source.place == "connection":
        if partition_by:
            raise BadValue(
                f"partitionBy makes folders, and {source.name} has none", span=statement.partition_by[0].span
            )
        place, connection, known = connected(source, path, context)
        return SaveRequest(place, options, statement.mode, (), path.span, connection, known)
    folder = absolute(path)
    _refuse_own_folder(folder, path)
    return SaveRequest(str(folder), options, statement.mode, partition_by, path.span)


def _partition_columns(statement: SaveStatement, columns: Sequence[str]) -> tuple[str, ...]:
    """The columns to partition by, as the table spells them."""
    known = {name.lower(): name for name in columns}
    chosen: list[str] = []
    for column in statement.partition_by:
        name = known.get(column.value.lower())
        if name is None:
            raise UnknownName("column", column.value, columns, span=column.span)
        if name in chosen:
            raise BadValue(f"the column '{name}' is named twice", span=column.span)
        chosen.append(name)
    if chosen and len(chosen) == len(known):
        last = statement.partition_by[-1].span
        raise BadValue("partitionBy names all columns, so that none is left to write", span=last)
    return tuple(chosen)


def _refuse_own_folder(place: Path, path: Text) -> None:
    """A save replaces its place: never a folder that the script, or whoever runs it, stands in."""
    taken = place.resolve()
    home = os.path.expanduser("~")  # itself where there is none
    for folder in (path.span.source.folder, Path.cwd(), *([Path(home)] if home != "~" else [])):
        if folder.resolve().is_relative_to(taken):
            raise BadValue(
                f"{taken} holds this script or the current folder, and a save would replace it",
                span=path.span,
                hint="name a file or a folder of its own",
            )
