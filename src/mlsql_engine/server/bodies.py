"""How many bytes of requests' bodies the server holds at the same time."""

from __future__ import annotations

from mlsql_engine.serving.overload import TryLater

_AGAIN_SECONDS = 1.0
_SHARE_OF_WHOLE = 4


class Bodies:
    """Counts the bytes of bodies, as they came and as they are decompressed: `held` until they are answered.

    They are at most `most`, and a quarter more of bodies that came in one piece: clients that send large requests,
    or only say that they will, do not keep small ones out.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._most_with_whole = most + most // _SHARE_OF_WHOLE
        self.held = 0

    def hold(self, size: int) -> None:
        """Count so many bytes more. Raises MlsqlError, OVERLOADED, and counts nothing where that is too much."""
        if self.held + size > self._most:
            raise self._full(self._most)
        self.held += size

    def hold_whole(self, size: int) -> None:
        """The same for a body that came in one piece."""
        if self.held + size > self._most_with_whole:
            raise self._full(self._most_with_whole)
        self.held += size

    def _full(self, most: int) -> TryLater:
        return TryLater(
            f"the server holds {self.held >> 20} MiB of requests and takes {most >> 20} MiB",
            "OVERLOADED",
            "ask again after the seconds of Retry-After, or send fewer rows",
            _AGAIN_SECONDS,
        )

    def release(self, size: int) -> None:
        """Count so many bytes less."""
        self.held -= size
