"""Cuts a script at the semicolons that are not inside a string, a quoted name or a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mlsql_engine.core.errors import SyntaxProblem
from mlsql_engine.core.span import Source, Span

# Every character can be matched in one way only, so that the scan is linear whatever the text. (Possessive
# repetition would say so, but early Pythons 3.11 match a possessive group with a lookahead in it wrongly.)
_TOKEN = re.compile(
    r"""
      (?P<comment> --[^\n]* | /\*[^*]*\*+(?:[^/*][^*]*\*+)*/ )
    | (?P<string>
          '''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''
        | \"\"\"[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*\"\"\"
        | '(?!'')[^'\\]*(?:\\.[^'\\]*)*'
        | "(?!"")[^"\\]*(?:\\.[^"\\]*)*"
      )
    | (?P<name> `[^`]*` )
    | (?P<end> ; )
    | (?P<open> '''|\"\"\"|'|"|`|/\* )
    """,
    re.VERBOSE | re.DOTALL,
)

_FILLER = {"comment": " ", "string": "\0"}
_OPENED = {
    "'": "a string",
    '"': "a string",
    "'''": "a block string",
    '"""': "a block string",
    "`": "a quoted name",
    "/*": "a comment",
}


@dataclass(frozen=True)
class Chunk:
    """The text of one statement, without its semicolon.

    `masked` is the same text, just as long, with comments blanked out and strings filled with NUL, so that
    what it shows is code.
    """

    span: Span
    masked: str

    @property
    def text(self) -> str:
        return self.span.text


def chunks(source: Source) -> Iterator[Chunk]:
    """The statements of a script in order.

    Raises SyntaxProblem for a string, name or comment that never ends, and for a last statement that has no
    semicolon.
    """
    text = source.text
    start = 0
    masked: list[str] = []
    position = 0
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "comment" | "string":
                masked.append(text[position : token.start()])
                masked.append(_FILLER[token.lastgroup] * (token.end() - token.start()))
                position = token.end()
            case "open":
                raise _unclosed(source, token)
            case "end":
                masked.append(text[position : token.start()])
                chunk = _chunk(source, start, "".join(masked))
                if chunk is not None:
                    yield chunk
                start = position = token.end()
                masked = []
    masked.append(text[position:])
    rest = _chunk(source, start, "".join(masked))
    if rest is not None:
        end = rest.span.end
        raise SyntaxProblem(
            "the last statement has no ';'",
            span=Span(source, max(end - 1, 0), end),
            hint="every statement ends with ';'",
        )


def _chunk(source: Source, start: int, masked: str) -> Chunk | None:
    """The statement without the blanks and comments around it; None where there is nothing else."""
    stripped = masked.strip()
    if not stripped:
        return None
    first = start + len(masked) - len(masked.lstrip())
    return Chunk(Span(source, first, first + len(stripped)), stripped)


def _unclosed(source: Source, token: re.Match[str]) -> SyntaxProblem:
    opener = token.group()
    closer = "*/" if opener == "/*" else opener
    return SyntaxProblem(
        f"{_OPENED[opener]} starts here and never ends",
        span=Span(source, token.start(), token.end()),
        hint=f"close it with {closer}",
    )
