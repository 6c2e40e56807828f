"""Functions that are served: their workers fail, and scripts replace them while requests come."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import wraps
from typing import Any

import pyarrow as pa
import pytest

from mlsql_engine.core.errors import MlsqlError, UnknownName
from mlsql_engine.serving.answers import Answers
from mlsql_engine.serving.limits import BatchLimits
from mlsql_engine.serving.parts import Columns
from mlsql_engine.serving.served import Served
from mlsql_engine.workers.function import Function
from mlsql_engine.workers.pool import Limits
from workers.provocations import Faults, gone

IDENTITY = """
    import python_fun
    python_fun.batch(lambda path: None, lambda model, batch: batch.column(0), pure={pure})
"""
SCALED = """
    import python_fun
    def predict(factor, batch):
        return [value * factor for value in batch.column(0).to_pylist()]
    python_fun.batch(lambda path: {factor}, predict)
"""
AT_13 = """
    import os, python_fun
    def predict(model, batch):
        if 13.0 in batch.column(0).to_pylist():
            {what}
        return batch.column(0)
    python_fun.batch(lambda path: None, predict, pure=True)
"""


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        asyncio.run(test(*arguments, **named))

    return run


@asynccontextmanager
async def served(faults: Faults) -> AsyncIterator[Served]:
    with ThreadPoolExecutor(8) as executor:
        made = Served(faults.session.functions, executor, BatchLimits())
        yield made
        await made.close()


def rows(*values: float) -> Columns:
    return Columns(pa.record_batch({"arg0": list(values)}))


def ask(functions: Served, *values: float) -> asyncio.Future[Answers]:
    return functions.predict("f", rows(*values), time.monotonic() + 60)


async def outcomes(asked: Iterable[asyncio.Future[Answers]]) -> list[Any]:
    """The answers, or the codes of the errors."""
    found = await asyncio.gather(*asked, return_exceptions=True)
    return [one.code if isinstance(one, MlsqlError) else one.values for one in found]


@in_loop
async def test_requests_of_several_callers_get_their_own_answers(faults: Faults) -> None:
    faults.register(IDENTITY.format(pure=True))
    async with served(faults) as functions:
        await functions.function("F")
        found = await outcomes([ask(functions, float(number), number + 0.5) for number in range(50)])
        assert found == [[float(number), number + 0.5] for number in range(50)]
        assert functions.meters["f"].requests == 50
        assert functions.meters["f"].batches < 50


@in_loop
async def test_a_row_that_fails_fails_its_own_request_only(faults: Faults) -> None:
    faults.register(AT_13.format(what="raise ValueError('an unlucky row')"))
    async with served(faults) as functions:
        await functions.function("f")
        found = await outcomes([ask(functions, float(number)) for number in range(10, 20)])
        assert found == [[10.0], [11.0], [12.0], "SCRIPT_FAILED", *([float(number)] for number in range(14, 20))]
    assert faults.started() == 1


@in_loop
async def test_a_row_that_crashes_the_worker_fails_its_own_request_only(faults: Faults) -> None:
    faults.register(AT_13.format(what="os.abort()"))
    async with served(faults) as functions:
        await functions.function("f")
        found = await outcomes([ask(functions, float(number)) for number in range(10, 20)])
        assert found == [[10.0], [11.0], [12.0], "CRASHED", *([float(number)] for number in range(14, 20))]
        assert await outcomes([ask(functions, 1.0)]) == [[1.0]]


@pytest.mark.parametrize("limits", [Limits(silence=1.0)])
@in_loop
async def test_a_worker_that_is_stopped_is_replaced(faults: Faults) -> None:
    faults.register(IDENTITY.format(pure=False))
    pid = faults.pid()
    async with served(faults) as functions:
        await functions.function("f")
        assert await outcomes([ask(functions, 1.0)]) == [[1.0]]
        os.kill(pid, signal.SIGSTOP)
        assert await outcomes([ask(functions, 2.0)]) == ["UNRESPONSIVE"]
        assert gone([pid])
        assert await outcomes([ask(functions, 3.0)]) == [[3.0]]


@in_loop
async def test_a_worker_that_died_between_requests_is_replaced(faults: Faults) -> None:
    faults.register(IDENTITY.format(pure=True))
    pid = faults.pid()
    async with served(faults) as functions:
        await functions.function("f")
        os.kill(pid, signal.SIGKILL)
        while not gone([pid]):
            await asyncio.sleep(0)
        assert await outcomes([ask(functions, 3.0)]) == [[3.0]]


@in_loop
async def test_functions_are_replaced_under_load_without_a_failure_or_a_mixed_batch(faults: Faults) -> None:
    """Each request has several rows: all of them are of one registration."""
    faults.register(SCALED.format(factor=1))
    async with served(faults) as functions:
        await functions.function("f")
        factors: list[float] = []
        ends = threading.Event()

        async def load() -> None:
            while not ends.is_set():
                await functions.function("f")
                answers = await ask(functions, 1.0, 10.0, 100.0)
                factor = answers.values[0]
                assert answers.values == [factor, 10 * factor, 100 * factor]
                factors.append(factor)

        loads = [asyncio.ensure_future(load()) for _ in range(16)]
        for factor in range(2, 5):
            faults.write(SCALED.format(factor=factor), "f.py")
            await asyncio.to_thread(faults.run, faults.registering(script="f.py"))
            while factors[-1:] != [float(factor)]:
                await asyncio.sleep(0)
        ends.set()
        await asyncio.gather(*loads)
    assert factors[0] == 1.0
    assert set(factors) == {1.0, 2.0, 3.0, 4.0}
    assert len(factors) == functions.meters["f"].requests
    assert functions.meters["f"].failed == 0


@in_loop
async def test_what_cancels_a_script_lets_requests_be(faults: Faults) -> None:
    faults.register(AT_13.format(what="import time; time.sleep(1000)"))
    async with served(faults) as functions:
        await functions.function("f")
        faults.session.functions.cancel()
        assert await outcomes([ask(functions, 1.0)]) == [[1.0]]


@in_loop
async def test_a_function_that_is_forgotten_is_not_served_any_more(faults: Faults) -> None:
    faults.register(IDENTITY.format(pure=True))
    pid = faults.pid()
    async with served(faults) as functions:
        await functions.function("f")
        assert functions.ready("f") is not None
        await asyncio.to_thread(faults.run, "unregister f;")
        assert functions.ready("f") is None
        with pytest.raises(UnknownName, match="there is no function 'f'"):
            await functions.function("f")
        await functions.close()
        assert gone([pid])


def shared(faults: Faults) -> Function:
    """The function f, with a share in its workers of the test's own."""
    functions = faults.session.functions
    spec = functions.spec("f")
    assert spec is not None
    return functions.share(spec)


