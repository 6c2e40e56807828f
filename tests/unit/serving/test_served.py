"""Functions of requests that cannot be opened."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.functions import FunctionSpec
from mlsql_engine.serving.limits import BatchLimits
from mlsql_engine.serving.opening_pace import OpeningPace
from mlsql_engine.serving.served import Served


class Loaded:
    def __init__(self, spec: FunctionSpec) -> None:
        self.spec = spec

    def drain(self) -> None:
        """Nothing."""


class Catalog:
    """The function f; `broken` registrations cannot be opened. Opening waits for `go`."""

    def __init__(self) -> None:
        self.spec_now = FunctionSpec("f", "/0", "python")
        self.broken: list[FunctionSpec] = []
        self.tries = 0
        self.go = threading.Event()
        self.go.set()

    def names(self) -> list[str]:
        return ["f"]

    def spec(self, name: str) -> FunctionSpec | None:
        return self.spec_now if name == "f" else None

    def share(self, spec: FunctionSpec) -> Any:
        self.tries += 1
        assert self.go.wait(30)
        if spec in self.broken:
            raise MlsqlError(f"no interpreter, try {self.tries}", code="CANNOT_START")
        return Loaded(spec)

    def renew(self) -> None:
        self.spec_now = FunctionSpec("f", self.spec_now.model + "1", "python")


def run(work: Callable[[Served, Catalog], Awaitable[None]]) -> list[str]:
    """What the event loop was told of that nobody retrieved."""
    told: list[str] = []

    async def all_of_it() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context["message"]))
        catalog = Catalog()
        with ThreadPoolExecutor(1) as executor:
            await work(Served(catalog, executor, BatchLimits()), catalog)
            gc.collect()

    asyncio.run(all_of_it())
    return told


async def refused(served: Served) -> str:
    with pytest.raises(MlsqlError) as caught:
        await served.function("f")
    assert caught.value.code == "CANNOT_START"
    return caught.value.message


def test_one_that_cannot_be_opened_is_tried_again_after_a_pause() -> None:
    async def work(served: Served, catalog: Catalog) -> None:
        now = 0.0
        served._pace = OpeningPace(lambda: now)
        catalog.broken.append(catalog.spec_now)
        together = await asyncio.gather(*(refused(served) for _ in range(3)))
        assert together == ["no interpreter, try 1"] * 3
        assert await refused(served) == "no interpreter, try 1"
        now = 1.0
        assert await refused(served) == "no interpreter, try 2"
        now = 2.9
        assert await refused(served) == "no interpreter, try 2"
        catalog.broken.clear()
        now = 3.0
        assert (await served.function("f")).spec is catalog.spec_now
        assert catalog.tries == 3

    assert run(work) == []


def test_the_old_one_stays_where_the_newer_cannot_be_opened(caplog: pytest.LogCaptureFixture) -> None:
    async def work(served: Served, catalog: Catalog) -> None:
        old = await served.function("f")
        catalog.renew()
        catalog.broken.append(catalog.spec_now)
        assert await served.function("f") is old
        await asyncio.wait(served._opening.values())
        for _ in range(3):
            assert await served.function("f") is old
        assert (catalog.tries, served._opening) == (2, {})
        catalog.renew()
        assert await served.function("f") is old
        assert (await served._opening["f"]).spec is catalog.spec_now

    with caplog.at_level(logging.WARNING):
        assert run(work) == []
    warning = "the newer f cannot be loaded, and the old one stays: no interpreter, try 2"
    assert [record.message for record in caplog.records] == [warning]


def test_the_error_of_a_request_that_has_gone() -> None:
    async def work(served: Served, catalog: Catalog) -> None:
        catalog.broken.append(catalog.spec_now)
        catalog.go.clear()
        asking = asyncio.ensure_future(served.function("f"))
        await asyncio.sleep(0)
        opening = served._opening["f"]
        asking.cancel()
        await asyncio.wait([asking])
        catalog.go.set()
        await asyncio.wait([opening])

    assert run(work) == []
