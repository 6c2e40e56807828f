"""Versions of models beside the registered one, which are loaded when a request asks for them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from mlsql_engine.core.errors import UnknownName
from mlsql_engine.core.functions import FunctionSpec, ModelVersions
from mlsql_engine.serving.limits import BatchLimits
from mlsql_engine.serving.served import CLOSING_SECONDS, Served, ServedFunction, version_of
from mlsql_engine.workers.catalog import Functions
from mlsql_engine.workers.function import Function

MOST: Final = 16
"""So many versions that are not registered are kept loaded; the one that was asked for longest ago goes first."""


class _Catalog:
    """The functions of versions that are kept, by name@version."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self.kept: OrderedDict[str, tuple[ModelVersions, FunctionSpec]] = OrderedDict()

    def names(self) -> Collection[str]:
        return list(self.kept)

    def spec(self, name: str) -> FunctionSpec | None:
        found = self.kept.get(name)
        return None if found is None else found[1]

    def share(self, spec: FunctionSpec) -> Function:
        return self._functions.share(spec)


class Versions:
    """The functions of a session by name and version. Belongs to one event loop.

    `others` serves the versions that are not registered, by name@version. A version's workers are ended as those of
    every function: when nobody asked for long, or there are too many.
    """

    def __init__(
        self, functions: Functions, served: Served, executor: ThreadPoolExecutor, limits: BatchLimits
    ) -> None:
        self._functions = functions
        self._registered = served
        self._executor = executor
        self._catalog = _Catalog(functions)
        self.others = Served(self._catalog, executor, limits)

    async def numbers(self, name: str) -> list[str]:
        """The versions that there are of a function. Raises UnknownName and ModelProblem."""
        current = await self._registered.function(name)
        versions = self._functions.versions(name)
        if versions is None:
            return [version_of(current.spec)]
        loop = asyncio.get_running_loop()
        return [str(number) for number in await loop.run_in_executor(self._executor, versions.numbers)]

    async def find(self, name: str, version: str) -> tuple[Served, str, ServedFunction]:
        """The function of a version, what serves it, and the name that it has there.

        Raises UnknownName for a version that is not there, and what loading it raises.
        """
        current = await self._registered.function(name)
        if version == version_of(current.spec):
            return self._registered, name, current
        key = await self._keep(name, version)
        return self.others, key, await self.others.function(key)

    async def _keep(self, name: str, version: str) -> str:
        """What the version is called in the catalog, where it is from now on."""
        key = f"{name.lower()}@{version}"
        versions = self._functions.versions(name)
        kept = self._catalog.kept
        if key in kept and kept[key][0] is versions:
            kept.move_to_end(key)
            return key
        known = await self.numbers(name)
        if versions is None or version not in known:
            raise _unknown(name, version, known)
        spec = await asyncio.get_running_loop().run_in_executor(self._executor, versions.spec, int(version))
        kept[key] = (versions, spec)
        while len(kept) > MOST:
            oldest, _ = kept.popitem(last=False)
            with suppress(UnknownName):  # served no more
                await self.others.function(oldest)
            self.others.meters.pop(oldest, None)
        return key

    async def close(self, seconds: float = CLOSING_SECONDS) -> None:
        """Need their workers no more. See Served.close."""
        await self.others.close(seconds)


def _unknown(name: str, version: str, known: list[str]) -> UnknownName:
    error = UnknownName("model version", version, known)
    error.message = f"the function {name} has no version '{version}'"
    error.hint = f"its versions: {', '.join(known)}"
    return error
