"""Requests that wait together are predicted together, and each gets its own answers or its own error."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import wraps
from typing import Any

import pyarrow as pa
import pytest

from mlsql_engine.core.errors import MlsqlError, ScriptFailed, UnknownName, WorkerProblem
from mlsql_engine.serving import batching, lanes, pace
from mlsql_engine.serving.answers import Answers
from mlsql_engine.serving.batching import Batcher
from mlsql_engine.serving.limits import BatchLimits
from mlsql_engine.serving.meters import BatchMeter
from mlsql_engine.serving.parts import Columns, Numbers

SOON = 10.0


class Sent:
    """A batch that is answered when the test says so, by doubling its first column."""

    def __init__(self, asked: Asked, batch: pa.RecordBatch) -> None:
        self.asked = asked
        self.batch = batch
        self.result: pa.Array | Exception | None = None

    def answer(self, error: Exception | None = None) -> None:
        self.result = error or pa.array([value * 2 for value in values_of(self.batch)])
        self.wake()

    def wake(self) -> None:
        self.asked.there.send(b".")


class Asked:
    """A worker of the model's that has batches; an error of a worker loses all of them."""

    def __init__(self, model: Model, batch: pa.RecordBatch) -> None:
        self.here, self.there = socket.socketpair()
        self.over = False
        self._model = model
        self._sent = deque([model.begun(self, batch)])

    def add(self, batch: pa.RecordBatch) -> bool:
        if not self._model.wanted:
            self._sent.append(self._model.begun(self, batch))
        return not self._model.wanted

    def fileno(self) -> int:
        return self.here.fileno()

    def poll(self) -> pa.Array | None:
        self.here.setblocking(False)
        with suppress(BlockingIOError):
            self.here.recv(1)
        result = self._sent[0].result
        if result is None:
            return None
        self._sent.popleft()
        if isinstance(result, WorkerProblem) or not self._sent:
            self.over = True
            self.close()
        if isinstance(result, Exception):
            raise result
        return result

    def wait(self) -> pa.Array:
        self.here.setblocking(True)
        self.here.recv(1, socket.MSG_PEEK)
        return self.poll()

    def close(self) -> None:
        self.here.close()
        self.there.close()


def values_of(batch: pa.RecordBatch) -> list[float]:
    column = batch.column(0)
    return column.flatten().to_pylist() if pa.types.is_list(column.type) else column.to_pylist()


class Model:
    """A function whose batches the test answers one by one.

    `busy`: it has no idle worker; `wanted`: others wait for one. `workers_asked` counts how often one was taken.
    """

    def __init__(self) -> None:
        self.asked: deque[Sent] = deque()
        self.workers_asked = 0
        self.wanted = False
        self.batches: list[list[float]] = []
        self.busy = False
        self.refusal: Exception | None = None
        self.separate = False
        self.pure = False
        self.workers = 2

    def ask(self, batch: pa.RecordBatch) -> Asked | None:
        if self.refusal is not None:
            raise self.refusal
        if self.busy:
            return None
        self.workers_asked += 1
        return Asked(self, batch)

    def begun(self, asked: Asked, batch: pa.RecordBatch) -> Sent:
        self.batches.append(values_of(batch))
        self.asked.append(Sent(asked, batch))
        return self.asked[-1]

    def predict_once(self, batch: pa.RecordBatch) -> pa.Array:
        self.batches.append(values_of(batch))
        return pa.array([value * 2 for value in values_of(batch)])


class Bench:
    """A batcher over a model."""

    def __init__(self, model: Model, executor: ThreadPoolExecutor, limits: BatchLimits) -> None:
        self.model = model
        self.meter = BatchMeter()
        self.forgotten = False
        self.batcher = Batcher(self.serving, executor, limits, self.meter)

    def serving(self) -> Model:
        if self.forgotten:
            raise UnknownName("function", "f", ())
        return self.model

    def ask(self, *values: float, within: float = 1e3) -> asyncio.Future[Answers]:
        return self.batcher.predict(Numbers(list(values), 1, len(values)), time.monotonic() + within)

    async def begun(self) -> Sent:
        """The next batch that was begun and not answered."""
        async with asyncio.timeout(SOON):
            while not self.model.asked:
                await asyncio.sleep(0)
        return self.model.asked.popleft()


