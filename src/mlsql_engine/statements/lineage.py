"""Which statements made a table: what a model's manifest says of its features."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mlsql_engine.core.secrets import hide_secrets, is_secret
from mlsql_engine.language import ast

_REFERENCE = re.compile(r"(?<!\\)\$\{\s*([^{}]*?)\s*\}")
_SHORTEST_SECRET = 4


@dataclass(frozen=True)
class Origin:
    """The statement that made a table, its variables filled, and what made the tables that it read."""

    statement: str
    inputs: tuple[Origin, ...] = ()


class Lineage:
    """The origins of a session's tables, by their names in lower case."""

    def __init__(self) -> None:
        self._origins: dict[str, Origin] = {}

    def made(
        self, table: str, statement: ast.Statement, read: tuple[str, ...], variables: Mapping[str, str]
    ) -> None:
        """Take down that the statement made the table of those that it read, all by their names."""
        inputs = tuple(self._origins[name.lower()] for name in read if name.lower() in self._origins)
        self._origins[table.lower()] = Origin(_filled(statement.span.text, variables), inputs)

    def script(self, table: str, variables: Mapping[str, str]) -> str:
        """The statements that made the table, inputs first, each once. Empty where none is known.

        It holds no secrets: the value of one of the `variables` that is called like a secret is `***`, also where
        it came into a statement by another way, as by a variable made of it.
        """
        origin = self._origins.get(table.lower())
        statements: dict[str, None] = {}
        if origin is not None:
            _collect(origin, statements)
        text = "\n".join(statements)
        for name, held in variables.items():
            if len(held) >= _SHORTEST_SECRET and is_secret(name):
                text = text.replace(held, "***")
        return text


def _collect(origin: Origin, statements: dict[str, None]) -> None:
    waiting: list[tuple[Origin, bool]] = [(origin, False)]
    seen: set[int] = set()
    while waiting:
        node, inputs_done = waiting.pop()
        if inputs_done:
            text = "\n".join(map(hide_secrets, node.statement.strip().split("\n")))
            statements.setdefault(text if text.endswith(";") else text + ";")
        elif id(node) not in seen:
            seen.add(id(node))
            waiting.append((node, True))
            waiting.extend((item, False) for item in reversed(node.inputs))


def _filled(text: str, variables: Mapping[str, str]) -> str:
    """The text with the values of its variables, `***` for those that are called like secrets."""
    if "${" not in text:
        return text

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in variables:
            return found.group(0)
        return "***" if is_secret(name) else variables[name]

    return _REFERENCE.sub(value, text)
