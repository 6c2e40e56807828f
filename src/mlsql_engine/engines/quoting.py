"""Names and values inside SQL text: standard SQL's, which DuckDB and most databases read, and Spark's."""

from __future__ import annotations


def identifier(name: str) -> str:
    """The name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """The text in single quotes."""
    return "'" + value.replace("'", "''") + "'"


def literals(values: list[str]) -> str:
    """A SQL list of texts."""
    return "[" + ", ".join(literal(value) for value in values) + "]"


def spark_identifier(name: str) -> str:
    """The name in backquotes, as Spark SQL reads it."""
    return "`" + name.replace("`", "``") + "`"


def spark_table(name: str) -> str:
    """A table's name, each of its parts in backquotes: `system`.`jobs`."""
    return ".".join(map(spark_identifier, name.split(".")))


def spark_literal(value: str) -> str:
    """The text as a string of Spark SQL."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
