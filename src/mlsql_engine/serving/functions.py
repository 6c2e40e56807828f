"""What a query of a request needs of the session's functions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Protocol, TypeAlias

from mlsql_engine.core.functions import Described, FunctionSpec
from mlsql_engine.serving.answers import Answers
from mlsql_engine.serving.parts import Part

Predict: TypeAlias = Callable[[str, Part], Awaitable[Answers]]
"""Asks a function, by its name in lower case, for the answers to some rows. Belongs to the event loop."""


class Opened(Protocol):
    """One registration of a function, loaded. Another registration is another object."""

    @property
    def spec(self) -> FunctionSpec:
        """What was registered."""

    @property
    def described(self) -> Described:
        """What it says of itself."""


class SessionFunctions(Protocol):
    """The functions of a session; belongs to the event loop."""

    def names(self) -> Collection[str]:
        """Those that there are, in lower case."""

    def ready(self, name: str) -> Opened | None:
        """The function if it is loaded and the newest."""

    async def function(self, name: str) -> Opened:
        """The function of that name. Raises UnknownName, and what loading it raises."""

    def predict(self, name: str, part: Part, deadline: float) -> Awaitable[Answers]:
        """The answers for some rows, until `deadline`, a time of `time.monotonic`."""
