"""What requests there were and how long they took, in numbers that cost a request little to count."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""The upper bounds of the buckets that requests are counted in."""


@dataclass(slots=True)
class RouteMeter:
    """The requests of one route: counts by method and status, and by the bucket of their seconds."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    buckets: list[int] = field(default_factory=lambda: [0] * (len(SECONDS) + 1))
    seconds: float = 0.0

    def count(self, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        self.statuses[method, status] += 1
        self.buckets[bisect_left(SECONDS, seconds)] += 1
        self.seconds += seconds


class Meters:
    """All requests since the server's start, by route; `under_way` are those that are not answered yet."""

    def __init__(self) -> None:
        self.routes: dict[str, RouteMeter] = {}
        self.under_way = 0

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request; `route` is the path as the routes have it, "" where there is none."""
        meter = self.routes.get(route)
        if meter is None:
            meter = self.routes[route] = RouteMeter()
        meter.count(method, status, seconds)
