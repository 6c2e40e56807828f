"""Counts of requests."""

from __future__ import annotations

from mlsql_engine.server.meters import SECONDS, Meters


def test_counts() -> None:
    meters = Meters()
    for seconds in (0.0001, SECONDS[0], SECONDS[0] + 0.0001, 1_000.0):
        meters.count("/a", "GET", 200, seconds)
    meters.count("/a", "POST", 500, 0.0)
    meters.count("", "GET", 404, 0.0)
    one = meters.routes["/a"]
    assert one.statuses == {("GET", 200): 4, ("POST", 500): 1}
    assert (one.buckets[0], one.buckets[1], one.buckets[-1]) == (3, 1, 1)
    assert sum(one.buckets) == 5
    assert round(one.seconds, 4) == 1_000.0022
    assert sorted(meters.routes) == ["", "/a"]
