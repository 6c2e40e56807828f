"""!commands: what the session knows of itself.

    !show tables;

The result is a table: namespace, tableName, isTemporary.

    !show tables;
"""

from __future__ import annotations

from collections.abc import Callable

from mlsql_engine.core.errors import BadValue, UnknownName
from mlsql_engine.engines.requests import ArrowRows, ReadRequest
from mlsql_engine.language.ast import CommandStatement
from mlsql_engine.statements.context import Context, Outcome


def execute(statement: CommandStatement, context: Context) -> Outcome:
    """Run the command. Raises UnknownName for one that there is not."""
    command = _COMMANDS.get(statement.name.value.lower())
    if command is None:
        raise UnknownName("command", statement.name.value, _COMMANDS, span=statement.name.span)
    return command(statement, context)


def _show(statement: CommandStatement, context: Context) -> Outcome:
    topics = {"tables": _show_tables}
    if len(statement.arguments) != 1:
        raise BadValue("!show takes one word", span=statement.span, hint=f"!show {'|'.join(topics)};")
    topic = statement.arguments[0]
    show = topics.get(topic.value.lower())
    if show is None:
        raise UnknownName("topic", topic.value, topics, span=topic.span)
    return show(context)


def _show_tables(context: Context) -> Outcome:
    import pyarrow as pa

    names = sorted(context.engine.tables)
    table = pa.table(
        {
            "namespace": pa.array([""] * len(names), pa.string()),
            "tableName": pa.array(names, pa.string()),
            "isTemporary": pa.array([True] * len(names), pa.bool_()),
        }
    )
    return Outcome(context.engine.read(ReadRequest(ArrowRows(table))))


_COMMANDS: dict[str, Callable[[CommandStatement, Context], Outcome]] = {"show": _show}
