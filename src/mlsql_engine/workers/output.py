"""What a worker process prints: told line by line while it runs, its tail kept."""

from __future__ import annotations

import select
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
        self._changed = threading.Condition()
        self._descriptor: int | None = descriptor
        self._thread = threading.Thread(target=self._pump, args=(descriptor,), name="mlsql-output", daemon=True)
        self._thread.start()

    def tail(self) -> str:
        """The last lines, at most 50 of them and 8,000 characters."""
        with self._changed:
            return "\n".join(self._lines)[-_TAIL_CHARACTERS:]

    def catch_up(self, timeout: float) -> None:
        """Wait until what was printed so far has been read, or the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: not self._has_more(), timeout)

    def _has_more(self) -> bool:
        return self._descriptor is not None and bool(_readable(self._descriptor).poll(0))

    def finish(self, timeout: float) -> None:
        """Wait until everything that was printed has been told, or the time is over.

        A process that the script left behind may hold the pipe open: then the rest is not waited for.
        """
        self._thread.join(timeout)

    def _pump(self, descriptor: int) -> None:
        rest = b""
        with open(descriptor, "rb", buffering=0) as pipe:
            readable, more = _readable(descriptor), True
            while more:
                readable.poll()
                with self._changed:
                    chunk = pipe.read(1 << 16)
                    more = bool(chunk)
                    *lines, rest = (rest + chunk).split(b"\n")
                    while len(rest) > _LONGEST_LINE:
                        lines.append(rest[:_LONGEST_LINE])
                        rest = rest[_LONGEST_LINE:]
                    if not more:
                        self._descriptor = None
                        lines += [rest] if rest else []
                    shown = [_shown(line) for line in lines]
                    self._lines.extend(shown)
                    self._changed.notify_all()
                for line in shown:
                    self._pass_on(line)

    def _pass_on(self, line: str) -> None:
        if self._told:
            try:
                self._tell(line)
            except Exception:  # noqa: BLE001 - whoever listens is broken; the script must not be
                self._told = False


def _readable(descriptor: int) -> select.poll:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return poll


def _shown(raw: bytes) -> str:
    """A line as it is kept."""
    # A progress bar rewrites its line by carriage returns; its last state is what counts.
    return raw.rstrip(b"\r").rpartition(b"\r")[2].decode("utf-8", "replace")
