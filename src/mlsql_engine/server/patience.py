"""How long a server that was told to end waits for what has begun."""

from __future__ import annotations

import time
from collections.abc import Callable


class Patience:
    """So many seconds from `begin` on, once for all that is waited for: requests, jobs, callbacks.

    `clock` tells seconds, from any time on.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._until: float | None = None
        self._hurry = False

    def begin(self) -> None:
        """The server ends. It begins once."""
        if self._until is None:
            self._until = self._clock() + self._seconds

    def hurry(self) -> None:
        """Nothing is waited for any more."""
        self._hurry = True

    def left(self, last: float = 0.0) -> float:
        """The seconds that are left, at least `last` if there were so many. It begins when it is first asked."""
        self.begin()
        if self._hurry or self._until is None:
            return 0.0
        return max(self._until - self._clock(), min(last, self._seconds))
