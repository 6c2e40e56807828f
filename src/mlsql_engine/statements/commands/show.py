"""!show: what there is.

    !show tables|functions|models|jobs|workers|algorithms|sources|commands|variables|connections|version;
    !show algorithms NAME;
    !show sources NAME;

The result is a table. tables: the session's tables. functions, models, jobs, workers: as in the tables
system.functions, system.models, system.jobs and system.workers. variables: those that `${…}` may name, secrets
hidden. algorithms and sources with a NAME: the options of that algorithm or format, their defaults and meanings.

    select 1 as a as t;
    !show tables;
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from mlsql_engine.algorithms.base import ScriptAlgorithm
from mlsql_engine.core.arrow_rows import arrow_table
from mlsql_engine.core.errors import BadValue, UnknownName
from mlsql_engine.core.options import describe
from mlsql_engine.core.registry import Registry
from mlsql_engine.core.text import Text
from mlsql_engine.core.version import __version__
from mlsql_engine.language.ast import CommandStatement
from mlsql_engine.models.manifest import without_secrets
from mlsql_engine.statements import system_tables
from mlsql_engine.statements.commands.base import Command, Known
from mlsql_engine.statements.context import Context, Outcome

if TYPE_CHECKING:
    import pyarrow as pa


def command() -> Command:
    """The command."""
    return Command("show", f"!show {'|'.join(TOPICS)};", execute, least=1, most=2, check=check, waits=False)


def check(statement: CommandStatement, known: Known) -> None:
    """Raise UnknownName for a topic or a name that there is not, BadValue for a name where the topic takes none."""
    topic, *name = statement.arguments
    if topic.value.lower() not in TOPICS:
        raise UnknownName("topic", topic.value, TOPICS, span=topic.span)
    if name and topic.value.lower() not in _OF_ONE:
        raise BadValue(f"!show {topic.value} takes no name", span=name[0].span)
    if name:
        registries: dict[str, Registry[Any]] = {"algorithms": known.algorithms, "sources": known.sources}
        registries[topic.value.lower()].find(name[0])


def execute(statement: CommandStatement, context: Context) -> Outcome:
    """Make the topic's table."""
    topic, *name = statement.arguments
    key = topic.value.lower()
    table = _OF_ONE[key](context, name[0]) if name else TOPICS[key](context)
    return Outcome(context.rows(table))


def _text_table(columns: str, rows: Iterable[tuple[object, ...]]) -> pa.Table:
    """Rows of texts and booleans."""
    import pyarrow as pa

    names = columns.split()
    dicts = [dict(zip(names, row, strict=True)) for row in rows]
    kinds = {name: pa.bool_() if dicts and isinstance(dicts[0][name], bool) else pa.string() for name in names}
    return arrow_table(dicts, pa.schema(list(kinds.items())))


def _tables(context: Context) -> pa.Table:
    import pyarrow as pa

    columns = pa.schema([("namespace", pa.string()), ("tableName", pa.string()), ("isTemporary", pa.bool_())])
    rows = [{"namespace": "", "tableName": name, "isTemporary": True} for name in context.table_names()]
    return arrow_table(rows, columns)


def _algorithms(context: Context) -> pa.Table:
    rows = ((item.name, _first_line(item)) for item in context.session.algorithms)
    return _text_table("name description", rows)


def _sources(context: Context) -> pa.Table:
    rows = (
        (item.name, item.load_options is not None, item.save_options is not None, item.connect_options is not None)
        for item in context.session.sources
    )
    return _text_table("name load save connect", rows)


def _commands(context: Context) -> pa.Table:
    return _text_table("name form", ((item.name, item.form) for item in context.session.commands))


def _variables(context: Context) -> pa.Table:
    values = without_secrets(dict(sorted(context.variables.items())))
    return _text_table("name value", values.items())


def _connections(context: Context) -> pa.Table:
    connections = sorted(context.session.connections.items())
    return _text_table("name format", ((name, item.source.name) for name, item in connections))


def _version(context: Context) -> pa.Table:
    rows = [("mlsql", __version__), ("engine", context.engine.name), ("python", platform.python_version())]
    return _text_table("name version", rows)


def _of_algorithm(context: Context, name: Text) -> pa.Table:
    algorithm = context.session.algorithms.find(name)
    if isinstance(algorithm, ScriptAlgorithm):
        return _options({"register": algorithm.function_options})
    return _options(
        {"train, run": algorithm.train_options, "register, predict": algorithm.function_options},
    )


def _of_source(context: Context, name: Text) -> pa.Table:
    source = context.session.sources.find(name)
    return _options({"load": source.load_options, "save": source.save_options, "connect": source.connect_options})


def _options(by_statement: dict[str, type | None]) -> pa.Table:
    rows = (
        (statement, item.name, item.type, item.default, item.doc)
        for statement, cls in by_statement.items()
        if cls is not None
        for item in describe(cls)
    )
    return _text_table("statement option type default meaning", rows)


def _first_line(item: Any) -> str:
    return (type(item).__doc__ or "").strip().partition("\n")[0]


TOPICS: dict[str, Callable[[Context], pa.Table]] = {
    "algorithms": _algorithms,
    "commands": _commands,
    "connections": _connections,
    "functions": lambda context: system_tables.functions(context.session),
    "jobs": lambda context: system_tables.jobs(context.session),
    "models": lambda context: system_tables.models(context.session),
    "sources": _sources,
    "tables": _tables,
    "variables": _variables,
    "version": _version,
    "workers": lambda context: system_tables.workers(context.session),
}
_OF_ONE: dict[str, Callable[[Context, Text], pa.Table]] = {"algorithms": _of_algorithm, "sources": _of_source}
