"""Processes that work side by side for one statement, and end together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Protocol, TypeVar

from mlsql_engine.core.signals import held_signals

Result = TypeVar("Result")


class Endable(Protocol):
    """What works for a statement: a worker process, or something else that a task waits for."""

    def running(self) -> bool:
        """Whether it has not ended."""

    def kill(self) -> None:
        """Have it end at once; whoever waits for it finds out."""


class RunningWorkers:
    """What works for one statement; once it is ended, what starts later is ended at once."""

    def __init__(self) -> None:
        self._workers: list[Endable] = []
        self._ended = False
        self._lock = threading.Lock()

    def add(self, worker: Endable) -> None:
        """Take down what has been started."""
        with self._lock:
            self._workers.append(worker)
            if self._ended:
                worker.kill()

    @property
    def ended(self) -> bool:
        """Whether they have been ended: what any of them then says of its end is no news."""
        return self._ended

    def end(self) -> None:
        """Kill all of it; processes with their process groups."""
        with self._lock:
            self._ended = True
            for worker in self._workers:
                if worker.running():
                    worker.kill()


def side_by_side(
    tasks: Sequence[Callable[[], Result]], at_once: int, workers: RunningWorkers, check: Callable[[], None]
) -> list[Result]:
    """The results of the tasks in their order, `at_once` of them at a time, each in a thread of its own.

    When one raises, or `check` does (it is called whenever one ends), or a signal's handler in the main thread, the
    `workers` are killed, no further task begins, all threads end, and it is raised.
    """
    with ThreadPoolExecutor(at_once, thread_name_prefix="mlsql-task") as executor:
        futures = [executor.submit(task) for task in tasks]
        try:
            left: set[Future[Result]] = set(futures)
            while left:
                done, left = wait(left, return_when=FIRST_COMPLETED)
                check()
                for future in done:
                    future.result()
        except BaseException:
            with held_signals():
                executor.shutdown(wait=False, cancel_futures=True)
                workers.end()
                executor.shutdown(wait=True)
            raise
        return [future.result() for future in futures]