def asked_for_rows(*values: float) -> pa.RecordBatch:
    return rows(*values).columns


def test_batches_that_are_sent_one_behind_the_other_are_answered_in_this_order(faults: Faults) -> None:
    faults.register(AT_13.format(what="raise ValueError('an unlucky row')"))
    function = shared(faults)
    asked = function.ask(asked_for_rows(1.0, 2.0))
    assert [asked.add(asked_for_rows(value)) for value in (3.0, 13.0, 4.0)] == [True] * 3
    assert asked.wait().to_pylist() == [1.0, 2.0]
    assert asked.wait().to_pylist() == [3.0]
    with pytest.raises(MlsqlError, match="an unlucky row"):
        asked.wait()
    assert not asked.over
    assert asked.wait().to_pylist() == [4.0]
    assert asked.over
    (entry,) = faults.session.roster.workers()
    assert (entry.activity.state, entry.activity.batches, entry.activity.rows) == ("idle", 3, 4)
    assert entry.activity.failures == 1
    function.close()


def test_batches_behind_one_that_crashes_the_worker_are_lost_with_it(faults: Faults) -> None:
    faults.register(AT_13.format(what="os.abort()"))
    function = shared(faults)
    asked = function.ask(asked_for_rows(13.0))
    asked.add(asked_for_rows(1.0))
    with pytest.raises(MlsqlError, match="CRASHED"):
        asked.wait()
    assert asked.over
    assert function.predict(asked_for_rows(1.0)).to_pylist() == [1.0]
    function.close()


def test_a_large_batch_is_not_sent_behind_another(faults: Faults) -> None:
    faults.register(IDENTITY.format(pure=True))
    function = shared(faults)
    asked = function.ask(asked_for_rows(1.0))
    assert not asked.add(asked_for_rows(*map(float, range(1 << 14))))
    assert asked.wait().to_pylist() == [1.0]
    assert asked.over
    function.close()


def test_nothing_is_sent_behind_a_batch_of_a_function_that_is_cancelled(faults: Faults) -> None:
    faults.register(IDENTITY.format(pure=True))
    function = shared(faults)
    asked = function.ask(asked_for_rows(1.0))
    cancelling = threading.Thread(target=function.cancel)
    cancelling.start()
    while asked.add(asked_for_rows(2.0)):
        asked.wait()
    with suppress(MlsqlError):
        asked.wait()
    cancelling.join()
    assert function.predict(asked_for_rows(3.0)).to_pylist() == [3.0]
    function.close()


def test_a_batch_that_was_answered_or_begun_behind_another_is_not_lost_with_it(faults: Faults) -> None:
    """The worker fails at the first, and dies of the second before anybody has looked at the first."""
    faults.register(AT_13.format(what="os._exit(3)").replace("def predict(model, batch):", FAILING_AT_7))
    function = shared(faults)
    pid = faults.pid()
    asked = function.ask(asked_for_rows(7.0))
    assert asked.add(asked_for_rows(13.0))
    while not gone([pid]):
        pass
    with pytest.raises(MlsqlError, match="it is 7"):
        asked.wait()
    assert not asked.over
    with pytest.raises(MlsqlError) as caught:
        asked.wait()
    assert caught.value.code == "SCRIPT_EXITED"
    assert asked.over
    function.close()


def test_a_batch_behind_one_that_exits_has_not_been_begun(faults: Faults) -> None:
    faults.register(AT_13.format(what="os._exit(3)"))
    function = shared(faults)
    asked = function.ask(asked_for_rows(13.0))
    asked.add(asked_for_rows(1.0))
    with pytest.raises(MlsqlError, match="SCRIPT_EXITED"):
        asked.wait()
    assert asked.over
    function.close()


FAILING_AT_7 = """def predict(model, batch):
        if 7.0 in batch.column(0).to_pylist():
            raise ValueError("it is 7")"""
