"""load: make a table of a file or a text.

    load FORMAT.`path` [where key="value" and …] as table;

Formats: csv, json, parquet, libsvm; jsonStr takes the name of a variable that holds the rows as JSON. The path is
a file, a folder of part files or a glob pattern; a relative one starts from the folder of the script. The rows
are read when something needs them. A csv row with too few values has NULL for the rest; one with too many is an
error that names its line.

    set rows = '''{"a": 1}
    {"a": 2}''';
    load jsonStr.`rows` as t;
"""

from __future__ import annotations

from typing import Any

from mlsql_engine.core.errors import UnknownName, errors_at
from mlsql_engine.core.text import Text
from mlsql_engine.language.ast import LoadStatement
from mlsql_engine.sources.base import LoadRequest, Source
from mlsql_engine.sources.base import options_of as source_options
from mlsql_engine.statements.context import Context, Outcome, absolute, options_of


def execute(statement: LoadStatement, context: Context) -> Outcome:
    """Bind the table. Raises UnknownName for the format or variable, DataProblem for the files."""
    written = statement.source
    source, options_class = source_options(context.session.sources, written.name, "load_options")
    options: Any = options_of(options_class, statement.options, f"load {source.name}")
    place, connection = _place(source, written.path, context)
    request = LoadRequest(
        place,
        options,
        written.path.span,
        called=f"the variable '{written.path.value}'" if source.place == "variable" else "the file",
        connection=connection,
    )
    with errors_at(written.path.span):
        relation = source.load(request, context.engine)
    context.engine.bind(statement.table.value, relation)
    return Outcome(relation, statement.table.value)


def _place(source: Source, path: Text, context: Context) -> tuple[str, Any]:
    """What the source is asked for, and the options of its connection if it has one."""
    if source.place == "path":
        return str(absolute(path)), None
    if source.place == "connection":
        name, dot, table = path.value.partition(".")
        connection = context.session.connections.get(name.lower())
        if connection is not None and connection.source is source and dot:
            return table, connection.options
        return path.value, None
    if path.value not in context.variables:
        raise UnknownName("variable", path.value, context.variables, span=path.span)
    return context.variables[path.value], None
