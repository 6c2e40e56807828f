"""Text to statements: the scanner cuts, the grammar reads, and the tree becomes `ast` with spans."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, get_args

from mlsql_engine.core.errors import SyntaxProblem
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Piece, Text
from mlsql_engine.language import ast, diagnostics
from mlsql_engine.language.scanner import Chunk, chunks

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

_QUERY = re.compile(r"(?:select|with)\b", re.IGNORECASE)
_LAST_ALIAS = re.compile(
    r"\bas\s+(?P<table>(?:[^\W\d]|\$\{[^{}]*\})(?:\w|\$\{[^{}]*\})*|`[^`]*`)\s*\Z", re.IGNORECASE
)
_SAVE_MODES: dict[str, ast.SaveMode] = {mode.lower(): mode for mode in get_args(ast.SaveMode)}


def parse(source: Source) -> ast.Script:
    """The statements of a script. Raises SyntaxProblem at the first place that is not MLSQL."""
    return ast.Script(tuple(_statement(chunk) for chunk in chunks(source)))


def _statement(chunk: Chunk) -> ast.Statement:
    if _QUERY.match(chunk.text):
        return _query(chunk)
    diagnostics.check_first_word(chunk.span)
    from lark.exceptions import UnexpectedInput

    try:
        tree = _grammar().parse(chunk.text)
    except UnexpectedInput as error:
        raise diagnostics.explain(error, chunk.span) from None
    return _Builder(chunk.span).statement(tree)


@cache
def _grammar() -> Lark:
    from lark import Lark

    text = resources.files("mlsql_engine.language").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(text, start="statement", parser="lalr", lexer="contextual", maybe_placeholders=False)


def _query(chunk: Chunk) -> ast.SelectStatement:
    """A select is Spark SQL up to its last `as table`, which gives the result its name."""
    found = _LAST_ALIAS.search(chunk.masked)
    span = chunk.span
    if found is None:
        raise SyntaxProblem(
            "the select does not name its result",
            span=span.part(span.end - span.start - 1, span.end - span.start),
            hint="end it with 'as table;', as in: select 1 as a as t;",
        )
    query = span.part(0, len(chunk.text[: found.start()].rstrip()))
    name = span.part(found.start("table"), found.end("table"))
    return ast.SelectStatement(span, Text.literal(query.text, query), _name(name))


def _name(span: Span) -> Text:
    if span.text.startswith("`"):
        return Text.literal(span.text[1:-1], span, span.start + 1, quoted=True)
    return Text.literal(span.text, span)


class _Builder:
    """Turns the grammar's tree of one statement into its dataclass."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def statement(self, tree: Tree[Token]) -> ast.Statement:
        parts = _Parts(self, tree)
        span, children = self._span, tree.children
        match str(tree.data):
            case "load":
                return ast.LoadStatement(span, parts.target(), parts.options(), parts.name())
            case "save":
                mode = next((str(child) for child in children if getattr(child, "type", "") == "MODE"), None)
                return ast.SaveStatement(
                    span,
                    _SAVE_MODES[mode.lower()] if mode else "errorIfExists",
                    parts.name(),
                    parts.target(),
                    parts.options(),
                    parts.partition(),
                )
            case "set":
                return ast.SetStatement(span, parts.name(), parts.value(), parts.options())
            case "train":
                return ast.TrainStatement(span, parts.name(), parts.target(), parts.options(), parts.result())
            case "predict":
                return ast.PredictStatement(span, parts.name(), parts.target(), parts.options(), parts.result())
            case "register":
                return ast.RegisterStatement(span, parts.target(), parts.name(), parts.options())
            case _:
                return self._command(tree)

    def _command(self, tree: Tree[Token]) -> ast.CommandStatement:
        name: Any = tree.children[0]
        arguments = tuple(self.text(child.children[0]) for child in tree.children[1:])  # type: ignore[union-attr, arg-type]
        start = name.start_pos
        span = self._span.part(start + 1, start + len(name))
        return ast.CommandStatement(self._span, Text.literal(span.text, span), arguments)

    def text(self, token: Token) -> Text:
        """A token as text: without its quotes, and with escaped quotes made plain."""
        start = token.start_pos or 0
        span = self._span.part(start, start + len(token))
        match token.type:
            case "BLOCK":
                return _unescaped(span, 3)
            case "STRING":
                return _unescaped(span, 1)
            case "PATH":
                return Text.literal(span.text[1:-1], span, span.start + 1, quoted=True)
            case "KEY":
                return Text.literal(span.text.replace("`", ""), span)
            case _:
                return Text.literal(span.text, span)


_ESCAPED_QUOTE = re.compile(r"\\(['\"])")


def _unescaped(span: Span, quotes: int) -> Text:
    r"""The inside of a string. `\'` and `\"` are quotes; every other backslash stands for itself."""
    inside = span.text[quotes:-quotes]
    start = span.start + quotes
    if "\\" not in inside:
        return Text.literal(inside, span, start, quoted=True)
    value: list[str] = []
    pieces = [Piece(0, start)]
    position = length = 0
    for escape in _ESCAPED_QUOTE.finditer(inside):
        value.append(inside[position : escape.start()])
        length += escape.start() - position
        pieces.append(Piece(length, start + escape.start() + 1))
        position = escape.start() + 1
    value.append(inside[position:])
    return Text("".join(value), span, tuple(pieces), quoted=True)


class _Parts:
    """The children of a statement's tree by their rule's name."""

    def __init__(self, builder: _Builder, tree: Tree[Token]) -> None:
        self._builder = builder
        self._by_rule: dict[str, Any] = {
            str(child.data): child for child in tree.children if hasattr(child, "data")
        }

    def name(self) -> Text:
        return self._builder.text(self._by_rule["name"].children[0])

    def value(self) -> Text:
        return self._builder.text(self._by_rule["value"].children[0])

    def target(self) -> ast.Target:
        name, path = self._by_rule["target"].children
        return ast.Target(self._builder.text(name), self._builder.text(path))

    def options(self) -> tuple[ast.Option, ...]:
        tree = self._by_rule.get("options")
        if tree is None:
            return ()
        return tuple(
            ast.Option(self._builder.text(option.children[0]), self._builder.text(option.children[1].children[0]))
            for option in tree.children
        )

    def partition(self) -> tuple[Text, ...]:
        tree = self._by_rule.get("partition")
        return () if tree is None else tuple(self._builder.text(name.children[0]) for name in tree.children)

    def result(self) -> Text | None:
        tree = self._by_rule.get("result")
        return None if tree is None else self._builder.text(tree.children[0].children[0])
