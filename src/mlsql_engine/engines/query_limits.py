"""How deep a query may be nested: sqlglot and DuckDB recurse, and a few forms take them exponential time.

What is refused here would end in a RecursionError, a stack overflow or a wait of hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise, repeat
from typing import TYPE_CHECKING, Final

from mlsql_engine.core.errors import SqlProblem
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.tokenizer_core import Token, TokenType

DEEPEST: Final = 150
"""Brackets, cases and signs inside each other; the parser takes about 2 KB of stack for each."""
HIGHEST: Final = 900
"""Operators in a chain, of which each is a level of DuckDB's tree, which has at most 1,000."""
DOUBLING: Final = 10
"""Forms of which each doubles the time of the next: joins without a condition, brackets after types in brackets."""
_CASTS: Final = 5
"""Casts to whole numbers in each other."""
_WHOLE: Final = frozenset(("TINYINT", "SMALLINT", "INT", "BIGINT"))
_COPIED: Final = frozenset(("posexplode", "posexplode_outer"))
"""Functions whose argument comes to stand several times in the translation."""


def too_deep(span: Span) -> SqlProblem:
    """The error of a query that is nested deeper than can be translated."""
    return SqlProblem(
        "the query is too deeply nested",
        span=span,
        hint="cut it into several selects, each of them a table that the next one reads",
        code="UNSUPPORTED",
    )


def refuse_deep_nesting(tokens: list[Token], query: Text) -> None:
    """Refuse, by its words alone, a query that the parser could not parse."""
    if _is_flat(tokens):
        return
    kinds = _kinds()
    nesting = _Nesting()
    last_sign = -1
    for index, token in enumerate(tokens):
        kind = kinds.get(token.token_type)
        if kind is None or kind == "type":
            continue
        before = tokens[index - 1] if index else token
        after_type = kinds.get(before.token_type) == "type"
        if kind == "sign":
            nesting.signs = nesting.signs + 1 if index == last_sign + 1 else 1
            last_sign = index
        elif kind != "<" or after_type:  # else it compares
            row = nesting.closed_row + 1 if kind == "[" and kinds.get(before.token_type) == "]" else 0
            doubling = kind in ("(", "[") and (after_type or before.text.lower() in _COPIED)
            nesting.see(_Opened(kind, doubling, nesting.joins, row))
        if nesting.is_too_deep:
            raise too_deep(query.place(token.start, token.end + 1))
    nesting.end_of_part()
    if nesting.bare_joins > DOUBLING:
        raise SqlProblem(
            f"{nesting.bare_joins} joins have no condition",
            span=query.span,
            hint=f"write 'cross join' where none is meant; {DOUBLING} may do without",
            code="UNSUPPORTED",
        )


def _is_flat(tokens: list[Token]) -> bool:
    """Whether the query is not nested enough to look closer, which takes much longer."""
    from sqlglot.tokenizer_core import TokenType

    words = [token.token_type for token in tokens]
    steps = {TokenType.L_PAREN: 1, TokenType.L_BRACKET: 1, TokenType.L_BRACE: 1}
    steps |= {TokenType.R_PAREN: -1, TokenType.R_BRACKET: -1, TokenType.R_BRACE: -1}
    brackets = max(accumulate(map(steps.get, words, repeat(0))), default=0)
    if brackets > DOUBLING or words.count(TokenType.JOIN) > DOUBLING:
        return False
    others = words.count(TokenType.CASE)
    kinds = _kinds()
    named = list(map(kinds.get, words))
    others += sum(pair in (("sign", "sign"), ("type", "<"), ("]", "[")) for pair in pairwise(named))
    return brackets + others <= DEEPEST


@cache
def _signs() -> tuple[TokenType, ...]:
    from sqlglot.tokenizer_core import TokenType

    signs = (TokenType.NOT, TokenType.DASH, TokenType.PLUS, TokenType.TILDE, TokenType.INTERVAL)
    return (*signs, TokenType.PARAMETER)