@asynccontextmanager
async def benched(**limits: int) -> AsyncIterator[Bench]:
    with ThreadPoolExecutor(4) as executor:
        bench = Bench(Model(), executor, BatchLimits(**limits))
        yield bench
        for sent in bench.model.asked:
            sent.asked.close()


async def a_thread_waits_for(one: Sent) -> None:
    """Return when a thread waits for the answer."""
    waits = asyncio.Event()
    loop, wait = asyncio.get_running_loop(), one.asked.wait

    def waited() -> pa.Array:
        loop.call_soon_threadsafe(waits.set)
        return wait()

    one.asked.wait = waited  # type: ignore[method-assign]
    await waits.wait()


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        asyncio.run(test(*arguments, **named))

    return run


@in_loop
async def test_a_lone_request_begins_at_once_and_later_ones_wait_together() -> None:
    async with benched() as bench:
        first = bench.ask(1.0)
        one = await bench.begun()
        others = [bench.ask(2.0), bench.ask(3.0, 4.0), bench.ask(5.0)]
        await asyncio.sleep(0)
        assert bench.model.batches == [[1.0]]
        one.answer()
        assert (await first).values == [2.0]
        (await bench.begun()).answer()
        assert [(await other).values for other in others] == [[4.0], [6.0, 8.0], [10.0]]
        assert bench.model.batches == [[1.0], [2.0, 3.0, 4.0, 5.0]]
        assert (bench.meter.batches, bench.meter.requests, bench.meter.rows) == (2, 4, 5)
        assert bench.meter.sizes[:4] == [1, 0, 1, 0]


@in_loop
async def test_requests_of_one_turn_of_the_loop_begin_together() -> None:
    async with benched() as bench:
        answers = [bench.ask(float(number)) for number in range(3)]
        (await bench.begun()).answer()
        assert [(await answer).values for answer in answers] == [[0.0], [2.0], [4.0]]
        assert bench.model.batches == [[0.0, 1.0, 2.0]]


@in_loop
async def test_a_batch_has_at_most_so_many_rows_unless_one_request_has_more() -> None:
    async with benched(rows=3) as bench:
        answers = [bench.ask(1.0, 2.0), bench.ask(3.0, 4.0), bench.ask(5.0), bench.ask(6.0, 7.0, 8.0, 9.0)]
        for _ in range(3):
            (await bench.begun()).answer()
        assert [(await answer).values for answer in answers][2:] == [[10.0], [12.0, 14.0, 16.0, 18.0]]
        assert bench.model.batches == [[1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0, 9.0]]


@in_loop
async def test_rows_of_other_columns_are_another_batch() -> None:
    async with benched() as bench:
        numbers = bench.ask(1.0)
        batch = pa.record_batch({"arg0": [7, 8]})
        columns = bench.batcher.predict(Columns(batch), time.monotonic() + SOON)
        again = bench.batcher.predict(Columns(batch), time.monotonic() + SOON)
        (await bench.begun()).answer()
        (await bench.begun()).answer()
        assert (await numbers).values == [2.0]
        assert (await columns).array.to_pylist() == [14, 16]
        assert (await again).array.to_pylist() == [14, 16]
        assert bench.model.batches == [[1.0], [7, 8, 7, 8]]


@in_loop
async def test_several_lanes_have_a_batch_each() -> None:
    async with benched(lanes=2) as bench:
        first = bench.ask(1.0)
        one = await bench.begun()
        second = bench.ask(2.0)
        two = await bench.begun()
        two.answer()
        assert (await second).values == [4.0]
        one.answer()
        assert (await first).values == [2.0]


@in_loop
async def test_where_batches_take_long_there_are_as_many_lanes_as_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_LONG_SECONDS", 0.0)
    async with benched() as bench:
        first = bench.ask(1.0)
        one = await bench.begun()
        second = bench.ask(2.0)
        await asyncio.sleep(0)
        assert bench.model.batches == [[1.0]]
        one.answer()
        await first
        (await bench.begun()).answer()
        await second
        answers = [bench.ask(3.0)]
        one = await bench.begun()
        answers.append(bench.ask(4.0))
        two = await bench.begun()
        one.answer()
        two.answer()
        assert [(await answer).values for answer in answers] == [[6.0], [8.0]]


