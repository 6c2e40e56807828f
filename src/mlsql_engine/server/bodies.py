"""How many bytes of requests' bodies the server holds at the same time."""

from __future__ import annotations

from mlsql_engine.serving.overload import TryLater

_AGAIN_SECONDS = 1.0


class Bodies:
    """Counts the bytes of bodies too large to come in one piece: `held` until their requests are answered."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.held = 0

    def hold(self, size: int) -> None:
        """Count so many bytes more. Raises MlsqlError, OVERLOADED, and counts nothing where that is too much."""
        if self.held + size > self._most:
            raise TryLater(
                f"the server holds {self.held >> 20} MiB of requests and takes {self._most >> 20} MiB",
                "OVERLOADED",
                "ask again after the seconds of Retry-After, or send fewer rows",
                _AGAIN_SECONDS,
            )
        self.held += size

    def release(self, size: int) -> None:
        """Count so many bytes less."""
        self.held -= size
