"""Whether it pays to wait for more requests, from how fast they come and are served."""

from __future__ import annotations

from mlsql_engine.serving.pace import Pace


def paced(gap: float, service: float) -> Pace:
    """A load with a request every `gap` seconds, and batches of 10 rows that take `service` seconds."""
    pace = Pace()
    for number in range(200):
        pace.arrived(number * gap, 1)
        pace.served(service, 10)
    return pace


def test_whoever_asks_alone_never_waits() -> None:
    assert paced(0.000_1, 0.004).wait(1, 100, busy=False) == 0.0


def test_where_many_come_during_a_batch_half_of_its_time_is_waited() -> None:
    assert paced(0.000_1, 0.003).wait(1, 100, busy=True) == 0.003 / 2


def test_not_longer_than_two_milliseconds_is_waited() -> None:
    assert paced(0.000_1, 1.0).wait(1, 100, busy=True) == 0.002


def test_where_few_come_nothing_is_waited_for() -> None:
    assert paced(0.02, 0.003).wait(1, 100, busy=True) == 0.0


def test_a_full_batch_begins_at_once() -> None:
    assert paced(0.000_1, 0.003).wait(100, 100, busy=True) == 0.0


def test_after_a_pause_nothing_is_waited_for() -> None:
    pace = paced(0.000_1, 0.003)
    pace.arrived(1_000.0, 1)
    assert pace.wait(1, 100, busy=True) == 0.0


def test_before_anything_was_served_nothing_is_known() -> None:
    pace = Pace()
    assert pace.wait(1, 100, busy=True) == 0.0
    assert pace.seconds_for(1_000) == 0.0
    assert not pace.is_short


def test_rows_take_as_long_as_those_before() -> None:
    assert round(paced(0.1, 0.003).seconds_for(1_000), 6) == 0.3


def test_batches_are_long_where_they_take_more_than_ten_milliseconds() -> None:
    assert paced(0.1, 0.010_1).is_long
    assert not paced(0.1, 0.009_9).is_long


def test_batches_are_short_where_they_take_less_than_two_milliseconds() -> None:
    assert paced(0.1, 0.001_9).is_short
    assert not paced(0.1, 0.002_1).is_short
