r"""`${name}` in a statement's texts. `\${name}` stays `${name}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any, cast

from mlsql_engine.core.errors import SyntaxProblem, UnknownName
from mlsql_engine.core.text import Piece, Text
from mlsql_engine.language import ast

_REFERENCE = re.compile(r"\\\$\{|\$\{([^{}]*)\}")


def fill(statement: ast.Statement, variables: Mapping[str, str]) -> ast.Statement:
    """The statement with every `${name}` replaced. Raises UnknownName where there is no such variable."""
    return cast("ast.Statement", _fill(statement, variables))


def _fill(node: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(node, Text):
        return fill_text(node, variables)
    if isinstance(node, tuple):
        return tuple(_fill(item, variables) for item in node)
    if isinstance(node, ast.Statement | ast.Option | ast.Target):
        changes = {
            field.name: _fill(getattr(node, field.name), variables)
            for field in fields(node)
            if field.name != "span"
        }
        return replace(node, **changes)
    return node


def fill_text(text: Text, variables: Mapping[str, str]) -> Text:
    """One text with its references replaced, each character still knowing where it was written."""
    if "${" not in text.value:
        return text
    value: list[str] = []
    pieces: list[Piece] = []
    position = length = 0

    def literal(end: int) -> None:
        nonlocal length
        if end > position:
            # A text with escaped quotes has several runs; each keeps its own origin.
            for run_start, run_end in _runs(text, position, end):
                pieces.append(Piece(length, text.place(run_start, run_start + 1).start))
                value.append(text.value[run_start:run_end])
                length += run_end - run_start

    for found in _REFERENCE.finditer(text.value):
        literal(found.start())
        if found.group(1) is None:
            position = found.start() + 1
            continue
        name = found.group(1).strip()
        span = text.place(found.start(), found.end())
        if not name:
            raise SyntaxProblem("${} names no variable", span=span, code="UNKNOWN_VARIABLE")
        if name not in variables:
            raise UnknownName("variable", name, variables, span=span)
        pieces.append(Piece(length, span.start, span.end - span.start))
        value.append(variables[name])
        length += len(variables[name])
        position = found.end()
    literal(len(text.value))
    return Text("".join(value), text.span, tuple(pieces) or text.pieces, text.quoted)


def _runs(text: Text, start: int, end: int) -> list[tuple[int, int]]:
    """`start` to `end` cut where the text's own pieces begin."""
    cuts = [start, *(piece.offset for piece in text.pieces if start < piece.offset < end), end]
    return list(pairwise(cuts))