@in_loop
async def test_an_expired_request_is_dropped_before_inference() -> None:
    async with benched() as bench:
        first = bench.ask(1.0)
        one = await bench.begun()
        late, good = bench.ask(2.0, within=-1.0), bench.ask(3.0)
        one.answer()
        assert (await first).values == [2.0]
        (await bench.begun()).answer()
        assert (await good).values == [6.0]
        with pytest.raises(MlsqlError, match="the prediction did not come in time") as caught:
            await late
        assert caught.value.code == "DEADLINE"
        assert bench.model.batches == [[1.0], [3.0]]
        assert bench.meter.expired == 1


@in_loop
async def test_a_request_whose_time_ends_meanwhile_is_told_and_the_others_are_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batching, "_SWEEP_SECONDS", 0.001)
    async with benched() as bench:
        late, good = bench.ask(1.0, within=0.01), bench.ask(2.0)
        one = await bench.begun()
        with pytest.raises(MlsqlError, match="DEADLINE"):
            await late
        one.answer()
        assert (await good).values == [4.0]


@in_loop
async def test_a_request_that_nobody_waits_for_is_not_asked() -> None:
    async with benched() as bench:
        first = bench.ask(1.0)
        one = await bench.begun()
        gone, good = bench.ask(2.0), bench.ask(3.0)
        gone.cancel()
        one.answer()
        await first
        (await bench.begun()).answer()
        assert (await good).values == [6.0]
        assert bench.model.batches == [[1.0], [3.0]]


@in_loop
async def test_too_much_that_waits_is_refused_at_once() -> None:
    async with benched(queued=2, queued_rows=5) as bench:
        answers = [bench.ask(1.0)]
        one = await bench.begun()
        answers.append(bench.ask(2.0, 2.0, 2.0, 2.0))
        with pytest.raises(MlsqlError, match="too many requests wait for this function") as caught:
            bench.ask(3.0, 3.0)
        assert caught.value.code == "OVERLOADED"
        assert caught.value.retry_after == 1
        answers.append(bench.ask(3.0))
        with pytest.raises(MlsqlError, match="OVERLOADED"):
            bench.ask(4.0)
        assert bench.meter.refused == 2
        one.answer()
        await answers[0]
        (await bench.begun()).answer()
        assert (await answers[2]).values == [6.0]


@in_loop
async def test_a_request_with_more_rows_than_may_wait_is_taken_when_nothing_waits() -> None:
    async with benched(queued_rows=2) as bench:
        answer = bench.ask(1.0, 2.0, 3.0)
        (await bench.begun()).answer()
        assert (await answer).values == [2.0, 4.0, 6.0]


def failed(row: int | None) -> ScriptFailed:
    error = ScriptFailed("ValueError: no", hint="look")
    error.row = row
    return error


@in_loop
async def test_the_request_whose_row_fails_is_the_only_one_that_fails() -> None:
    async with benched() as bench:
        answers = [bench.ask(1.0), bench.ask(2.0, 3.0), bench.ask(4.0)]
        (await bench.begun()).answer(failed(2))
        (await bench.begun()).answer(failed(1))
        (await bench.begun()).answer()
        assert bench.model.batches == [[1.0, 2.0, 3.0, 4.0], [2.0, 3.0], [1.0, 4.0]]
        assert (await answers[0]).values == [2.0]
        assert (await answers[2]).values == [8.0]
        with pytest.raises(ScriptFailed, match="ValueError: no"):
            await answers[1]