@cache
def _kinds() -> dict[TokenType, str]:
    """The words that nest, by what they do."""
    from sqlglot.parser import Parser
    from sqlglot.tokenizer_core import TokenType

    kinds = dict.fromkeys(Parser.TYPE_TOKENS - {TokenType.INTERVAL, TokenType.NULL}, "type")
    kinds |= dict.fromkeys(_signs(), "sign")
    kinds |= {
        TokenType.L_PAREN: "(",
        TokenType.L_BRACKET: "[",
        TokenType.L_BRACE: "{",
        TokenType.R_PAREN: ")",
        TokenType.R_BRACKET: "]",
        TokenType.R_BRACE: "}",
        TokenType.LT: "<",
        TokenType.GT: ">",
        TokenType.CASE: "case",
        TokenType.END: "end",
        TokenType.SELECT: "select",
        TokenType.JOIN: "join",
        TokenType.CROSS: "no condition",
        TokenType.NATURAL: "no condition",
        TokenType.ON: "on",
        TokenType.USING: "on",
    }
    return kinds


_OPENED_BY: Final = {")": "(", "]": "[", "}": "{", ">": "<", "end": "case"}


@dataclass(frozen=True)
class _Opened:
    """A word that opens something, or any other; and what was before it.

    `doubling` tells that the parser tries in two ways what it opens, `joins` how many had no condition yet, `row`
    how many subscripts end directly before this one, each of which the parser reads inside the one before.
    """

    kind: str
    doubling: bool
    joins: int
    row: int


class _Nesting:
    """What is open at a token of a query."""

    def __init__(self) -> None:
        self._open: list[_Opened] = []
        self._doubling = 0
        self.joins = 0
        self.closed_row = 0
        self.signs = 0
        self.bare_joins = 0

    @property
    def is_too_deep(self) -> bool:
        row = self._open[-1].row if self._open else 0
        return len(self._open) + self.signs + row > DEEPEST or self._doubling > DOUBLING

    def see(self, word: _Opened) -> None:
        """Go on to a word."""
        self.signs = 0
        match word.kind:
            case "(" | "[" | "{" | "<" | "case":
                self._open.append(word)
                self._doubling += word.doubling
                self.joins = 0
            case "join":
                self.joins += 1
            case "on":
                self.joins = max(0, self.joins - 1)
            case "no condition":
                self.joins -= 1  # for the join that comes
            case "select":
                self.end_of_part()
            case _:
                self._close_to(_OPENED_BY[word.kind])

    def _close_to(self, opening: str) -> None:
        """Close the innermost such bracket, with what is open in it; nothing where there is none."""
        if opening in ("(", "[", "{"):
            while self._open and self._open[-1].kind in ("case", "<"):
                self._close()
        if self._open and self._open[-1].kind == opening:
            self._close()

    def _close(self) -> None:
        closed = self._open.pop()
        self.end_of_part()
        self._doubling -= closed.doubling
        self.joins = closed.joins
        self.closed_row = closed.row

    def end_of_part(self) -> None:
        """Count the joins that have no condition."""
        self.bare_joins = max(self.bare_joins, self.joins)
        self.joins = 0


def refuse_high_tree(levels: int, tree: exp.Expr, query: Text) -> None:
    """Refuse a tree, `levels` high, that DuckDB would not bind."""
    if levels <= HIGHEST:
        return
    from sqlglot import exp

    waiting: list[tuple[exp.Expr, int]] = [(tree, 0)]
    while waiting:
        node, height = waiting.pop()
        if height > HIGHEST:
            raise too_deep(query.span)
        for child in node.iter_expressions():
            # DuckDB has lists for chains of and, of or and of unions.
            in_list = type(child) is type(node) and isinstance(node, exp.Connector | exp.SetOperation)
            waiting.append((child, height + (not in_list)))


def refuse_nested_casts(casts: int, tree: exp.Expr, query: Text) -> None:
    """Refuse casts to whole numbers, of which the tree has at most `casts`, too deep inside each other.

    What such a cast is given comes to stand several times in the translation, and so on inside it; unless it is a
    whole number at once, by another cast.
    """
    if casts <= _CASTS:
        return
    from sqlglot import exp

    waiting: list[tuple[exp.Expr, int, bool]] = [(tree, 0, False)]
    while waiting:
        node, inside, given = waiting.pop()
        is_cast = _is_whole_cast(node)
        inside += is_cast and not given
        if inside > _CASTS:
            raise too_deep(query.span)
        given = is_cast or (given and isinstance(node, exp.Paren))
        waiting.extend((child, inside, given) for child in node.iter_expressions())


def _is_whole_cast(node: exp.Expr) -> bool:
    from sqlglot import exp

    if isinstance(node, exp.Cast):
        return node.to.this.name in _WHOLE
    return isinstance(node, exp.Anonymous) and node.name.upper() in _WHOLE
