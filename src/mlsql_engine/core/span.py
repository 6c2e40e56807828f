"""Where in a script something was written."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mlsql_engine.core.secrets import hide_secrets

if TYPE_CHECKING:
    from mlsql_engine.core.reach import Reach


@dataclass(frozen=True)
class Source:
    """A script's text, under the name that errors show; `folder` is what its relative paths start from.

    `reach` is what it may name, None: anything.
    """

    name: str
    text: str = field(repr=False)
    folder: Path = field(default_factory=Path.cwd)
    reach: Reach | None = field(default=None, repr=False)

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        starts.extend(index + 1 for index, char in enumerate(self.text) if char == "\n")
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character offset, both counted from 1."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line_text(self, line: int) -> str:
        """The text of a line (counted from 1), without its line break."""
        start = self._line_starts[line - 1]
        end = self._line_starts[line] - 1 if line < len(self._line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r")


@dataclass(frozen=True)
class Span:
    """Characters `start` (included) to `end` (excluded) of a source."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def part(self, start: int, end: int) -> Span:
        """The characters `start` to `end` of this span, kept inside it."""
        first = min(self.start + start, self.end)
        return Span(self.source, first, max(first, min(self.start + end, self.end)))

    def render(self) -> str:
        """The place as `name:line:column`, the line without its secrets, and carets under what is meant."""
        line, column = self.source.position(self.start)
        text = hide_secrets(self.source.line_text(line))
        shown, lead = _clip(text, column - 1)
        width = max(1, min(self.end - self.start, len(text) - column + 1, len(shown) - lead))
        number = str(line)
        gutter = " " * len(number)
        # A tab takes as many columns in the caret line as it does in the line above.
        pad = "".join("\t" if char == "\t" else " " for char in shown[:lead])
        return "\n".join(
            [
                f"{gutter}--> {self.source.name}:{line}:{column}",
                f"{gutter} |",
                f"{number} | {shown}",
                f"{gutter} | {pad}{'^' * width}",
            ]
        )


_WIDEST_LINE = 160


def _clip(text: str, index: int) -> tuple[str, int]:
    """A window of a very long line that holds `index`, and where `index` is in it."""
    if len(text) <= _WIDEST_LINE:
        return text, index
    start = max(0, index - _WIDEST_LINE // 2)
    end = start + _WIDEST_LINE
    head = "…" if start else ""
    tail = "…" if end < len(text) else ""
    return f"{head}{text[start:end]}{tail}", index - start + len(head)
