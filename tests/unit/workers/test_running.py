"""Tasks side by side that end together."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from mlsql_engine.workers.running import RunningWorkers, side_by_side


class Worker:
    """Stands for a process: it runs until it is killed."""

    def __init__(self) -> None:
        self.dead = threading.Event()

    def running(self) -> bool:
        return not self.dead.is_set()

    def kill(self) -> None:
        self.dead.set()


def nothing() -> None:
    """Nobody asks for the end."""


def test_results_come_in_the_order_of_the_tasks() -> None:
    second_is_done = threading.Event()

    def first() -> str:
        assert second_is_done.wait(10)
        return "first"

    def second() -> str:
        second_is_done.set()
        return "second"

    assert side_by_side([first, second], 2, RunningWorkers(), nothing) == ["first", "second"]


def test_one_that_raises_ends_the_others_and_those_that_have_not_begun() -> None:
    workers, begun = RunningWorkers(), threading.Event()
    later: list[str] = []

    def waits() -> None:
        worker: Any = Worker()
        workers.add(worker)
        begun.set()
        assert worker.dead.wait(10)

    def fails() -> None:
        assert begun.wait(10)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        side_by_side([waits, fails, lambda: later.append("ran")], 2, workers, nothing)
    assert later == []


def test_the_check_is_asked_whenever_a_task_ends() -> None:
    def check() -> None:
        raise KeyError("cancelled")

    with pytest.raises(KeyError, match="cancelled"):
        side_by_side([lambda: 1], 1, RunningWorkers(), check)


def test_a_process_that_starts_after_the_end_is_killed_at_once() -> None:
    workers = RunningWorkers()
    workers.end()
    worker: Any = Worker()
    workers.add(worker)
    assert worker.dead.is_set()
