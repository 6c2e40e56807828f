"""What a worker process prints: told line by line while it runs, its tail kept."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

_TAIL_LINES = 50
_TAIL_CHARACTERS = 8_000
_LONGEST_LINE = 16_384


class Output:
    """Reads a pipe in a thread of its own, so that a worker never waits for anybody to read."""

    def __init__(self, descriptor: int, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told = True
        self._lines: deque[str] = deque(maxlen=_TAIL_LINES)
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._pump, args=(descriptor,), name="mlsql-output", daemon=True)
        self._thread.start()

    def tail(self) -> str:
        """The last lines, at most 50 of them and 8,000 characters."""
        with self._lock:
            return "\n".join(self._lines)[-_TAIL_CHARACTERS:]

    def finish(self, timeout: float) -> None:
        """Wait until everything that was printed has been told, or the time is over.

        A process that the script left behind may hold the pipe open: then the rest is not waited for.
        """
        self._thread.join(timeout)

    def _pump(self, descriptor: int) -> None:
        rest = b""
        with open(descriptor, "rb", buffering=0) as pipe:
            while chunk := pipe.read(1 << 16):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._line(line)
                while len(rest) > _LONGEST_LINE:
                    self._line(rest[:_LONGEST_LINE])
                    rest = rest[_LONGEST_LINE:]
        if rest:
            self._line(rest)

    def _line(self, raw: bytes) -> None:
        # A progress bar rewrites its line by carriage returns; its last state is what counts.
        line = raw.rstrip(b"\r").rpartition(b"\r")[2].decode("utf-8", "replace")
        with self._lock:
            self._lines.append(line)
        if self._told:
            try:
                self._tell(line)
            except Exception:  # noqa: BLE001 - whoever listens is broken; the script must not be
                self._told = False
