"""What a training printed, kept beside its model."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import Final

LONGEST: Final = 16 << 20
"""In characters: a script that prints more loses the rest, and its log says so."""


class LogFile:
    """A file of lines; a context manager. Lines that come after it was closed are dropped."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8", errors="replace")
        self._left = LONGEST
        self._lock = threading.Lock()

    def write(self, line: str) -> None:
        """Add a line; safe for several threads."""
        with self._lock:
            if self._left <= 0 or self._file.closed:
                return
            self._left -= len(line) + 1
            self._file.write(line + "\n" if self._left > 0 else "… (what was printed later is not kept)\n")

    def __enter__(self) -> LogFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._file.close()