@in_loop
async def test_an_error_without_a_row_halves_the_batch_until_it_is_found() -> None:
    async with benched() as bench:
        answers = [bench.ask(float(number)) for number in range(4)]
        (await bench.begun()).answer(failed(None))
        (await bench.begun()).answer()
        (await bench.begun()).answer(failed(None))
        (await bench.begun()).answer(failed(None))
        (await bench.begun()).answer()
        assert bench.model.batches == [[0.0, 1.0, 2.0, 3.0], [0.0, 1.0], [2.0, 3.0], [2.0], [3.0]]
        with pytest.raises(ScriptFailed):
            await answers[2]
        assert [(await answers[number]).values for number in (0, 1, 3)] == [[0.0], [2.0], [6.0]]


@in_loop
async def test_after_a_crash_each_request_is_asked_alone() -> None:
    async with benched() as bench:
        answers = [bench.ask(1.0), bench.ask(2.0), bench.ask(3.0)]
        (await bench.begun()).answer(WorkerProblem("it crashed", code="CRASHED"))
        (await bench.begun()).answer()
        (await bench.begun()).answer(WorkerProblem("it crashed again", code="CRASHED"))
        (await bench.begun()).answer()
        assert bench.model.batches == [[1.0, 2.0, 3.0], [1.0], [2.0], [3.0]]
        with pytest.raises(WorkerProblem, match="it crashed again"):
            await answers[1]
        assert [(await answers[number]).values for number in (0, 2)] == [[2.0], [6.0]]


@pytest.mark.parametrize("code", ["TIMEOUT", "UNRESPONSIVE"])
@in_loop
async def test_a_request_that_takes_too_long_fails_alone_and_is_not_asked_again(code: str) -> None:
    async with benched() as bench:
        bench.model.pure = True
        answers = [bench.ask(1.0), bench.ask(2.0), bench.ask(3.0)]
        (await bench.begun()).answer(WorkerProblem("it takes too long", code=code))
        (await bench.begun()).answer()
        (await bench.begun()).answer(WorkerProblem("it takes too long", code=code))
        (await bench.begun()).answer()
        with pytest.raises(WorkerProblem, match="it takes too long"):
            await answers[1]
        assert [(await answers[number]).values for number in (0, 2)] == [[2.0], [6.0]]
        assert bench.model.batches == [[1.0, 2.0, 3.0], [1.0], [2.0], [3.0]]


@in_loop
async def test_a_lone_request_of_a_pure_function_is_asked_twice_when_its_worker_crashes() -> None:
    async with benched() as bench:
        bench.model.pure = True
        answer = bench.ask(1.0)
        (await bench.begun()).answer(WorkerProblem("it crashed", code="CRASHED"))
        (await bench.begun()).answer()
        assert (await answer).values == [2.0]
        answer = bench.ask(3.0)
        (await bench.begun()).answer(WorkerProblem("it crashed", code="CRASHED"))
        (await bench.begun()).answer(WorkerProblem("it crashed again", code="CRASHED"))
        with pytest.raises(WorkerProblem, match="it crashed again"):
            await answer


@in_loop
async def test_what_is_no_fault_of_a_request_is_told_to_all_of_the_batch() -> None:
    async with benched() as bench:
        answers = [bench.ask(1.0), bench.ask(2.0)]
        (await bench.begun()).answer(WorkerProblem("it crashes too often", code="CIRCUIT_OPEN", hint="wait"))
        problems = await asyncio.gather(*answers, return_exceptions=True)
        assert [(problem.code, problem.message, problem.hint) for problem in problems] == [
            ("CIRCUIT_OPEN", "it crashes too often", "wait")
        ] * 2
        assert problems[0] is not problems[1]


@in_loop
async def test_where_no_worker_is_idle_a_thread_waits_for_one() -> None:
    async with benched() as bench:
        bench.model.busy = True
        assert (await bench.ask(1.0)).values == [2.0]


@in_loop
async def test_an_answer_that_takes_long_is_waited_for_by_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "PATIENCE_SECONDS", 0.0)
    async with benched() as bench:
        answer = bench.ask(1.0)
        one = await bench.begun()
        await a_thread_waits_for(one)
        one.answer()
        assert (await answer).values == [2.0]


@in_loop
async def test_a_sign_of_life_is_no_answer() -> None:
    async with benched() as bench:
        answer = bench.ask(1.0)
        one = await bench.begun()
        one.wake()
        await asyncio.sleep(0)
        assert not answer.done()
        one.answer()
        assert (await answer).values == [2.0]


