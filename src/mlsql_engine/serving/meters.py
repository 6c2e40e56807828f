"""What the batches of a function have been, in numbers."""

from __future__ import annotations

from bisect import bisect_left

SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096, 16_384)
"""The upper bounds of the buckets that batches are counted in, in rows."""


class BatchMeter:
    """Counts from the server's start; `sizes` counts batches by their rows, one more bucket than SIZES."""

    __slots__ = ("batches", "expired", "failed", "refused", "requests", "rows", "sizes")

    def __init__(self) -> None:
        self.batches = 0
        self.requests = 0
        self.rows = 0
        self.failed = 0
        self.expired = 0
        self.refused = 0
        self.sizes = [0] * (len(SIZES) + 1)

    def answered(self, requests: int, rows: int) -> None:
        """Count one batch."""
        self.batches += 1
        self.requests += requests
        self.rows += rows
        self.sizes[bisect_left(SIZES, rows)] += 1
