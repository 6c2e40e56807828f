"""The cap on workers: places, who waits for one, and who gives one up."""

from __future__ import annotations

import threading

import pytest

from mlsql_engine.workers.capacity import Capacity

SECONDS = 30.0


def nothing() -> None:
    """Nobody gives up."""


class Idlers:
    """Has idle workers: when each began to be idle, oldest first."""

    def __init__(self, capacity: Capacity, *since: float) -> None:
        self.capacity = capacity
        self.since = list(since)
        capacity.add(self)

    def idle_since(self) -> float | None:
        return self.since[0] if self.since else None

    def end_idlest(self) -> bool:
        if not self.since:
            return False
        del self.since[0]
        self.capacity.give_back()
        return True


def full(places: int) -> Capacity:
    capacity = Capacity(places)
    for _ in range(places):
        assert capacity.try_take()
    return capacity


def test_no_more_places_than_there_are() -> None:
    capacity = full(2)
    assert not capacity.try_take()
    capacity.give_back()
    assert capacity.try_take()
    assert not capacity.try_take()


def test_the_place_of_the_one_that_is_idle_for_longest() -> None:
    capacity = full(3)
    young, old, busy = Idlers(capacity, 5.0), Idlers(capacity, 2.0, 7.0), Idlers(capacity)
    capacity.take(nothing)
    assert (young.since, old.since) == ([5.0], [7.0])
    capacity.take(nothing)
    assert (young.since, old.since) == ([], [7.0])
    capacity.take(nothing)
    assert (young.since, old.since, busy.since) == ([], [], [])
    assert capacity.wanted == 0


def test_one_that_was_taken_meanwhile_is_not_idle() -> None:
    capacity = full(1)
    idlers = Idlers(capacity, 1.0)
    idlers.end_idlest = lambda: bool(idlers.since.clear())  # another thread has it
    waits, done = threading.Event(), threading.Event()

    def check() -> None:
        if not idlers.since:
            waits.set()

    def take() -> None:
        capacity.take(check)
        done.set()

    threading.Thread(target=take, daemon=True).start()
    assert waits.wait(SECONDS)
    assert capacity.wanted == 1
    capacity.give_back()
    assert done.wait(SECONDS)
    assert capacity.wanted == 0


def test_who_waits_may_give_up() -> None:
    capacity = full(1)

    def check() -> None:
        raise KeyError("cancelled")

    with pytest.raises(KeyError, match="cancelled"):
        capacity.take(check)
    assert capacity.wanted == 0
    capacity.give_back()
    assert capacity.try_take()


def test_a_pool_that_is_closed_is_not_asked() -> None:
    capacity = full(1)
    idlers = Idlers(capacity, 1.0)
    capacity.remove(idlers)

    def check() -> None:
        raise KeyError("cancelled")

    with pytest.raises(KeyError):
        capacity.take(check)
    assert idlers.since == [1.0]
