"""What is wrong with a query's text, in words that are not sqlglot's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlsql_engine.core.errors import MlsqlError, SqlProblem, SyntaxProblem
from mlsql_engine.core.text import Text

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token

_AFTER_A_VALUE = ("COMMA", "FROM", "R_PAREN", "R_BRACKET", "WHERE", "GROUP_BY", "HAVING", "ORDER_BY", "LIMIT")
_QUOTES = re.compile(r"""--[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`[^`]*`""", re.DOTALL)
_OPENINGS = {"'": "text", '"': "text", "`": "name", "/*": "comment"}


def unfinished(query: Text) -> SyntaxProblem:
    """The query has a quote or a comment that is not closed: what else could not be cut into words?"""
    rest = _QUOTES.sub(lambda found: " " * len(found.group()), query.value)
    opening = re.search(r"/\*|['\"`]", rest)
    if opening is None:
        return SyntaxProblem("the query cannot be read", span=query.span)
    return SyntaxProblem(
        f"the {_OPENINGS[opening.group()]} that starts here has no end",
        span=query.place(opening.start(), opening.end()),
    )


_NO_KEYWORD = re.compile(r"Required keyword: '\w+' missing")
_EXPECTED = re.compile(r"Expecting (\S+)$")
_TOO_MANY = re.compile(r"number of provided arguments \((\d+)\) is greater than .* \((\d+)\)")


def problem(error: Any, query: Text) -> MlsqlError:
    """sqlglot's complaint, placed in the script."""
    first = error.errors[0] if error.errors else {}
    description = str(first.get("description") or error).rstrip(".")
    line, column = first.get("line"), first.get("col")
    start, end = 0, len(query.value)
    if line and column and first.get("highlight"):
        # `col` counts to the end of the offending token.
        end = sum(len(item) + 1 for item in query.value.split("\n")[: line - 1]) + column
        start = max(0, end - len(str(first["highlight"])))
    span, word = query.place(start, end), query.value[start:end]
    call = _call_before(query.value, end) if word == ")" else None
    found = _TOO_MANY.search(description)
    if call is not None and found:
        given, most = map(int, found.groups())
        return SqlProblem(
            f"{call.group()} takes {most} argument{'' if most == 1 else 's'}, not {given}",
            span=query.place(*call.span()),
        )
    if call is not None and _NO_KEYWORD.search(description) and query.value[call.end() : end].strip("( ") == ")":
        return SqlProblem(f"{call.group()} needs arguments", span=query.place(*call.span()))
    found = _EXPECTED.search(description)
    if found:
        what = f"expected '{found.group(1)}'"
    elif "Expected TYPE" in description:
        what = f"there is no type '{word}'"
    elif _NO_KEYWORD.search(description):
        what = "something is missing after this"
    else:
        what = f"'{word}' is not expected here" if "\n" not in word and len(word) < 40 else "it cannot be read"
    return SyntaxProblem(f"the query is not Spark SQL: {what}", span=span)


def closing_bracket(text: str, start: int) -> int | None:
    """The place behind the bracket that closes the one at `start`; None where none does."""
    depth = 0
    blanked = _QUOTES.sub(lambda found: "x" * len(found.group()), text)
    for position in range(start, len(blanked)):
        depth += {"(": 1, ")": -1}.get(blanked[position], 0)
        if depth == 0:
            return position + 1
    return None


def _call_before(text: str, end: int) -> re.Match[str] | None:
    """The function's name of the call whose closing bracket ends at `end`."""
    depth = 0
    blanked = _QUOTES.sub(lambda found: "x" * len(found.group()), text)
    for position in range(end - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(blanked[position], 0)
        if depth == 0:
            return re.compile(r"\w+(?=\s*\Z)").search(blanked[:position])
    return None


def refuse_empty_items(tokens: list[Token], query: Text) -> None:
    """Refuse a comma without a value before or after it, which sqlglot passes over."""
    from sqlglot.tokenizer_core import TokenType

    before_a_value = (TokenType.SELECT, TokenType.L_PAREN, TokenType.L_BRACKET)
    after_a_value = frozenset(getattr(TokenType, name) for name in _AFTER_A_VALUE)
    comma = TokenType.COMMA
    for index, token in enumerate(tokens):
        if token.token_type is not comma:
            continue
        before = tokens[index - 1].token_type if index else TokenType.SELECT
        after = tokens[index + 1].token_type if index + 1 < len(tokens) else TokenType.LIMIT
        place = None
        if before in before_a_value:
            place = token
        elif after in after_a_value:
            place = tokens[index + 1] if index + 1 < len(tokens) else token
        if place is not None:
            what = "a value" if _inside_brackets(tokens[:index]) else "a column"
            raise SyntaxProblem(
                f"the query is not Spark SQL: {what} is missing here",
                span=query.place(place.start, place.end + 1),
            )


def _inside_brackets(tokens: list[Token]) -> bool:
    """Whether the innermost bracket that is open after the tokens is not that of a subquery."""
    depth = 0
    for index in range(len(tokens) - 1, -1, -1):
        name = tokens[index].token_type.name
        depth += {"R_PAREN": 1, "R_BRACKET": 1, "L_PAREN": -1, "L_BRACKET": -1}.get(name, 0)
        if depth < 0:
            return index + 1 == len(tokens) or tokens[index + 1].token_type.name not in ("SELECT", "WITH")
    return False
