"""The answers to one request, as a part of those to a batch."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import pyarrow as pa


class BatchAnswers:
    """The answers to a batch; `array` as Arrow has them, `function` what gave them."""

    def __init__(self, array: pa.Array, function: object) -> None:
        self.array = array
        self.function = function

    @cached_property
    def values(self) -> list[Any]:
        """The same as Python's values; made once for all requests of the batch."""
        array = self.array
        if array.null_count == 0 and (pa.types.is_floating(array.type) or pa.types.is_integer(array.type)):
            return array.to_numpy().tolist()  # type: ignore[no-any-return]
        return array.to_pylist()  # type: ignore[no-any-return]


class Answers(NamedTuple):
    """The answers from `start` to before `end` of a batch."""

    whole: BatchAnswers
    start: int
    end: int

    @property
    def array(self) -> pa.Array:
        """As Arrow has them."""
        return self.whole.array.slice(self.start, self.end - self.start)

    @property
    def values(self) -> list[Any]:
        """As Python's values."""
        return self.whole.values[self.start : self.end]