@in_loop
async def test_functions_that_may_not_be_asked_twice_have_each_request_alone() -> None:
    async with benched() as bench:
        bench.model.separate = True
        answers = [bench.ask(1.0, 2.0), bench.ask(3.0)]
        (await bench.begun()).answer(failed(0))
        (await bench.begun()).answer()
        assert bench.model.batches == [[1.0, 2.0], [3.0]]
        with pytest.raises(ScriptFailed):
            await answers[0]
        assert (await answers[1]).values == [6.0]


@in_loop
async def test_a_new_registration_has_the_next_batch_and_none_is_mixed() -> None:
    async with benched() as bench:
        old, new = bench.model, Model()
        first = bench.ask(1.0)
        one = await bench.begun()
        second = bench.ask(2.0)
        bench.model = new
        one.answer()
        assert (await first).values == [2.0]
        (await bench.begun()).answer()
        assert (await second).values == [4.0]
        assert (old.batches, new.batches) == ([[1.0]], [[2.0]])


@in_loop
async def test_requests_that_wait_for_a_function_that_is_forgotten_are_told() -> None:
    async with benched() as bench:
        first = bench.ask(1.0)
        one = await bench.begun()
        second = bench.ask(2.0)
        bench.forgotten = True
        one.answer()
        assert (await first).values == [2.0]
        with pytest.raises(MlsqlError, match="there is no function 'f'") as caught:
            await second
        assert caught.value.code == "UNKNOWN_FUNCTION"
        assert bench.batcher.queued == 0


@in_loop
async def test_a_thousand_requests_that_fail_one_by_one_are_told() -> None:
    async with benched() as bench:
        bench.model.separate = True
        bench.model.refusal = WorkerProblem("none is started for a minute", code="CIRCUIT_OPEN")
        answers = [bench.ask(float(number)) for number in range(1_000)]
        problems = await asyncio.gather(*answers, return_exceptions=True)
        assert {problem.code for problem in problems} == {"CIRCUIT_OPEN"}


@in_loop
async def test_a_request_that_would_be_asked_again_too_late_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    async with benched() as bench:
        late, good = bench.ask(1.0), bench.ask(2.0)
        one = await bench.begun()
        bench.batcher._lanes[0].flights[0].batch[0].deadline = 0.0
        one.answer(failed(0))
        (await bench.begun()).answer()
        assert (await good).values == [4.0]
        with pytest.raises(MlsqlError, match="DEADLINE"):
            await late
        assert bench.model.batches == [[1.0, 2.0], [2.0]]


@in_loop
async def test_rows_that_make_no_batch_fail_their_own_request_only() -> None:
    async with benched() as bench:
        before = bench.ask(1.0)
        bad = bench.batcher.predict(Numbers(["x"], 1, 1), time.monotonic() + SOON)  # type: ignore[list-item]
        after = bench.ask(2.0)
        (await bench.begun()).answer()
        (await bench.begun()).answer()
        with pytest.raises(ValueError, match="could not convert string to float"):
            await bad
        assert [(await good).values for good in (before, after)] == [[2.0], [4.0]]


