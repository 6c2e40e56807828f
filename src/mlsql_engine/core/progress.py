"""What a user is told while a statement runs: notes, warnings, and the scripts' own output."""

from __future__ import annotations

import sys
import threading
from typing import Protocol, TextIO


class Progress(Protocol):
    """Where a session tells how it goes. Called from several threads."""

    def note(self, text: str) -> None:
        """Something has begun, moved on or ended."""

    def warn(self, code: str, text: str) -> None:
        """Something the user should know; each code and text is told once in a session."""

    def output(self, who: str, line: str) -> None:
        """A line that a user's script printed; `who` says which."""


class SilentProgress:
    """Tells nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def warn(self, code: str, text: str) -> None:
        """Nothing."""

    def output(self, who: str, line: str) -> None:
        """Nothing."""


class StreamProgress:
    """Writes lines to a stream, standard error unless another is given."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._told: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def note(self, text: str) -> None:
        """Write the note."""
        self._write(text)

    def warn(self, code: str, text: str) -> None:
        """Write the warning, once."""
        with self._lock:
            if (code, text) in self._told:
                return
            self._told.add((code, text))
        self._write(f"warning[{code}]: {text}")

    def output(self, who: str, line: str) -> None:
        """Write the line behind the name of its script."""
        self._write(f"{who} | {line}")

    def _write(self, line: str) -> None:
        # sys.stderr is looked up at each line: a notebook or a test may have put another in its place.
        stream = self._stream or sys.stderr
        if stream is None:
            return  # standard error is closed
        with self._lock:
            try:
                stream.write(line + "\n")
                stream.flush()
            except (OSError, ValueError):
                return  # nobody listens any more; the work goes on
