"""The session's functions inside a sandbox: its engine asks, and the server that it belongs to answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa

from mlsql_engine.core.functions import Described
from mlsql_sdk.accepted import Accepted, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlsql_sdk.failures import ContractError

Arguments: TypeAlias = tuple[str, tuple[pa.DataType, ...]]
"""A function, and the types of its arguments in one call."""

Ask: TypeAlias = Callable[[str, pa.RecordBatch], pa.Array]
"""Asks a function, by its name, for one value per row; safe for several threads."""


class AskedFunctions:
    """A FunctionCatalog of functions that are asked elsewhere.

    `arguments` are the types of what the engine, when it took a query, found given to the functions.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._functions: dict[str, tuple[int, AskedFunction]] = {}
        self.arguments: list[Arguments] = []

    def names(self) -> frozenset[str]:
        """See FunctionCatalog."""
        return frozenset(self._functions)

    def predictor(self, name: str) -> AskedFunction:
        """See FunctionCatalog."""
        return self._functions[name.lower()][1]

    def update(self, functions: Mapping[str, tuple[int, Described]]) -> tuple[list[str], list[str]]:
        """Know these functions, by their names in lower case, and no others.

        The number tells one registration of a function from another. Gives the names of those that are gone, and
        of those that are new; one that was registered anew is both.
        """
        gone = [name for name, (number, _) in self._functions.items() if functions.get(name, (None,))[0] != number]
        for name in gone:
            del self._functions[name]
        new = [name for name in functions if name not in self._functions]
        for name in new:
            number, described = functions[name]
            self._functions[name] = number, AskedFunction(name, described, self._ask, self.arguments)
        return gone, new


class AskedFunction:
    """A Predictor that asks elsewhere."""

    workers = 1

    def __init__(self, name: str, described: Described, ask: Ask, arguments: list[Arguments]) -> None:
        self._name = name
        self._ask = ask
        self.description = replace(described, accepted=_Watched.of(name, described, arguments))

    def predict(self, batch: pa.RecordBatch) -> pa.Array:
        """See core.functions.Predictor."""
        return self._ask(self._name, batch)

    def cancel(self) -> None:
        """Nothing: a sandbox that is to end is killed."""

    def close(self) -> None:
        """Nothing: who answers closes it."""


class _Watched(Accepted):
    """What a function takes, which notes the types that it is asked about."""

    _name: str
    _arguments: list[Arguments]

    @classmethod
    def of(cls, name: str, described: Described, arguments: list[Arguments]) -> _Watched:
        """What the function takes; anything where it does not say."""
        anything = Accepted("", "", (Place("", ""),), 0, None, spread=False, lone=True)
        made = cls(*(described.accepted or anything))
        made._name, made._arguments = name, arguments
        return made

    def problem(self, fields: Sequence[tuple[str, pa.DataType]]) -> ContractError | None:
        """See Accepted.problem."""
        self._arguments.append((self._name, tuple(kind for _, kind in fields)))
        return super().problem(fields)
