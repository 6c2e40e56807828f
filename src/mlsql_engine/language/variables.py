r"""`${name}` in a statement's texts. `\${name}` stays `${name}`, and `${date.toString('…')}` is the time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, cast

from mlsql_engine.core.errors import SyntaxProblem, UnknownName, errors_at
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Piece, Text
from mlsql_engine.language import ast
from mlsql_engine.language.date_template import date_text, is_date_template

_REFERENCE = re.compile(r"\\\$\{|\$\{([^{}]*)\}")


@dataclass
class Variables(Mapping[str, str]):
    """The values that `${…}` stands for: the run's own first, then those that the session keeps.

    `now` is the time that the run began, which date templates start from.
    """

    kept: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now().astimezone())

    def __getitem__(self, name: str) -> str:
        return self.own[name] if name in self.own else self.kept[name]

    def __iter__(self) -> Any:
        return iter({**self.kept, **self.own})

    def __len__(self) -> int:
        return len(self.kept.keys() | self.own.keys())

    def __contains__(self, name: object) -> bool:
        return name in self.own or name in self.kept


def fill(statement: ast.Statement, variables: Mapping[str, str]) -> ast.Statement:
    """The statement with every `${name}` replaced. Raises UnknownName where there is no such variable."""
    if "${" not in statement.span.text:
        return statement
    return cast("ast.Statement", _fill(statement, variables))


def _fill(node: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(node, Text):
        return fill_text(node, variables)
    if isinstance(node, tuple):
        return tuple([_fill(item, variables) for item in node])
    if isinstance(node, ast.Statement | ast.Option | ast.Target):
        return replace(node, **{name: _fill(getattr(node, name), variables) for name in _parts(node)})
    return node


def fill_text(text: Text, variables: Mapping[str, str]) -> Text:
    """One text with its references replaced, each character still knowing where it was written."""
    if "${" not in text.value:
        return text
    built = Builder(text)
    for found in _REFERENCE.finditer(text.value):
        start, end = found.span()
        if found.group(1) is None:
            built.replace(start, start + 1, "")  # the backslash is left out
        else:
            built.replace(start, end, _value(text, found, variables))
    return built.text()


def _value(text: Text, found: re.Match[str], variables: Mapping[str, str]) -> str:
    name = found.group(1).strip()
    if name in variables:
        return variables[name]
    span = text.place(found.start(), found.end())
    if not name:
        raise SyntaxProblem("${} names no variable", span=span, code="UNKNOWN_VARIABLE")
    if is_date_template(name):
        with errors_at(span):
            return date_text(
                name, variables.now if isinstance(variables, Variables) else datetime.now().astimezone()
            )
    raise UnknownName("variable", name, variables, span=span)


class Builder:
    """A text made of another by replacing parts of it, from its beginning to its end."""

    def __init__(self, text: Text) -> None:
        self._source = text
        self._value: list[str] = []
        self._pieces: list[Piece] = []
        self._position = self._length = 0
        first, *others = text.pieces
        # Where the text's first character stands, if all others follow it one by one.
        self._origin = first.start if not others and first.length is None else None

    def replace(self, start: int, end: int, value: str) -> None:
        """Put `value` for the characters `start` to `end`, which come after those replaced before."""
        self._copy(start)
        if value:
            if self._origin is not None:
                place, length = self._origin + start, end - start
            else:
                span = self._source.place(start, end)
                place, length = span.start, span.end - span.start
            self._pieces.append(Piece(self._length, place, length))
            self._value.append(value)
            self._length += len(value)
        self._position = end

    def text(self) -> Text:
        """What has come of it."""
        self._copy(len(self._source.value))
        source = self._source
        return Text("".join(self._value), source.span, tuple(self._pieces) or source.pieces, source.quoted)

    def _copy(self, end: int) -> None:
        start, self._position = self._position, end
        if end <= start:
            return
        if self._origin is not None:
            self._pieces.append(Piece(self._length, self._origin + start))
        else:
            # A text with escaped quotes has several runs; each keeps its own origin.
            for first, _ in self._source.runs(start, end):
                place, length = self._source.origin(first)
                self._pieces.append(Piece(self._length + first - start, place, length))
        self._value.append(self._source.value[start:end])
        self._length += end - start


def references(node: Any) -> Iterator[tuple[str, Span]]:
    """The names that a statement's texts refer to, and where."""
    for text in _texts(node):
        for found in _REFERENCE.finditer(text.value) if "${" in text.value else ():
            if found.group(1) is not None:
                yield found.group(1).strip(), text.place(*found.span())


def _texts(node: Any) -> Iterator[Text]:
    if isinstance(node, Text):
        yield node
    elif isinstance(node, tuple):
        for item in node:
            yield from _texts(item)
    elif isinstance(node, ast.Statement | ast.Option | ast.Target):
        for name in _parts(node):
            yield from _texts(getattr(node, name))


def _parts(node: ast.Statement | ast.Option | ast.Target) -> list[str]:
    """The fields of a node that may hold text."""
    return [item.name for item in fields(node) if item.name != "span"]
