from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mlsql_engine.core.errors import UnknownName
from mlsql_engine.core.functions import FunctionSpec
from mlsql_engine.serving import versions
from mlsql_engine.serving.limits import BatchLimits
from mlsql_engine.serving.served import Served
from mlsql_engine.serving.versions import Versions


def spec_of(number: int | None) -> FunctionSpec:
    return FunctionSpec("f", f"/model/{number}", "python", version=number)


class Loaded:
    """A function that is loaded until it is drained."""

    def __init__(self, catalog: Catalog, spec: FunctionSpec) -> None:
        self.catalog, self.spec = catalog, spec

    def drain(self) -> None:
        self.catalog.loaded.remove(self.spec.version)
        self.catalog.ended.set()


class Catalog:
    """The functions of a session: `f`, of the last of the versions, or of no model."""

    def __init__(self, numbers: list[int]) -> None:
        self.known = numbers
        self.registered = spec_of(numbers[-1] if numbers else None)
        self.loaded: list[int | None] = []
        self.asked: list[int] = []
        self.ended = threading.Event()

    def names(self) -> list[str]:
        return ["f"]

    def spec(self, name: object) -> Any:
        if isinstance(name, int):  # of a version of its model
            self.asked.append(name)
            return spec_of(name)
        return self.registered if name == "f" else None

    def numbers(self) -> list[int]:
        return self.known

    def versions(self, name: str) -> Catalog | None:
        return self if name.lower() == "f" and self.known else None

    def share(self, spec: FunctionSpec) -> Loaded:
        self.loaded.append(spec.version)
        return Loaded(self, spec)


def run(catalog: Catalog, work: Callable[[Versions], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        with ThreadPoolExecutor(1) as executor:
            served = Served(catalog, executor, BatchLimits())  # type: ignore[arg-type]
            await work(Versions(catalog, served, executor, BatchLimits()))  # type: ignore[arg-type]

    asyncio.run(all_of_it())


def test_a_version_is_loaded_once_when_it_is_asked_for() -> None:
    catalog = Catalog([0, 1, 2])

    async def work(found: Versions) -> None:
        assert await found.numbers("F") == ["0", "1", "2"]
        _, name, function = await found.find("F", "2")
        assert (name, function.spec.version) == ("F", 2)
        for _ in range(2):
            served, name, function = await found.find("F", "0")
            assert (name, function.spec.version) == ("f@0", 0)
            assert served.ready(name) is function
        assert catalog.asked == [0]
        assert catalog.loaded == [2, 0]

    run(catalog, work)


def test_a_version_that_is_not_there() -> None:
    async def work(found: Versions) -> None:
        for version in ("3", "01", "-1", "newest"):
            with pytest.raises(UnknownName) as caught:
                await found.find("f", version)
            assert caught.value.code == "UNKNOWN_MODEL_VERSION"
            assert caught.value.message == f"the function f has no version '{version}'"
            assert caught.value.hint == "its versions: 0, 1"
        with pytest.raises(UnknownName, match="there is no function 'g'"):
            await found.find("g", "1")
        with pytest.raises(UnknownName, match="there is no function 'g'"):
            await found.numbers("g")

    run(Catalog([0, 1]), work)


def test_a_function_of_no_model_has_version_1() -> None:
    async def work(found: Versions) -> None:
        assert await found.numbers("f") == ["1"]
        _, name, _ = await found.find("f", "1")
        assert name == "f"
        with pytest.raises(UnknownName) as caught:
            await found.find("f", "0")
        assert caught.value.hint == "its versions: 1"

    run(Catalog([]), work)


def test_the_version_that_was_asked_for_longest_ago_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "MOST", 2)
    catalog = Catalog([0, 1, 2, 3])

    async def work(found: Versions) -> None:
        for version in ("0", "1", "0", "2"):
            await found.find("f", version)
        assert await asyncio.to_thread(catalog.ended.wait, 30)
        assert catalog.loaded == [3, 0, 2]
        await found.find("f", "1")
        assert catalog.asked == [0, 1, 2, 1]

    run(catalog, work)


def test_versions_of_another_model_under_the_same_name() -> None:
    catalog, other = Catalog([0, 1]), Catalog([0, 1])

    async def work(found: Versions) -> None:
        await found.find("f", "0")
        catalog.versions = other.versions  # type: ignore[method-assign]
        _, _, function = await found.find("f", "0")
        assert other.asked == [0]
        assert function.spec.version == 0

    run(catalog, work)
