"""How much is predicted together, and how much may wait."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BatchLimits:
    """For each function: a batch has at most `rows`, unless one request has more; `lanes` batches are on their way.

    Without `lanes` it is one while a batch takes a few milliseconds, for many requests in one batch cost less than
    several batches of few, and as many as the function has workers where it takes longer.

    At most `queued` requests wait, and at most `queued_rows` rows of theirs (unless it is one request).
    """

    rows: int = 4_096
    queued: int = 2_000
    queued_rows: int = 200_000
    lanes: int | None = None
