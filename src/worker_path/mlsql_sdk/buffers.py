"""Rows and buffers as aggregates of Spark know them: places counted from 0, read by getters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Row:
    """The arguments of one row."""

    def __init__(self, content: Sequence[Any] = ()) -> None:
        self._content = list(content)

    def get(self, place: int) -> Any:
        """The value at a place; None for NULL. IndexError where there is none."""
        if not 0 <= place < len(self._content):
            raise IndexError(f"there is nothing at place {place}: it holds {len(self._content)} values")
        return self._content[place]

    # Spark's names: the values are Python's, whatever the getter is called.
    apply = getAs = getBoolean = getByte = getShort = getInt = getLong = getFloat = getDouble = get  # noqa: N815
    getString = getDecimal = getDate = getTimestamp = getSeq = getList = getMap = getJavaMap = getStruct = get  # noqa: N815
    __getitem__ = get

    def isNullAt(self, place: int) -> bool:  # noqa: N802
        """Whether the value at a place is NULL."""
        return self.get(place) is None

    def __len__(self) -> int:
        return len(self._content)

    size = length = __len__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._content!r})"


class Buffer(Row):
    """The state of one group: it grows to the places that `update` names."""

    def update(self, place: int, value: Any) -> None:
        """Put a value at a place."""
        if place < 0:
            raise IndexError(f"a buffer has no place {place}")
        self._content.extend([None] * (place + 1 - len(self._content)))
        self._content[place] = value

    __setitem__ = update
