"""A named pipe by which processes tell that they have come, and, by their end, that they have gone."""

from __future__ import annotations

import os
import select
from pathlib import Path

SECONDS = 60.0


class Pipe:
    """What processes write to the file at a path; waiting for them has a limit."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def text(self) -> str:
        """What is written next."""
        text = self._read()
        assert text, "it was closed and nothing written"
        return text

    def assert_gone(self) -> None:
        """Wait until no process has it open any more, and none has written."""
        assert self._read() == ""

    def close(self) -> None:
        os.close(self._descriptor)

    def _read(self) -> str:
        ready, _, _ = select.select([self._descriptor], [], [], SECONDS)
        assert ready, f"nothing happens at {self.path}"
        return os.read(self._descriptor, 4096).decode()
