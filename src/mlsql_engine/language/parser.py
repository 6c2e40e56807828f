"""Text to statements: the scanner cuts, the grammar reads, the tree becomes `ast` with spans, blocks close."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, cast, get_args

from mlsql_engine.core.errors import MlsqlError, SyntaxProblem
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Piece, Text
from mlsql_engine.language import ast, diagnostics
from mlsql_engine.language.blocks import Blocks
from mlsql_engine.language.scanner import Chunk, chunks

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

_QUERY = re.compile(r"(?:select|with)\b", re.IGNORECASE)
_DEFINITION = re.compile(r"(?:create|insert|drop|refresh)\b", re.IGNORECASE)
_LAST_ALIAS = re.compile(
    r"\bas\s+(?P<table>(?:[^\W\d]|\$\{[^{}]*\})(?:\w|\$\{[^{}]*\})*|`[^`]*`)\s*\Z", re.IGNORECASE
)
_SAVE_MODES: dict[str, ast.SaveMode] = {mode.lower(): mode for mode in get_args(ast.SaveMode)}


def parse(source: Source, words: Collection[str] = ()) -> ast.Script:
    """The statements of a script. Raises SyntaxProblem at the first place that is not MLSQL.

    `words` are those, in lower case, that start a statement of somebody else's package.
    """
    blocks = Blocks()
    for chunk in chunks(source):
        blocks.add(_statement(chunk, words))
    return ast.Script(blocks.end())


def parse_leniently(source: Source, words: Collection[str] = ()) -> tuple[ast.Script, list[MlsqlError]]:
    """The statements that can be read, and what is wrong with the others, in order."""
    blocks = Blocks()
    problems: list[MlsqlError] = []
    cut = chunks(source)
    while True:
        try:
            chunk = next(cut, None)
            if chunk is None:
                break
            blocks.add(_statement(chunk, words))
        except MlsqlError as problem:
            problems.append(problem)
    try:
        return ast.Script(blocks.end()), problems
    except MlsqlError as problem:
        return ast.Script(blocks.close_all()), [*problems, problem]


def _statement(chunk: Chunk, words: Collection[str]) -> ast.Statement:
    text = chunk.text
    if _QUERY.match(text):
        return _query(chunk)
    definition = _DEFINITION.match(text)
    if definition:
        return ast.DefinitionStatement(chunk.span, definition.group().lower(), Text.literal(text, chunk.span))
    diagnostics.check_first_word(chunk.span, words)
    from lark.exceptions import UnexpectedInput

    try:
        tree = _grammar().parse(text)
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
                    parts.table(),
                    parts.target(),
                    parts.options(),
                    parts.partition(),
                )
            case "set":
                return ast.SetStatement(span, parts.only("variable"), parts.only("value"), parts.options())
            case "connect":
                return ast.ConnectStatement(span, self.text(_first(tree)), parts.options(), parts.name())
            case "train":
                return ast.TrainStatement(span, parts.table(), parts.target(), parts.options(), parts.result())
            case "predict":
                return ast.PredictStatement(span, parts.table(), parts.target(), parts.options(), parts.result())
            case "register":
                return ast.RegisterStatement(span, parts.target(), parts.name(), parts.options())
            case "unregister" if parts.has("function"):
                return ast.UnregisterStatement(span, parts.only("function"), None)
            case "unregister":
                return ast.UnregisterStatement(span, parts.name() if parts.has("name") else None, parts.target())
            case "include":
                return ast.IncludeStatement(span, parts.target())
            case "other":
                return ast.OtherStatement(
                    span, self.text(_first(tree)), parts.arguments(), parts.options(), parts.result()
                )
            case _:
                name = _first(tree)
                start = span.start + (name.start_pos or 0)
                place = Span(span.source, start + 1, start + len(name))
                return ast.CommandStatement(span, Text.literal(name[1:], place), parts.arguments())

    def text(self, token: Token) -> Text:
        """A token as text: without its quotes, and with escaped quotes made plain."""
        start = self._span.start + (token.start_pos or 0)
        span = Span(self._span.source, start, start + len(token))
        match token.type:
            case "BLOCK":
                return _unescaped(token, span, 3)
            case "STRING":
                return _unescaped(token, span, 1)
            case "PATH":
                return Text.literal(token[1:-1], span, start + 1, quoted=True)
            case "KEY":
                return Text.literal(token.replace("`", ""), span)
            case _:
                return Text.literal(str(token), span)


def _first(tree: Tree[Token]) -> Token:
    return cast("Token", tree.children[0])


_ESCAPED_QUOTE = re.compile(r"\\(['\"])")


def _unescaped(token: str, span: Span, quotes: int) -> Text:
    r"""The inside of a string. `\'` and `\"` are quotes; every other backslash stands for itself."""
    inside = token[quotes:-quotes]
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
        self._tree = tree
        self._by_rule: dict[str, Any] = {
            str(child.data): child for child in tree.children if hasattr(child, "data")
        }

    def has(self, rule: str) -> bool:
        return rule in self._by_rule

    def only(self, rule: str) -> Text:
        """The text of a rule that is one token."""
        return self._builder.text(self._by_rule[rule].children[0])

    def name(self) -> Text:
        return self.only("name")

    def table(self) -> Text:
        return self.only("table")

    def arguments(self) -> tuple[Text, ...]:
        return tuple(
            self._builder.text(child.children[0])  # type: ignore[arg-type]
            for child in self._tree.children
            if not isinstance(child, str) and child.data == "argument"
        )

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
