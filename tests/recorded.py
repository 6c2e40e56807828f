"""A Progress that remembers, for assertions."""

from __future__ import annotations


class RecordedProgress:
    """What was told, in order; a warning is told once, as by StreamProgress."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.warnings: list[tuple[str, str]] = []
        self.lines: list[tuple[str, str]] = []

    def note(self, text: str) -> None:
        """Remember."""
        self.notes.append(text)

    def warn(self, code: str, text: str) -> None:
        """Remember, once."""
        if (code, text) not in self.warnings:
            self.warnings.append((code, text))

    def output(self, who: str, line: str) -> None:
        """Remember."""
        self.lines.append((who, line))
