"""Names and values inside SQL text."""

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
