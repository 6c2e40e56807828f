"""Functions of a session for tests of serving, without workers: what they answer tells what they were given."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from mlsql_engine.core.errors import UnknownName
from mlsql_engine.core.functions import Described, FunctionSpec
from mlsql_engine.serving.answers import Answers, BatchAnswers
from mlsql_engine.serving.parts import Part
from mlsql_sdk import accepted, type_names


@dataclass(frozen=True, eq=False)
class StandIn:
    """A function that answers with `answer` of the batch."""

    described: Described
    answer: Callable[[pa.RecordBatch], pa.Array]
    spec: FunctionSpec = field(default=FunctionSpec("f", "", ""))


def seen(batch: pa.RecordBatch) -> pa.Array:
    """The types and values of each row's arguments, as text."""
    kinds = [type_names.type_name(kind) for kind in batch.schema.types]
    return pa.array(
        [json.dumps([kinds, list(row.values())], default=str) for row in batch.to_pylist()], pa.string()
    )


def total(batch: pa.RecordBatch) -> pa.Array:
    """A sum that tells each row's numbers apart, however they are given; NULL where one is NULL."""
    return pa.array([_total(list(row.values())) for row in batch.to_pylist()], pa.float64())


def _total(arguments: list[Any]) -> float | None:
    """The sum of each number times its place, from 1; one array or vector stands for its numbers."""
    given = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], list | dict) else arguments
    if isinstance(given, dict) and "values" not in given:
        given = list(given.values())
    places: Any = itertools.count()
    if isinstance(given, dict):
        places, given = given["indices"] or places, given["values"]
    numbers = [(place + 1, number) for place, number in zip(places, given, strict=False)]
    if any(number is None for _, number in numbers):
        return None
    return float(sum(place * number for place, number in numbers))


def doubled(batch: pa.RecordBatch) -> pa.Array:
    """An array of the total, twice."""
    sums = total(batch).to_pylist()
    return pa.array([None if one is None else [one, one] for one in sums], pa.list_(pa.float64()))


def described(contract: str, kind: pa.DataType, features: int | None = None, **more: Any) -> Described:
    """What a function says of itself that takes so many numbers, or anything."""
    takes = None if features is None else accepted.features(features or None)
    return Described(contract, kind, accepted=takes, title="the function", **more)


FUNCTIONS: Mapping[str, StandIn] = {
    "seen": StandIn(described("row", pa.string()), seen),
    "predict": StandIn(described("estimator", pa.float64(), 0), total),
    "two": StandIn(described("estimator", pa.float64(), 2), total),
    "translate": StandIn(described("batch", pa.list_(pa.float64())), doubled),
}


class StandInFunctions:
    """`asked` are the calls: the function, how its rows came, and their number."""

    def __init__(self, functions: Mapping[str, StandIn] = FUNCTIONS) -> None:
        self.functions = dict(functions)
        self.asked: list[tuple[str, str, int]] = []

    def names(self) -> frozenset[str]:
        """Every name."""
        return frozenset(self.functions)

    def ready(self, name: str) -> StandIn | None:
        """The function."""
        return self.functions.get(name)

    async def function(self, name: str) -> StandIn:
        """The function."""
        if name not in self.functions:
            raise UnknownName("function", name, self.functions)
        return self.functions[name]

    def predict(self, name: str, part: Part, deadline: float) -> asyncio.Future[Answers]:
        """The answers, at once."""
        batch = part.batch([part])
        self.asked.append((name, type(part).__name__, batch.num_rows))
        future: asyncio.Future[Answers] = asyncio.get_running_loop().create_future()
        try:
            array = self.functions[name].answer(batch)
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            future.set_exception(error)
        else:
            future.set_result(Answers(BatchAnswers(array, self), 0, batch.num_rows))
        return future
