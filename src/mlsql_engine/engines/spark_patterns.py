"""Patterns that Spark takes from Java, in DuckDB's words: of times, of format strings, of replacements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final

_PIECES: Final = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+", re.DOTALL)
_WRITTEN: Final = {
    "y": "%Y",
    "yy": "%y",
    "yyy": "%Y",
    "yyyy": "%Y",
    "M": "%-m",
    "L": "%-m",
    "MM": "%m",
    "LL": "%m",
    "MMM": "%b",
    "LLL": "%b",
    "MMMM": "%B",
    "LLLL": "%B",
    "d": "%-d",
    "dd": "%d",
    "D": "%-j",
    "DDD": "%j",
    "E": "%a",
    "EE": "%a",
    "EEE": "%a",
    "EEEE": "%A",
    "a": "%p",
    "h": "%-I",
    "hh": "%I",
    "H": "%-H",
    "HH": "%H",
    "m": "%-M",
    "mm": "%M",
    "s": "%-S",
    "ss": "%S",
    "X": "Z",
    "XX": "Z",
    "XXX": "Z",
    "x": "+00",
    "xx": "+0000",
    "xxx": "+00:00",
    "z": "UTC",
    "zz": "UTC",
    "zzz": "UTC",
    "VV": "UTC",
    "Z": "+0000",
    "ZZ": "+0000",
    "ZZZ": "+0000",
}
_READ: Final = {
    **{letters: sign for letters, sign in _WRITTEN.items() if sign.startswith("%")},
    **dict.fromkeys(("X", "XX", "XXX", "x", "xx", "xxx", "Z"), "%z"),
}
_NO_FORMAT: Final = {
    "Q": "quarter",
    "q": "quarter",
    "k": "hour from 1",
    "K": "hour from 0",
    "S": "fraction",
}


class UnknownLetters(ValueError):
    """A pattern has letters that cannot be had; they are its only argument."""


def _pieces(pattern: str) -> Iterator[tuple[str, str]]:
    """The pieces of a pattern: ("text", what it says) or ("letters", a run of one letter).

    Raises UnknownLetters where a quote has no end.
    """
    position = 0
    while position < len(pattern):
        found = _PIECES.match(pattern, position)
        if found is None:
            raise UnknownLetters(pattern[position:])
        position = found.end()
        if found.group(2):
            yield "letters", found.group()
        elif found.group(1) is not None:
            yield "text", found.group(1).replace("''", "'") or "'"
        else:
            yield "text", found.group()


def parsing_format(pattern: str) -> str:
    """The pattern for DuckDB's strptime. Raises UnknownLetters."""
    written = []
    for kind, piece in _pieces(pattern):
        if kind == "text":
            written.append(piece.replace("%", "%%"))
        elif piece[0] == "S":
            written.append("%f")
        elif piece in _READ:
            written.append(_READ[piece])
        else:
            raise UnknownLetters(piece)
    return "".join(written)


def writing_parts(pattern: str) -> list[tuple[str, str]]:
    """The parts of a text: ("format", for strftime), ("fraction", digits), ("quarter", its number of letters) …

    Raises UnknownLetters.
    """
    parts: list[tuple[str, str]] = []
    for kind, piece in _pieces(pattern):
        if kind == "text":
            parts.append(("format", piece.replace("%", "%%")))
        elif piece in _WRITTEN:
            parts.append(("format", _WRITTEN[piece]))
        elif piece in ("Q", "q", "QQ", "qq"):
            parts.append(("quarter", str(len(piece))))
        elif piece in ("k", "kk", "K", "KK"):
            parts.append((piece[0], str(len(piece))))
        elif piece[0] == "S" and len(piece) <= 9:
            parts.append(("fraction", str(len(piece))))
        elif piece == "DD":
            raise UnknownLetters(piece)
        else:
            raise UnknownLetters(piece)
    return [
        part
        for kind, group in groupby(parts, key=lambda part: part[0])
        for part in ([("format", "".join(text for _, text in group))] if kind == "format" else group)
    ]


_GROUP: Final = re.compile(r"\\(.)|\$(\d)|\$\{(\w+)\}", re.DOTALL)


def replacement(text: str) -> str:
    """What stands in the place of a match: Java's $1 is DuckDB's \\1, a sign after a backslash is itself."""

    def sign(found: re.Match[str]) -> str:
        if found.group(2):
            return f"\\{found.group(2)}"
        if found.group(3):
            raise UnknownLetters(found.group())
        return found.group(1).replace("\\", "\\\\")

    return _GROUP.sub(sign, text)


_FORMAT: Final = re.compile(r"%(?:(\d+)\$)?[-+ 0,#(]*\d*(?:\.\d+)?([a-zA-Z%])")
_KINDS: Final = {"s": "varchar", "d": "bigint", "x": "bigint", "X": "bigint", "o": "bigint", "c": "varchar"}


def format_types(pattern: str) -> list[str]:
    """The types that a format string takes, in order. Raises UnknownLetters for what DuckDB's printf lacks."""
    types = []
    for found in _FORMAT.finditer(pattern):
        kind = found.group(2)
        if kind == "%":
            continue
        if found.group(1) or kind not in "sdxXofeEgG":
            raise UnknownLetters(found.group())
        types.append(_KINDS.get(kind, "double"))
    return types
