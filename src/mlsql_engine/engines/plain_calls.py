"""Which words of a query call a function, told by its tokens alone.

sqlglot parses a call by rules of its own for the name. A call whose name it has no rule for stays what it is, so
calls are renamed before it sees them: those of the session's functions, and all when names are wanted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token, TokenType

_PLAIN: Final = "mlsql_plain_call"
_WITH_KEYWORDS: Final = {"FROM", "IN", "PLACING", "AS", "FOR", "SELECT", "WITH"}
_NEVER_PLAIN: Final = frozenset(
    {"all", "and", "as", "case", "cast", "char", "cube", "dec", "decimal", "distinct", "in", "interval", "not"}
    | {"numeric", "on", "or", "over", "rollup", "select", "struct", "table", "try_cast", "using", "values"}
    | {"varchar", "with"}
)


def plain(tokens: list[Token], query: str, own: Collection[str] = ()) -> Iterator[Token]:
    """Calls under a name of no meaning, and literals without the cast of their suffix (1L, 2.0D).

    `own` are the session's functions in lower case, whose names may be words of the language.
    """
    from sqlglot.tokenizer_core import TokenType

    calls = set(call_places(tokens))
    with_keywords = _brackets_with_keywords(tokens) if calls else frozenset()
    suffix = TokenType.DCOLON
    skip = False
    for index, token in enumerate(tokens):
        if skip:
            skip = False
        elif index in calls and _is_plain(token.text.lower(), index + 1 in with_keywords, own):
            yield _renamed(token, _PLAIN)
        elif token.token_type is suffix and query[token.start : token.start + 1] != ":":
            skip = True
        else:
            yield token


def _is_plain(name: str, with_keywords: bool, own: Collection[str]) -> bool:
    """Whether the call reads the same when its name is another."""
    return name in own or (name not in _NEVER_PLAIN and not with_keywords)


def _brackets_with_keywords(tokens: list[Token]) -> set[int]:
    """The opening brackets that have a keyword directly inside, which belongs to the function before them."""
    from sqlglot.tokenizer_core import TokenType

    opening, closing, string = TokenType.L_PAREN, TokenType.R_PAREN, TokenType.STRING
    found: set[int] = set()
    opened: list[int] = []
    for index, token in enumerate(tokens):
        kind = token.token_type
        if kind is opening:
            opened.append(index)
        elif not opened:
            continue
        elif kind is closing:
            opened.pop()
        elif kind is not string and token.text.upper() in _WITH_KEYWORDS:
            found.add(opened[-1])
    return found


def with_functions(tokens: list[Token], calls: Iterable[int], functions: Mapping[str, str | None]) -> list[Token]:
    """Give the session's functions, by their names in lower case, their names in the engine.

    The parser has no rule for those. `calls` are the places of all calls.
    """
    renamed = list(tokens)
    for index in calls:
        name = functions.get(tokens[index].text.lower())
        if name is not None:
            renamed[index] = _renamed(tokens[index], name)
    return renamed


def without_types(tokens: list[Token], calls: Iterable[int]) -> list[Token]:
    """Calls of functions that are called like types (`struct(a)`, `date(b)`) as calls of any other name.

    The same tree comes of it, but the parser would first read each of them as a type, and all inside it twice.
    """
    types, sized, before = _words_of_types(), _words_of_sized_types(), _before_types()
    renamed = list(tokens)
    for index in calls:
        kind = tokens[index].token_type
        if kind in types and not (kind in sized and tokens[index - 1].token_type in before):
            renamed[index] = _renamed(tokens[index], tokens[index].text)
    return renamed


@cache
def _words_of_types() -> frozenset[TokenType]:
    from sqlglot.parser import Parser
    from sqlglot.tokenizer_core import TokenType

    return frozenset(Parser.TYPE_TOKENS) - {TokenType.INTERVAL, TokenType.NULL, TokenType.VAR, TokenType.IDENTIFIER}


@cache
def _words_of_sized_types() -> frozenset[TokenType]:
    """Types that can have a bracket after them: `decimal(10, 2)`."""
    from sqlglot.tokenizer_core import TokenType

    kinds = TokenType
    times = (kinds.TIME, kinds.TIMESTAMP, kinds.TIMESTAMPTZ, kinds.TIMESTAMPLTZ, kinds.TIMESTAMPNTZ)
    return frozenset((kinds.DECIMAL, kinds.CHAR, kinds.NCHAR, kinds.VARCHAR, kinds.NVARCHAR, *times))


@cache
def _before_types() -> frozenset[TokenType]:
    """What stands before the inner types of array<…>, map<…, …> and struct<a: …>."""
    from sqlglot.tokenizer_core import TokenType

    return frozenset((TokenType.LT, TokenType.COMMA, TokenType.COLON))


def _renamed(token: Token, name: str) -> Token:
    from sqlglot.tokenizer_core import Token, TokenType

    return Token(TokenType.VAR, name, token.line, token.col, token.start, token.end, token.comments)


def call_places(tokens: list[Token]) -> list[int]:
    """Where the names of calls stand, that are no words of the language's own."""
    from sqlglot.tokenizer_core import TokenType

    kinds = [token.token_type for token in tokens]
    opening, var, not_after = TokenType.L_PAREN, TokenType.VAR, _no_call_after()
    return [
        index
        for index, after in enumerate(kinds[1:])
        if after is opening
        and index
        and (
            kinds[index - 1] not in not_after
            if kinds[index] is var
            else _may_be_call(tokens, kinds, index) and not _is_syntax(kinds, index)
        )
    ]


@cache
def _no_call_after() -> frozenset[TokenType]:
    """After these comes an operator, an alias, a type, or a bracket with the columns of an alias."""
    from sqlglot.tokenizer_core import TokenType

    return frozenset(
        (
            TokenType.VAR,
            TokenType.IDENTIFIER,
            TokenType.STRING,
            TokenType.NUMBER,
            TokenType.R_PAREN,
            TokenType.R_BRACKET,
            TokenType.END,
            TokenType.NULL,
            TokenType.TRUE,
            TokenType.FALSE,
            TokenType.ALIAS,
            TokenType.DCOLON,
            TokenType.WITH,
            TokenType.RECURSIVE,
        )
    )


def _may_be_call(tokens: list[Token], kinds: list[TokenType], index: int) -> bool:
    """Whether the token, which a bracket follows, is a word where an expression can start."""
    from sqlglot.tokenizer_core import TokenType

    kind = kinds[index]
    if kind is TokenType.STRING or not re.match(r"\w", tokens[index].text):
        return kind is TokenType.IDENTIFIER
    return kinds[index - 1] not in _no_call_after()


def _is_syntax(kinds: list[TokenType], index: int) -> bool:
    """Whether the word is one of the language's own here, which no function of that name can replace."""
    from sqlglot.tokenizer_core import TokenType

    kind, before = kinds[index], kinds[index - 1]
    if kind in (TokenType.EXISTS, TokenType.ANY, TokenType.SOME):
        after = kinds[index + 2] if index + 2 < len(kinds) else None
        return after in (TokenType.SELECT, TokenType.WITH)
    if kind is TokenType.VALUES:
        return before in (TokenType.FROM, TokenType.JOIN, TokenType.L_PAREN)
    return kind in (TokenType.SELECT, TokenType.NOT, TokenType.DISTINCT)
