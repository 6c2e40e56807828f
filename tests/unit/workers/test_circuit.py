"""The circuit breaker, with a clock of the test's own."""

from __future__ import annotations

import pytest

from mlsql_engine.core.errors import Detail, WorkerProblem
from mlsql_engine.workers.circuit import Circuit


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


CRASH = WorkerProblem("it crashed", code="CRASHED", details=[Detail("worker", "3")])


@pytest.fixture
def clock() -> Clock:
    return Clock()


def circuit_after(clock: Clock, *times: float) -> Circuit:
    """A circuit that has seen crashes at these times, the last of which is now."""
    circuit = Circuit(clock)
    for time in times:
        clock.now = time
        circuit.crashed(CRASH)
    return circuit


def error_of(circuit: Circuit) -> WorkerProblem:
    with pytest.raises(WorkerProblem) as caught:
        circuit.check("function f")
    return caught.value


def is_closed(circuit: Circuit) -> bool:
    try:
        circuit.check("function f")
    except WorkerProblem:
        return False
    return True


@pytest.mark.parametrize(
    ("times", "closed"),
    [
        ((), True),
        ((1, 2), True),
        ((1, 2, 3), False),
        ((0, 30, 60), False),
        ((0, 30, 60.1), True),
        ((0, 50, 70, 110), False),
        ((0, 50, 111, 172), True),
    ],
)
def test_three_crashes_within_a_minute_open_it(clock: Clock, times: tuple[float, ...], closed: bool) -> None:
    assert is_closed(circuit_after(clock, *times)) is closed


def test_what_it_says(clock: Clock) -> None:
    circuit = circuit_after(clock, 1, 2, 3)
    clock.now = 20
    error = error_of(circuit)
    assert (error.code, error.message) == (
        "CIRCUIT_OPEN",
        "function f crashed 3 times within a minute, and is not started again for 43 s",
    )
    assert error.details == (Detail("last crash", "it crashed"), Detail("worker", "3"))
    assert error.hint == "registering the function again tries at once"


def test_it_lets_batches_through_after_a_minute(clock: Clock) -> None:
    circuit = circuit_after(clock, 1, 2, 3)
    clock.now = 62.9
    assert not is_closed(circuit)
    clock.now = 63
    assert is_closed(circuit)


def test_a_crash_after_the_minute_opens_it_again(clock: Clock) -> None:
    circuit = circuit_after(clock, 1, 2, 3)
    clock.now = 600
    circuit.crashed(CRASH)
    assert not is_closed(circuit)
    clock.now = 660
    assert is_closed(circuit)


def test_an_answer_after_the_minute_closes_it(clock: Clock) -> None:
    circuit = circuit_after(clock, 1, 2, 3)
    clock.now = 63
    circuit.worked()
    circuit.crashed(CRASH)
    circuit.crashed(CRASH)
    assert is_closed(circuit)
    circuit.crashed(CRASH)
    assert not is_closed(circuit)


def test_an_answer_of_another_worker_does_not_close_it(clock: Clock) -> None:
    circuit = circuit_after(clock, 1, 2, 3)
    circuit.worked()
    assert not is_closed(circuit)


def test_a_register_forgets_the_crashes(clock: Clock) -> None:
    circuit = circuit_after(clock, 1, 2, 3)
    circuit.reset()
    assert is_closed(circuit)
    circuit.crashed(CRASH)
    assert is_closed(circuit)
