"""Queries in sandboxes: what they cannot reach, what they cannot take, and what becomes of their processes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.span import Source
from mlsql_engine.serving.answers import Answers
from mlsql_engine.serving.sandbox.client import Query
from mlsql_engine.serving.sandbox.limits import QueryLimits
from mlsql_engine.serving.sandbox.pool import Sandboxes
from stand_in_functions import StandInFunctions

LIMITS = QueryLimits(seconds=20.0, sandboxes=1)
ROWS = pa.record_batch({"a": [1, 2], "s": ["x", None]})


def later() -> float:
    return time.monotonic() + 60


@asynccontextmanager
async def sandboxes(limits: QueryLimits) -> AsyncIterator[Sandboxes]:
    made = Sandboxes(limits)
    try:
        yield made
    finally:
        await asyncio.to_thread(made.close)


class Asked:
    """A pool, and how to ask it."""

    def __init__(self, runner: asyncio.Runner, pool: Sandboxes) -> None:
        self.functions = StandInFunctions()
        self._runner = runner
        self._pool = pool

    def __call__(self, text: str, batch: pa.RecordBatch = ROWS) -> list[dict[str, Any]]:
        batches = self._runner.run(self.asking(text, batch))
        return [row for part in batches for row in part.to_pylist()]

    def asking(self, text: str, batch: pa.RecordBatch = ROWS) -> Awaitable[Any]:
        query = Query(Source("sql", text), self.functions.functions)
        return self._pool.rows(query, batch, self.predict, later())

    def predict(self, name: str, part: Any) -> Awaitable[Answers]:
        return self.functions.predict(name, part, later())

    def refused(self, text: str) -> str:
        with pytest.raises(MlsqlError) as caught:
            self(text)
        return f"{caught.value.code}: {caught.value.message}"


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[asyncio.Runner, Sandboxes]]:
    with asyncio.Runner() as runner:

        async def make() -> Sandboxes:
            return Sandboxes(LIMITS)

        pool = runner.run(make())
        yield runner, pool
        pool.close()


@pytest.fixture
def ask(running: tuple[asyncio.Runner, Sandboxes]) -> Asked:
    return Asked(*running)


def test_more_than_a_select_list(ask: Asked) -> None:
    assert ask("a + 1 as b, upper(s) where a < 2") == [{"b": 2, "upper(s)": "X"}]
    assert ask("with t as (select sum(a) as n from data) select n from t") == [{"n": 3}]
    assert ask("predict(a) * 2 as p where predict(a) > 1") == [{"p": 4.0}]
    assert ask("translate(predict(a) + 0.5) as t order by a desc") == [{"t": [2.5, 2.5]}, {"t": [1.5, 1.5]}]


def test_no_rows_are_left_for_the_next_request(ask: Asked) -> None:
    ask("a + 1", pa.record_batch({"a": [41]}))
    assert ask("count(*) as n, sum(b) as b", pa.record_batch({"b": [1]})) == [{"n": 1, "b": 1}]
    assert ask.refused("sum(a) as a from data where b > 0") == "UNKNOWN_COLUMN: there is no column 'b'"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("* from read_csv('/etc/passwd')", "UNKNOWN_TABLE_FUNCTION: there is no table function 'read_csv'"),
        ("* from '/etc/passwd'", "UNKNOWN_TABLE: there is no table '/etc/passwd'"),
        ("* from csv.`/etc/passwd`", "UNKNOWN_TABLE: there is no table 'csv./etc/passwd'"),
        ("* from duckdb_secrets()", "UNKNOWN_TABLE_FUNCTION: there is no table function 'duckdb_secrets'"),
        ("* from information_schema.tables", "UNKNOWN_TABLE: there is no table 'information_schema.tables'"),
        ("* from system.functions", "UNKNOWN_TABLE: there is no table 'system.functions'"),
        ("* from query('select 1')", "UNKNOWN_TABLE_FUNCTION: there is no table function 'query'"),
        ("read_text('/etc/passwd')", "NOT_ALLOWED: a request may not call read_text"),
        ("getenv('HOME')", "NOT_ALLOWED: a request may not call getenv"),
        ("current_setting('memory_limit')", "NOT_ALLOWED: a request may not call current_setting"),
        ("sleep_ms(1)", "NOT_ALLOWED: a request may not call sleep_ms"),
        ("a + pg_sleep(1)", "NOT_ALLOWED: a request may not call pg_sleep"),
        ("a; drop table data", "SYNTAX: the query is not Spark SQL: 'FROM' is not expected here"),
        ("copy data to '/tmp/leak'", "SYNTAX: the query is not Spark SQL: 'to' is not expected here"),
        ("attach '/tmp/x.db'", "SYNTAX: the query is not Spark SQL: ''/tmp/x.db'' is not expected here"),
        ("set memory_limit='10GB'", "SYNTAX: the query is not Spark SQL: '=' is not expected here"),
        ("data.__type", "SQL: a vector has no field '__type' that a query could reach"),
    ],
)
def test_what_a_query_cannot_reach(ask: Asked, text: str, error: str) -> None:
    assert ask.refused(text) == error


@pytest.mark.parametrize(
    "text",
    ["length(repeat('x', 2000000000))", "size(sequence(1, 300000000))", "collect_list(id) from range(100000000)"],
)
def test_memory_is_bounded(ask: Asked, text: str) -> None:
    assert ask.refused(text) == "QUERY_LIMIT: the query needs more memory than it may have"


def test_results_and_texts_are_bounded(ask: Asked) -> None:
    assert ask.refused("* from range(10000000)") == "QUERY_LIMIT: the result has more than 1,000,000 rows"
    assert ask.refused("a " * 60_000) == "QUERY_LIMIT: the query has more than 100,000 characters"
    assert ask("a * 2 as b") == [{"b": 2}, {"b": 4}]


def test_what_a_function_raises_is_placed_at_its_call(ask: Asked) -> None:
    with pytest.raises(MlsqlError) as caught:
        ask("a,\n two(a) + 1")
    assert (caught.value.code, caught.value.span and caught.value.span.text) == ("ARGUMENTS", "two")

    failure = MlsqlError("the worker fell over", code="CRASHED")
    broken = replace(ask.functions.functions["seen"], answer=_raising(failure))
    ask.functions.functions["seen"] = broken
    with pytest.raises(MlsqlError) as caught:
        ask("a, seen(a) || 'x' as b")
    assert caught.value is failure
    assert failure.span is not None
    assert failure.span.text == "seen"


def _raising(error: Exception) -> Callable[[pa.RecordBatch], pa.Array]:
    def answer(_batch: pa.RecordBatch) -> pa.Array:
        raise error

    return answer


def test_a_function_that_is_registered_anew(ask: Asked) -> None:
    one = replace(ask.functions.functions["predict"], answer=lambda batch: pa.array([1.0] * batch.num_rows))
    ask.functions.functions["predict"] = one
    assert ask("predict(a) + 0 as p") == [{"p": 1.0}, {"p": 1.0}]
    ask.functions.functions["predict"] = replace(one, answer=lambda batch: pa.array([2.0] * batch.num_rows))
    assert ask("predict(a) + 0 as p") == [{"p": 2.0}, {"p": 2.0}]


ENDLESS = "with recursive t as (select 1 as n union all select n + 1 from t) select max(n) as n from t"


def test_time_is_bounded_and_the_next_query_works() -> None:
    async def run() -> None:
        async with sandboxes(replace(LIMITS, seconds=2.0)) as pool:
            await pool.warm()
            with pytest.raises(MlsqlError) as caught:
                await pool.rows(Query(Source("sql", ENDLESS), {}), ROWS, StandInFunctions().predict, later())
            assert (caught.value.code, caught.value.message) == ("QUERY_LIMIT", "the query did not end in 2 s")
            await pool.warm()
            made = await pool.rows(
                Query(Source("sql", "a + 1 as b"), {}), ROWS, StandInFunctions().predict, later()
            )
            assert made[0].to_pylist() == [{"b": 2}, {"b": 3}]

    asyncio.run(run())


def test_a_query_that_waits_for_its_turn() -> None:
    async def run() -> None:
        async with sandboxes(replace(LIMITS, waiting=1)) as pool:
            await pool.warm()
            asked = Asked(None, pool)  # type: ignore[arg-type]
            endless = asyncio.ensure_future(asked.asking(ENDLESS))
            await asyncio.sleep(0)
            now = time.monotonic()
            waiting = asyncio.ensure_future(pool.rows(Query(Source("sql", "a"), {}), ROWS, asked.predict, now))
            await asyncio.sleep(0)
            with pytest.raises(MlsqlError) as caught:
                await asked.asking("a + 1")
            assert (caught.value.code, caught.value.message) == ("OVERLOADED", "1 queries wait already")
            with pytest.raises(MlsqlError) as caught:
                await waiting
            assert caught.value.code == "DEADLINE"
            endless.cancel()
            with pytest.raises(asyncio.CancelledError):
                await endless
            # The sandbox is free as soon as its process has ended.
            assert (await asked.asking("a + 1 as b"))[0].to_pylist() == [{"b": 2}, {"b": 3}]

    asyncio.run(run())


def test_a_process_that_dies() -> None:
    async def run() -> None:
        async with sandboxes(LIMITS) as pool:
            await pool.warm()
            pool._idle[0]._process.kill()
            with pytest.raises(MlsqlError) as caught:
                await pool.rows(Query(Source("sql", "a"), {}), ROWS, StandInFunctions().predict, later())
            assert caught.value.message == "the query ended its engine: it needs more memory than it may have"
            made = await pool.rows(Query(Source("sql", "a"), {}), ROWS, StandInFunctions().predict, later())
            assert made[0].num_rows == 2

    asyncio.run(run())
