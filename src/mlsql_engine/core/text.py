"""A piece of a script's text with the knowledge of where each character came from."""

from __future__ import annotations

from dataclasses import dataclass

from mlsql_engine.core.span import Span


@dataclass(frozen=True)
class Piece:
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
        first, last = self._origin(start), self._origin(max(start, end - 1))
        return Span(self.span.source, first[0], max(first[0] + 1, last[1]))

    def _origin(self, offset: int) -> tuple[int, int]:
        """The source characters, from and to, that the character at `offset` came from."""
        chosen = self.pieces[0]
        for piece in self.pieces:
            if piece.offset > offset:
                break
            chosen = piece
        if chosen.length is not None:
            return chosen.start, chosen.start + chosen.length
        start = chosen.start + offset - chosen.offset
        return start, start + 1

    def __str__(self) -> str:
        return self.value
