"""How fast requests for a function come and are served, and whether it pays to wait for more of them."""

from __future__ import annotations

_SMOOTHING = 0.1
_SHORT_SECONDS = 0.002
_LONG_SECONDS = 0.01
_MOST_WAIT_SECONDS = 0.002
_IDLE_SECONDS = 0.05


class Pace:
    """Moving averages of the time between requests and of the time that a batch takes, in seconds."""

    def __init__(self) -> None:
        self.service = 0.0
        self._row_seconds = 0.0
        self._gap = 1.0
        self._last = 0.0

    @property
    def is_short(self) -> bool:
        """Whether batches take about as long as it takes to be woken, a few times over."""
        return 0.0 < self.service < _SHORT_SECONDS

    @property
    def is_long(self) -> bool:
        """Whether what the server itself does for a batch takes little beside it."""
        return self.service > _LONG_SECONDS

    def arrived(self, now: float, _rows: int) -> None:
        """Take down that a request came, at a time of `time.monotonic`."""
        gap = now - self._last
        self._last = now
        # After a pause the load is another one: what was before says nothing of it.
        self._gap = gap if gap > _IDLE_SECONDS else self._gap + _SMOOTHING * (gap - self._gap)

    def served(self, seconds: float, rows: int) -> None:
        """Take down that a batch took so long."""
        self.service += (_SMOOTHING if self.service else 1.0) * (seconds - self.service)
        each = seconds / max(1, rows)
        self._row_seconds += (_SMOOTHING if self._row_seconds else 1.0) * (each - self._row_seconds)

    def wait(self, rows: int, most: int, *, busy: bool) -> float:
        """How long to wait for more rows before a batch of `rows` begins, in seconds.

        0 where nothing is on its way, so that whoever asks alone never waits, and where the batch is full. Else
        half of what a batch takes, where more requests come in that time.
        """
        if not busy or rows >= most or self._gap >= self.service:
            return 0.0
        return min(self.service / 2, _MOST_WAIT_SECONDS)

    def seconds_for(self, rows: int) -> float:
        """How long so many rows take."""
        return rows * self._row_seconds
