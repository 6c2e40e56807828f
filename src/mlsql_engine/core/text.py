"""A piece of a script's text with the knowledge of where each character came from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from mlsql_engine.core.span import Span


class Piece(NamedTuple):
    """From `offset` of the text on, characters come from `start` of the source.

    `length` is None for a literal run (character by character), else the length of the `${…}` that the
    whole run stands for.
    """

    offset: int
    start: int
    length: int | None = None


@dataclass(frozen=True)
class Text:
    """A value written in a script: a name, an option's value, a path, a query.

    `span` is the whole of it as written, with its quotes; `value` is without them. `quoted` tells
    `"1"` from `1` and `` `a` `` from `a`.
    """

    value: str
    span: Span
    pieces: tuple[Piece, ...]
    quoted: bool = False

    @classmethod
    def literal(cls, value: str, span: Span, start: int | None = None, *, quoted: bool = False) -> Text:
        """Text that stands in the source as it is, its first character at `start` (default: the span's)."""
        return cls(value, span, (Piece(0, span.start if start is None else start),), quoted)

    def place(self, start: int, end: int) -> Span:
        """Where in the script the characters `start` to `end` of the value were written."""
        first, length = self.origin(start)
        last, last_length = (first, length) if end <= start + 1 else self.origin(end - 1)
        return Span(self.span.source, first, max(first + 1, last + (last_length or 1)))

    def origin(self, offset: int) -> tuple[int, int | None]:
        """Where in the source the character at `offset` stands, and the length of the `${…}` that it came from."""
        piece = self.pieces[max(0, bisect_right(self._offsets, offset) - 1)]
        if piece.length is not None:
            return piece.start, piece.length
        return piece.start + offset - piece.offset, None

    @cached_property
    def _offsets(self) -> list[int]:
        return [piece.offset for piece in self.pieces]

    def runs(self, start: int, end: int) -> list[tuple[int, int]]:
        """`start` to `end` cut where the text's own pieces begin: what lies between has one origin."""
        first, last = bisect_right(self._offsets, start), bisect_left(self._offsets, end)
        return list(pairwise([start, *self._offsets[first:last], end]))

    def part(self, start: int, end: int) -> Text:
        """The characters `start` to `end`, without the blanks around them, as a text of their own."""
        value = self.value[start:end]
        start += len(value) - len(value.lstrip())
        value = value.strip()
        if not value:
            return Text.literal("", Span(self.span.source, self.span.start, self.span.start))
        end = start + len(value)
        pieces = [Piece(first - start, *self.origin(first)) for first, _ in self.runs(start, end)]
        return Text(value, self.place(start, end), tuple(pieces))

    def between(self, head: str, tail: str) -> Text:
        """The text between two others, which stand for its first and its last character."""
        first, last = self.place(0, 1), self.place(max(0, len(self.value) - 1), len(self.value))
        pieces = [
            Piece(0, first.start, 1),
            *(Piece(piece.offset + len(head), piece.start, piece.length) for piece in self.pieces),
            Piece(len(head) + len(self.value), last.start, 1),
        ]
        return Text(head + self.value + tail, self.span, tuple(pieces))

    def __str__(self) -> str:
        return self.value