@asynccontextmanager
async def benched_with_short_batches(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    """A batcher that knows that its batches are short, and has none."""
    monkeypatch.setattr(pace, "_SHORT_SECONDS", SOON)
    monkeypatch.setattr(pace, "_LONG_SECONDS", SOON)
    async with benched() as bench:
        primed = bench.ask(0.0)
        (await bench.begun()).answer()
        await primed
        bench.model.batches.clear()
        bench.model.workers_asked = 0
        bench.model.pure = True
        yield bench


@in_loop
async def test_a_short_batch_is_sent_behind_one_that_is_no_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    async with benched_with_short_batches(monkeypatch) as bench:
        answers = [bench.ask(1.0, 2.0)]
        one = await bench.begun()
        answers.append(bench.ask(3.0))
        await asyncio.sleep(0)
        assert bench.model.batches == [[1.0, 2.0]]
        answers.append(bench.ask(4.0))
        two = await bench.begun()
        answers.append(bench.ask(5.0, 6.0, 7.0))
        await asyncio.sleep(0)
        assert bench.model.batches == [[1.0, 2.0], [3.0, 4.0]]
        one.answer()
        three = await bench.begun()
        two.answer()
        three.answer()
        found = [(await answer).values for answer in answers]
        assert found == [[2.0, 4.0], [6.0], [8.0], [10.0, 12.0, 14.0]]
        assert bench.model.workers_asked == 1


@in_loop
async def test_answers_that_come_together_are_taken_together(monkeypatch: pytest.MonkeyPatch) -> None:
    async with benched_with_short_batches(monkeypatch) as bench:
        answers = [bench.ask(1.0)]
        one = await bench.begun()
        answers.append(bench.ask(2.0))
        two = await bench.begun()
        two.result, one.result = pa.array([4.0]), pa.array([2.0])
        one.wake()
        assert [(await answer).values for answer in answers] == [[2.0], [4.0]]


@in_loop
async def test_nothing_is_sent_behind_a_batch_where_others_wait_for_the_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with benched_with_short_batches(monkeypatch) as bench:
        bench.model.wanted = True
        answers = [bench.ask(1.0)]
        one = await bench.begun()
        answers += [bench.ask(2.0), bench.ask(3.0)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert (bench.model.batches, bench.batcher.queued) == ([[1.0]], 2)
        one.answer()
        (await bench.begun()).answer()
        assert [(await answer).values for answer in answers] == [[2.0], [4.0], [6.0]]
        assert bench.model.workers_asked == 2


@in_loop
async def test_what_was_behind_a_batch_that_fails_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    async with benched_with_short_batches(monkeypatch) as bench:
        bad = bench.ask(1.0)
        one = await bench.begun()
        good = bench.ask(2.0)
        two = await bench.begun()
        one.answer(failed(0))
        two.answer()
        with pytest.raises(ScriptFailed):
            await bad
        assert (await good).values == [4.0]
        assert bench.model.workers_asked == 1


@in_loop
async def test_what_was_behind_a_batch_whose_worker_is_lost_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with benched_with_short_batches(monkeypatch) as bench:
        answers = [bench.ask(1.0)]
        one = await bench.begun()
        answers.append(bench.ask(2.0))
        await bench.begun()
        answers.append(bench.ask(3.0))
        one.answer(WorkerProblem("it has died", code="CRASHED"))
        (await bench.begun()).answer()
        (await bench.begun()).answer()
        assert [(await answer).values for answer in answers] == [[2.0], [4.0], [6.0]]
        assert bench.model.batches == [[1.0], [2.0], [1.0], [2.0, 3.0]]


@in_loop
async def test_nothing_is_sent_behind_a_batch_of_a_function_that_may_do_more_than_predict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with benched_with_short_batches(monkeypatch) as bench:
        bench.model.pure = False
        answers = [bench.ask(1.0)]
        one = await bench.begun()
        answers.append(bench.ask(2.0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert bench.model.batches == [[1.0]]
        one.answer()
        (await bench.begun()).answer()
        assert [(await answer).values for answer in answers] == [[2.0], [4.0]]


@in_loop
async def test_a_new_registration_is_not_sent_behind_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async with benched_with_short_batches(monkeypatch) as bench:
        old, new = bench.model, Model()
        first = bench.ask(1.0)
        one = await bench.begun()
        bench.model = new
        second = bench.ask(2.0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert (old.batches, new.batches) == ([[1.0]], [])
        one.answer()
        assert (await first).values == [2.0]
        (await bench.begun()).answer()
        assert (await second).values == [4.0]


@in_loop
async def test_a_thread_waits_for_a_batch_that_has_another_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(batching, "_SWEEP_SECONDS", 0.001)
    async with benched_with_short_batches(monkeypatch) as bench:
        answers = [bench.ask(1.0)]
        one = await bench.begun()
        answers.append(bench.ask(2.0))
        two = await bench.begun()
        await a_thread_waits_for(one)
        one.answer()
        two.answer()
        assert [(await answer).values for answer in answers] == [[2.0], [4.0]]
