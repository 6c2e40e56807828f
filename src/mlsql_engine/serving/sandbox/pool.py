"""The sandboxes of a server: a few warm engines, each for one request at a time, which has a bound of time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

import pyarrow as pa

from mlsql_engine.core.errors import InternalError, MlsqlError
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.core.text import Text
from mlsql_engine.serving.asked_functions import Asking
from mlsql_engine.serving.functions import Functions, Predict
from mlsql_engine.serving.sandbox import Bound, QueryLimits, Sandbox, too_much

Result = TypeVar("Result")

_INTERRUPT_SECONDS = 0.05
_MOST_USES = 1_000
"""After so many requests an engine is replaced by a new one."""


class Sandboxes:
    """Runs queries of requests. Belongs to one event loop; its threads do what takes time."""

    def __init__(self, limits: QueryLimits) -> None:
        self._limits = limits
        self._scratch = Scratch()
        self._threads = ThreadPoolExecutor(limits.sandboxes, thread_name_prefix="mlsql-sandbox")
        self._free = asyncio.Semaphore(limits.sandboxes)
        self._waiting = 0
        self._idle: list[Sandbox] = []
        self._ending: set[asyncio.Future[None]] = set()
        self._closed = False

    async def bind(self, query: Text, schema: pa.Schema, functions: Functions, deadline: float) -> Bound:
        """What an engine makes of a query of rows of that schema. Raises what it refuses, and as `rows` does."""
        return await self._run(lambda sandbox: sandbox.bind(query, schema, functions), query, deadline)

    async def rows(
        self, query: Text, batch: pa.RecordBatch, functions: Functions, predict: Predict, deadline: float
    ) -> list[pa.RecordBatch]:
        """The rows that a query makes of those of a batch, at least one batch, of public types.

        `deadline` is a time of `time.monotonic`. Raises what the engine refuses, what `predict` raises, QUERY_LIMIT
        for a query that takes too much, and OVERLOADED or DEADLINE where it does not get its turn.
        """
        asking = Asking(predict, asyncio.get_running_loop())
        return await self._run(lambda sandbox: sandbox.rows(query, batch, functions, asking), query, deadline)

    async def warm(self) -> None:
        """Have an engine ready: the first takes a while, which the first request need not wait for."""
        await asyncio.get_running_loop().run_in_executor(self._threads, lambda: self._give(self._take()))

    async def _run(self, work: Callable[[Sandbox], Result], query: Text, deadline: float) -> Result:
        await self._turn(deadline)
        run = _Run(self._take, self._give, work)
        until = min(deadline, time.monotonic() + self._limits.seconds)
        future: asyncio.Future[Result] = asyncio.get_running_loop().run_in_executor(self._threads, run)
        future.add_done_callback(lambda _future: self._free.release())
        try:
            await asyncio.wait([future], timeout=max(0.0, until - time.monotonic()))
            if future.done():
                return future.result()
        except asyncio.CancelledError:
            ending = asyncio.ensure_future(_end(run, future))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
            raise
        await _end(run, future)
        if until == deadline:
            raise _too_late()
        raise too_much(f"the query did not end in {self._limits.seconds:g} s", query)

    async def _turn(self, deadline: float) -> None:
        """Wait until a sandbox is free."""
        if not self._free.locked():
            await self._free.acquire()
            return
        if self._waiting >= self._limits.waiting:
            error = MlsqlError(
                f"{self._waiting} queries wait already", code="OVERLOADED", hint="try again a little later"
            )
            error.retry_after = 1  # type: ignore[attr-defined]
            raise error
        self._waiting += 1
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                await self._free.acquire()
        except TimeoutError:
            raise _too_late() from None
        finally:
            self._waiting -= 1

    def _take(self) -> Sandbox:
        try:
            return self._idle.pop()
        except IndexError:
            return Sandbox(self._scratch, self._limits)

    def _give(self, sandbox: Sandbox) -> None:
        if self._closed or sandbox.uses >= _MOST_USES:
            sandbox.close()
        else:
            self._idle.append(sandbox)

    def close(self) -> None:
        """End the engines; those that work end when they are done."""
        self._closed = True
        self._threads.shutdown(wait=True, cancel_futures=True)
        while self._idle:
            self._idle.pop().close()
        self._scratch.close()


async def _end(run: _Run[Any], future: asyncio.Future[Any]) -> None:
    """Interrupt again and again until it has ended: it may not have begun when it is first interrupted."""
    while not future.done():
        run.stop()
        await asyncio.wait([future], timeout=_INTERRUPT_SECONDS)
    if not future.cancelled():
        future.exception()


class _Run(Generic[Result]):
    """One piece of work in a sandbox, by a thread; the sandbox is used again if it may be."""

    def __init__(
        self, take: Callable[[], Sandbox], give: Callable[[Sandbox], None], work: Callable[[Sandbox], Result]
    ) -> None:
        self._take, self._give, self._work = take, give, work
        self._lock = threading.Lock()
        self._sandbox: Sandbox | None = None
        self._stopped = False

    def __call__(self) -> Result:
        sandbox = self._take()
        sound = False
        try:
            with self._lock:
                self._sandbox = sandbox
            result = self._work(sandbox)
            sound = True
        except MlsqlError as error:
            sound = not isinstance(error, InternalError)
            raise
        finally:
            with self._lock:
                self._sandbox = None
            # What was interrupted, or failed in a way that nobody foresaw, is not used again.
            if sound and not self._stopped:
                self._give(sandbox)
            else:
                sandbox.close()
        return result

    def stop(self) -> None:
        """Make the work fail soon."""
        with self._lock:
            self._stopped = True
            if self._sandbox is not None:
                self._sandbox.interrupt()


def _too_late() -> MlsqlError:
    return MlsqlError("the request was not answered in the time that it had", code="DEADLINE")
