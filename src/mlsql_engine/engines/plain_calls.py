"""Which words of a query call a function, told by its tokens alone.

sqlglot parses a call by rules of its own for the name. A call whose name it has no rule for stays what it is, so
calls are renamed before it sees them: those of the session's functions, and all when names are wanted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token

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
    from sqlglot.tokenizer_core import Token, TokenType

    skip = 0
    for index, token in enumerate(tokens):
        if skip:
            skip -= 1
        elif token.token_type == TokenType.DCOLON and query[token.start : token.start + 1] != ":":
            skip = 1
        elif _is_plain_call(tokens, index, own):
            yield Token(TokenType.VAR, _PLAIN, token.line, token.col, token.start, token.end, token.comments)
        else:
            yield token


def _is_plain_call(tokens: list[Token], index: int, own: Collection[str]) -> bool:
    name = tokens[index].text.lower()
    if not may_be_call(tokens, index) or is_syntax(tokens, index):
        return False
    if name in own or name in _NEVER_PLAIN:
        return name in own
    depth = 0
    for token in tokens[index + 1 :]:
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.token_type.name.endswith("PAREN") else 0
        if depth == 0:
            return True
        if depth == 1 and token.token_type.name != "STRING" and token.text.upper() in _WITH_KEYWORDS:
            return False
    return True


def may_be_call(tokens: list[Token], index: int) -> bool:
    """Whether the token is a word before a bracket where an expression can start."""
    from sqlglot.tokenizer_core import TokenType

    # After these comes an operator, an alias, a type, or a bracket with the columns of an alias.
    no_call_after = (
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
    token = tokens[index]
    if index == 0 or index + 1 == len(tokens) or tokens[index + 1].token_type != TokenType.L_PAREN:
        return False
    if token.token_type == TokenType.STRING or not re.match(r"\w", token.text):
        return token.token_type == TokenType.IDENTIFIER
    return tokens[index - 1].token_type not in no_call_after


def is_syntax(tokens: list[Token], index: int) -> bool:
    """Whether the word is one of the language's own here, which no function of that name can replace."""
    from sqlglot.tokenizer_core import TokenType

    kind, before = tokens[index].token_type, tokens[index - 1].token_type
    if kind in (TokenType.EXISTS, TokenType.ANY, TokenType.SOME):
        after = tokens[index + 2].token_type if index + 2 < len(tokens) else None
        return after in (TokenType.SELECT, TokenType.WITH)
    if kind == TokenType.VALUES:
        return before in (TokenType.FROM, TokenType.JOIN, TokenType.L_PAREN)
    return kind in (TokenType.SELECT, TokenType.NOT, TokenType.DISTINCT)
