"""Holding signals back while something goes on that must not be cut in two.

Python runs a signal's handler between any two steps of the main thread, and a handler that raises (Ctrl-C; SIGTERM
in the command line) leaves behind whatever was half done: a library half imported, a child process that nobody
knows yet, a query that goes on. Masking signals is not enough, since other threads of the process take them.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class HeldSignals:
    """What came while signals were held; `came` is the first one's number, or None."""

    def __init__(self) -> None:
        self.came: int | None = None
        self._handlers: dict[int, Any] = {}

    def hold(self) -> None:
        """Take note of signals instead of handling them. Does nothing outside the main thread."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _NUMBERS:
            handler = signal.getsignal(number)
            if callable(handler):
                self._handlers[number] = handler
                signal.signal(number, self._note)

    def release(self) -> None:
        """Handle signals as before."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def deliver(self) -> None:
        """Handle the signal that came, now: its handler may raise."""
        if self.came is not None:
            self._handlers[self.came](self.came, None)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.came is None:
            self.came = number


@contextmanager
def held_signals() -> Iterator[HeldSignals]:
    """Hold signals during the block; one that came is handled when it has ended."""
    held = HeldSignals()
    try:
        held.hold()
        yield held
    finally:
        held.release()
    held.deliver()
