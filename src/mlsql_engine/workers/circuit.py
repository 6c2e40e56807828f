"""A circuit breaker (M. Nygard, Release It!): what crashes again and again is not started again for a while."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from mlsql_engine.core.errors import Detail, WorkerProblem

_CRASHES = 3
_WITHIN_SECONDS = 60.0
_OPEN_SECONDS = 60.0


class Circuit:
    """Three crashes within a minute open it for a minute. The next answer then closes it, the next crash opens it
    again.

    `clock` gives seconds, as time.monotonic does. Not safe for several threads by itself.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._crashes: deque[float] = deque(maxlen=_CRASHES)
        self._open_until: float | None = None
        self._last: WorkerProblem | None = None

    def crashed(self, error: WorkerProblem) -> None:
        """Take down a crash."""
        now = self._clock()
        self._crashes.append(now)
        self._last = error
        too_many = len(self._crashes) == _CRASHES and now - self._crashes[0] <= _WITHIN_SECONDS
        if too_many or self._open_until is not None:
            self._open_until = now + _OPEN_SECONDS

    def worked(self) -> None:
        """A batch was answered: when that is after a pause, the crashes before it no longer count."""
        if self._open_until is not None and self._clock() >= self._open_until:
            self.reset()

    def reset(self) -> None:
        """Forget all crashes."""
        self._crashes.clear()
        self._open_until = None

    def check(self, title: str) -> None:
        """Raise WorkerProblem where it is open."""
        if self._open_until is None:
            return
        left = self._open_until - self._clock()
        if left <= 0 or self._last is None:
            return
        raise WorkerProblem(
            f"{title} crashed {_CRASHES} times within a minute, and is not started again for {left:.0f} s",
            code="CIRCUIT_OPEN",
            details=[Detail("last crash", self._last.message), *self._last.details],
            hint="registering the function again tries at once",
        )
