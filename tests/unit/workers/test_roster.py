"""The list of workers and of their lines."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from mlsql_engine.workers.activity import Activity
from mlsql_engine.workers.roster import Roster, Totals, WorkerEntry

NOW = datetime(2026, 1, 2, tzinfo=UTC)
NUMBERS = itertools.count(1)


class Sleeper:
    """A real process that waits for its end."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        self.pid = self._process.pid
        self.kills = 0

    def wait(self, timeout: float) -> int | None:
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        self.kills += 1
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def sleepers() -> Iterator[list[Sleeper]]:
    made = [Sleeper(), Sleeper()]
    yield made
    for sleeper in made:
        sleeper.close()


def test_workers_in_order_and_their_ends(sleepers: list[Sleeper]) -> None:
    roster = Roster()
    for number, sleeper in enumerate(sleepers, 1):
        roster.add(WorkerEntry(number, f"w{number}", "python", NOW, sleeper))
    assert [(entry.number, entry.name, entry.exit_status) for entry in roster.workers()] == [
        (1, "w1", None),
        (2, "w2", None),
    ]
    sleepers[0].kill()
    assert [entry.exit_status for entry in roster.workers()] == [-9, None]


def test_an_interrupt_ends_those_that_run(sleepers: list[Sleeper]) -> None:
    roster = Roster()
    for sleeper in sleepers:
        roster.add(WorkerEntry(next(NUMBERS), "w", "python", NOW, sleeper))
    sleepers[0].kill()
    roster.interrupt()
    assert [sleeper.kills for sleeper in sleepers] == [1, 1]
    assert [entry.exit_status for entry in roster.workers()] == [-9, -9]
    roster.interrupt()
    assert [sleeper.kills for sleeper in sleepers] == [1, 1]


def test_a_worker_of_functions_survives_an_interrupt(sleepers: list[Sleeper]) -> None:
    roster = Roster()
    roster.add(WorkerEntry(1, "train.py", "python", NOW, sleepers[0]))
    roster.add(WorkerEntry(2, "function f", "python", NOW, sleepers[1], Activity()))
    roster.interrupt()
    assert [sleeper.kills for sleeper in sleepers] == [1, 0]


def test_a_worker_that_is_told_of_again_is_the_same(sleepers: list[Sleeper]) -> None:
    roster = Roster()
    for name in ("function f", "function g", "function f"):
        roster.add(WorkerEntry(1, name, "python", NOW, sleepers[0]))
    assert [(entry.number, entry.name) for entry in roster.workers()] == [(1, "function f")]


def test_lines_are_taken_down() -> None:
    roster = Roster()
    for number, name, line in ((1, "a", "one"), (2, "b", "two"), (1, "a", "three")):
        roster.heard(number, name, line)
    assert [(line.worker, line.name, line.line) for line in roster.lines()] == [
        (1, "a", "one"),
        (2, "b", "two"),
        (1, "a", "three"),
    ]


def test_a_thousand_workers_and_ten_thousand_lines_are_remembered(sleepers: list[Sleeper]) -> None:
    roster = Roster()
    for number in range(1, 1_004):
        roster.add(WorkerEntry(number, "w", "python", NOW, sleepers[0]))
    for number in range(10_002):
        roster.heard(1, "w", str(number))
    assert roster.workers()[0].number == 4
    assert (roster.lines()[0].line, len(roster.lines())) == ("2", 10_000)


def test_totals_count_also_those_that_are_forgotten(sleepers: list[Sleeper]) -> None:
    roster = Roster()
    for number in range(1, 1_004):
        activity = Activity(batches=2, rows=10, failures=1, busy_seconds=0.5, lost="CRASHED" if number == 1 else "")
        roster.add(WorkerEntry(number, "f", "python", NOW, sleepers[0], activity, "m"))
    roster.add(WorkerEntry(1_004, "train.py", "python", NOW, sleepers[0]))
    assert roster.totals() == {
        ("f", "m"): Totals(1_003, 2_006, 10_030, 1_003, 501.5, Counter(CRASHED=1)),
        ("train.py", ""): Totals(started=1),
    }
