"""Jobs of several threads: turns, ends, states. What waits here waits for an event that must come."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from mlsql_engine.core.errors import BadValue, Cancelled, SqlProblem, UnknownName
from mlsql_engine.core.jobs import Job, Jobs

SECONDS = 30.0


def nothing() -> None:
    pass


class Thread(threading.Thread):
    """A thread that keeps what its function raised, and must end."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - looked at by the test
            self.error = error

    def ended(self) -> BaseException | None:
        self.join(SECONDS)
        assert not self.is_alive()
        return self.error


def test_states() -> None:
    jobs = Jobs(nothing)
    with jobs.started("good") as good:
        assert (good.id, good.name, good.state, good.ended) == (1, "good", "running", None)
    with pytest.raises(BadValue), jobs.started("bad") as bad:
        raise BadValue("wrong")
    with pytest.raises(ZeroDivisionError), jobs.started("broken") as broken:
        raise ZeroDivisionError
    with pytest.raises(KeyboardInterrupt), jobs.started("interrupted") as interrupted:
        raise KeyboardInterrupt
    assert [(job.id, job.state, job.message) for job in jobs] == [
        (1, "succeeded", ""),
        (2, "failed", "wrong"),
        (3, "failed", "ZeroDivisionError"),
        (4, "cancelled", "KeyboardInterrupt"),
    ]
    for job in (good, bad, broken, interrupted):
        assert job.ended is not None
        assert job.ended >= job.started


def test_the_last_thousand_are_remembered() -> None:
    jobs = Jobs(nothing)
    for _ in range(1_002):
        with jobs.started("job"):
            pass
    assert [job.id for job in jobs][:2] == [3, 4]
    assert len(list(jobs)) == 1_000


def test_turns_do_not_overlap() -> None:
    jobs = Jobs(nothing)
    inside = 0
    most = 0
    barrier = threading.Barrier(8)

    def work() -> None:
        nonlocal inside, most
        with jobs.started("job") as job:
            barrier.wait(SECONDS)
            for _ in range(50):
                with jobs.turn(job):
                    inside += 1
                    most = max(most, inside)
                    inside -= 1

    assert [thread.ended() for thread in [Thread(work) for _ in range(8)]] == [None] * 8
    assert most == 1


def test_a_turn_inside_a_turn_of_the_same_job() -> None:
    jobs = Jobs(nothing)
    with jobs.started("job") as job, jobs.turn(job), jobs.turn(job):
        pass


def test_a_job_that_was_cancelled_gets_no_turn() -> None:
    jobs = Jobs(nothing)
    seen: list[Job] = []

    def run() -> None:
        with jobs.started("job") as job:
            seen.append(jobs.cancel(job.id))
            with jobs.turn(job):
                raise AssertionError("it has a turn")

    with pytest.raises(Cancelled) as caught:
        run()
    (job,) = seen
    assert (caught.value.code, caught.value.message) == ("CANCELLED", "job 1 was cancelled")
    assert (job.state, job.message) == ("cancelled", "job 1 was cancelled")


def test_one_that_is_cancelled_while_it_waits_gets_no_turn_either() -> None:
    jobs = Jobs(lambda: pytest.fail("nobody who works was cancelled"))
    waiting: list[Job] = []
    there = threading.Event()

    def wait() -> None:
        with jobs.started("waiting") as job:
            waiting.append(job)
            there.set()
            with jobs.turn(job):
                raise AssertionError("it has a turn")

    with jobs.started("working") as working, jobs.turn(working):
        thread = Thread(wait)
        assert there.wait(SECONDS)
        jobs.cancel(waiting[0].id)
    assert isinstance(thread.ended(), Cancelled)
    assert [job.state for job in jobs] == ["succeeded", "cancelled"]


def test_what_works_is_interrupted_until_it_ends() -> None:
    enough = threading.Event()
    calls: list[int] = []

    def interrupt() -> None:
        calls.append(1)
        if len(calls) == 3:  # it had not begun when it was first interrupted
            enough.set()

    jobs = Jobs(interrupt)
    started = threading.Event()

    def work() -> None:
        with jobs.started("job") as job, jobs.turn(job):
            started.set()
            assert enough.wait(SECONDS)
            raise SqlProblem("interrupted")

    thread = Thread(work)
    assert started.wait(SECONDS)
    jobs.cancel(1)
    error = thread.ended()
    assert isinstance(error, Cancelled)
    assert isinstance(error.__cause__, SqlProblem)
    assert [job.state for job in jobs] == ["cancelled"]


def test_the_others_are_not_interrupted() -> None:
    """The cancelled job has no turn: the one that has is let alone."""
    interrupted = threading.Event()
    jobs = Jobs(interrupted.set)
    with jobs.started("first") as first, jobs.turn(first), jobs.started("second") as second:
        jobs.cancel(second.id)
    for thread in threading.enumerate():
        if thread.name == "mlsql-cancel":
            thread.join(SECONDS)
    assert not interrupted.is_set()


@pytest.mark.parametrize("number", [1, 7, -1])
def test_only_what_runs_can_be_cancelled(number: int) -> None:
    jobs = Jobs(nothing)
    with jobs.started("over"):
        pass
    with jobs.started("running"), pytest.raises(UnknownName) as caught:
        jobs.cancel(number)
    assert caught.value.code == "UNKNOWN_RUNNING_JOB"
    assert caught.value.message == f"there is no running job '{number}'"
    assert caught.value.hint == "known: 2"


def test_one_that_is_cancelled_while_it_waits_ends_at_once() -> None:
    jobs = Jobs(lambda: pytest.fail("nobody who works was cancelled"))
    waiting: list[Job] = []
    there = threading.Event()

    def wait() -> None:
        with jobs.started("waiting") as job:
            waiting.append(job)
            there.set()
            with jobs.turn(job):
                raise AssertionError("it has a turn")

    with jobs.started("working") as working, jobs.turn(working):
        thread = Thread(wait)
        assert there.wait(SECONDS)
        jobs.cancel(waiting[0].id)
        assert isinstance(thread.ended(), Cancelled)
        assert jobs.working is working
    assert jobs.working is None


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    """A job of many statements does not keep the others out."""
    jobs = Jobs(nothing)
    order: list[int] = []
    waiting = threading.Semaphore(0)

    def work(number: int) -> None:
        with jobs.started(str(number)) as job:
            waiting.release()
            with jobs.turn(job):
                order.append(number)

    with jobs.started("first") as first:
        with jobs.turn(first):
            threads = []
            for number in range(4):
                threads.append(Thread(lambda number=number: work(number)))
                assert waiting.acquire(timeout=SECONDS)
                while len(jobs._waiting) <= number:
                    pass
        with jobs.turn(first):
            order.append(-1)
    assert [thread.ended() for thread in threads] == [None] * 4
    assert order == [0, 1, 2, 3, -1]
