"""The sandboxes of a server: a few warm processes, each for one query at a time, which has a bound of time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, Generic, TypeVar

import pyarrow as pa

from mlsql_engine.core.errors import InternalError, MlsqlError
from mlsql_engine.serving.functions import Predict
from mlsql_engine.serving.overload import TryLater
from mlsql_engine.serving.sandbox.client import Asking, Ended, Query, Sandbox
from mlsql_engine.serving.sandbox.engine import Bound
from mlsql_engine.serving.sandbox.limits import QueryLimits, too_much

Result = TypeVar("Result")

_AGAIN_SECONDS = 1.0
_MOST_USES = 10_000
"""After so many queries a process is replaced by a new one."""


class Sandboxes:
    """Runs queries of requests. Belongs to one event loop; its threads wait for the processes."""

    def __init__(self, limits: QueryLimits) -> None:
        self._limits = limits
        self._threads = ThreadPoolExecutor(limits.sandboxes, thread_name_prefix="mlsql-sandbox")
        self._free = asyncio.Semaphore(limits.sandboxes)
        self._waiting = 0
        self._idle: list[Sandbox] = []
        self._starting: set[Sandbox] = set()
        self._runs: set[_Run[Any]] = set()
        self._closed = False

    async def bind(self, query: Query, schema: pa.Schema, predict: Predict, deadline: float) -> Bound:
        """What an engine makes of a query of rows of that schema. Raises as `rows` does."""
        return await self._run(
            lambda sandbox, asking: sandbox.bind(query, schema, asking), query, predict, deadline
        )

    async def rows(
        self, query: Query, batch: pa.RecordBatch, predict: Predict, deadline: float
    ) -> list[pa.RecordBatch]:
        """The rows that a query makes of those of a batch: at least one batch.

        `deadline` is a time of `time.monotonic`. Raises what the engine refuses, what `predict` raises, QUERY_LIMIT
        for a query that takes too much, and OVERLOADED or DEADLINE where it does not get its turn.
        """
        return await self._run(lambda sandbox, asking: sandbox.rows(query, batch, asking), query, predict, deadline)

    async def warm(self) -> None:
        """Have a process ready: it takes a while to start, which the first request need not wait for.

        Raises Ended where it does not start.
        """
        await asyncio.get_running_loop().run_in_executor(self._threads, lambda: self._give(self._take()))

    async def _run(
        self, work: Callable[[Sandbox, Asking], Result], query: Query, predict: Predict, deadline: float
    ) -> Result:
        if len(query.source.text) > self._limits.characters:
            raise too_much(f"the query has more than {self._limits.characters:,} characters", query.span)
        await self._turn(deadline)
        loop = asyncio.get_running_loop()
        seconds = self._limits.seconds
        run = _Run(self._take, self._give, self._end, work)
        asking = partial(_asking, predict, loop, deadline, seconds)
        future: asyncio.Future[Result] = loop.run_in_executor(self._threads, run, asking)
        self._runs.add(run)

        def ended(future: asyncio.Future[Result]) -> None:
            self._runs.discard(run)
            self._free.release()
            if not future.cancelled():
                future.exception()  # of a query that nobody waits for any more

        future.add_done_callback(ended)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            run.stop()
            raise
        except TimeoutError:
            if time.monotonic() >= deadline:
                raise too_late() from None
            raise too_much(f"the query did not end in {seconds:g} s", query.span) from None
        except Ended:
            raise too_much(
                "the query ended its engine: it needs more memory than it may have", query.span
            ) from None

    async def _turn(self, deadline: float) -> None:
        """Wait until a sandbox is free."""
        if self._free.locked():
            if self._waiting >= self._limits.waiting:
                raise TryLater(
                    f"{self._waiting} queries wait already",
                    "OVERLOADED",
                    "try again a little later",
                    _AGAIN_SECONDS,
                )
            self._waiting += 1
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    await self._free.acquire()
            except TimeoutError:
                raise too_late() from None
            finally:
                self._waiting -= 1
        else:
            await self._free.acquire()

    def _take(self) -> Sandbox:
        try:
            return self._idle.pop()
        except IndexError:
            sandbox = Sandbox(self._limits)
        self._starting.add(sandbox)
        if self._closed:
            sandbox.kill()
        try:
            sandbox.start()
        finally:
            self._starting.discard(sandbox)
        return sandbox

    def _give(self, sandbox: Sandbox) -> None:
        if self._closed or sandbox.uses >= _MOST_USES:
            self._end(sandbox)
        else:
            self._idle.append(sandbox)

    def _end(self, sandbox: Sandbox) -> None:
        """End a process, and have another ready for the next query."""
        sandbox.close()
        if not self._closed:
            with suppress(RuntimeError):  # the threads have been told to end
                self._threads.submit(self._renew)

    def _renew(self) -> None:
        if not self._idle:
            with suppress(Ended):  # whoever needs one is told
                self._give(self._take())

    def close(self) -> None:
        """End the processes; queries that are under way fail."""
        self._closed = True
        for run in self._runs:
            run.stop()
        for sandbox in list(self._starting):
            sandbox.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        while self._idle:
            self._idle.pop().close()


class _Run(Generic[Result]):
    """One piece of work in a sandbox, by a thread; the sandbox is used again if it may be."""

    def __init__(
        self,
        take: Callable[[], Sandbox],
        give: Callable[[Sandbox], None],
        end: Callable[[Sandbox], None],
        work: Callable[[Sandbox, Asking], Result],
    ) -> None:
        self._take, self._give, self._end, self._work = take, give, end, work
        self._lock = threading.Lock()
        self._sandbox: Sandbox | None = None
        self._stopped = False

    def __call__(self, asking: Callable[[], Asking]) -> Result:
        sandbox = self._take()
        with self._lock:
            self._sandbox = sandbox
            stopped = self._stopped
        sound = False
        try:
            if stopped:
                raise Ended
            result = self._work(sandbox, asking())
            sound = True
        except MlsqlError as error:
            sound = not isinstance(error, InternalError)
            raise
        finally:
            with self._lock:
                self._sandbox = None
            # What was killed, took too long, or failed in a way that nobody foresaw, is not used again.
            if sound and not self._stopped:
                self._give(sandbox)
            else:
                self._end(sandbox)
        return result

    def stop(self) -> None:
        """Have the work fail at once."""
        with self._lock:
            self._stopped = True
            if self._sandbox is not None:
                self._sandbox.kill()


def _asking(predict: Predict, loop: asyncio.AbstractEventLoop, deadline: float, seconds: float) -> Asking:
    """How functions are asked by a query whose time begins now."""
    return Asking(predict, loop, min(deadline, time.monotonic() + seconds))


def too_late() -> MlsqlError:
    """The error of a request whose time is over."""
    return MlsqlError("the request was not answered in the time that it had", code="DEADLINE")
