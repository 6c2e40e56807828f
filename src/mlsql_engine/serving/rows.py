"""The rows that a request brings as JSON, as a record batch.

A number is a bigint where all of a column are whole, else a double; an object is a struct, a key that is missing in
some rows is NULL there, and what is NULL or empty in all rows is taken for numbers. Strings stay strings.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
import pyarrow as pa

from mlsql_engine.core import vectors
from mlsql_engine.core.errors import BadValue

FEATURE: Final = "feature"
"""The column of what is no row."""

_UNKNOWN: Final = pa.int32()
_DEEPEST: Final = 32
NUMBERS: Final = frozenset({int, float})
_WORDS: Final[dict[type, str]] = {
    int: "a number",
    float: "a number",
    str: "a string",
    bool: "true or false",
    list: "an array",
    dict: "an object",
    type(None): "null",
}

RowOf = Callable[[int], int]


def objects(data: Sequence[Any]) -> pa.RecordBatch:
    """Rows of an array of objects. Raises BadValue, which names the row, from 1, and the key."""
    if set(map(type, data)) - {dict}:
        raise _not_all(data, dict, 'with dataType=row, data is an array of objects: [{"a": 1}, …]')
    names, columns = _fields(data, "", lambda row: row, 0)
    if data and not names:
        raise wrong("data: the rows have no keys")
    return pa.RecordBatch.from_arrays(columns, names=names)


def strings(data: Sequence[Any]) -> pa.RecordBatch:
    """Rows of an array of strings, or null. Raises BadValue."""
    if set(map(type, data)) - {str, type(None)}:
        raise _not_all(data, str, 'with dataType=string, data is an array of strings: ["a", …]')
    return pa.RecordBatch.from_arrays([pa.array(data, pa.string())], names=[FEATURE])


def _fields(values: Sequence[Any], path: str, row_of: RowOf, depth: int) -> tuple[list[str], list[pa.Array]]:
    """The names and columns of objects, None among them."""
    names = dict.fromkeys(values[0]) if len(values) == 1 and values[0] is not None else _names(values)
    lower: dict[str, str] = {}
    for name in names:
        other = lower.setdefault(name.lower(), name)
        if other != name or not name or name in vectors.FIELDS:
            what = (
                f"the keys '{other}' and '{name}' differ in case only" if other != name else f"no key is '{name}'"
            )
            raise wrong(f"data{f', in {path}' if path else ''}: {what}")
    columns = []
    for name in names:
        inner = f"{path}.{name}" if path else name
        column = [None if value is None else value.get(name) for value in values]
        columns.append(_column(column, inner, row_of, depth))
    return list(names), columns


def _names(values: Sequence[Any]) -> dict[str, None]:
    """The keys in the order in which they come."""
    names: dict[str, None] = {}
    known: Any = None
    for value in values:
        if value is not None and value.keys() != known:
            names.update(dict.fromkeys(value))
            known = value.keys()
    return names


def _column(values: list[Any], path: str, row_of: RowOf, depth: int) -> pa.Array:
    kinds = set(map(type, values))
    if kinds == {float}:
        return pa.array(np.array(values, np.float64))
    nulls = type(None) in kinds
    kinds.discard(type(None))
    if not kinds:
        return pa.nulls(len(values), _UNKNOWN)
    if kinds <= NUMBERS:
        return _numbers(values, path, row_of, nulls=nulls, whole=float not in kinds)
    if len(kinds) > 1:
        raise _mixed(values, path, row_of)
    kind = kinds.pop()
    if kind is str or kind is bool:
        return pa.array(values, pa.string() if kind is str else pa.bool_())
    if depth >= _DEEPEST:
        raise wrong(f"data, row {row_of(0) + 1}, key '{path}': it is nested too deeply")
    mask = pa.array([value is None for value in values]) if nulls else None
    if kind is list:
        return _lists(values, path, row_of, depth + 1, mask)
    names, columns = _fields(values, path, row_of, depth + 1)
    if not names:
        raise wrong(f"data, row {row_of(0) + 1}, key '{path}': an object without keys is no value")
    return pa.StructArray.from_arrays(columns, names=names, mask=mask)


def _lists(values: list[Any], path: str, row_of: RowOf, depth: int, mask: pa.Array | None) -> pa.Array:
    if len(values) == 1:
        items = _column(values[0], f"{path}[]", lambda _place: row_of(0), depth)
        return pa.ListArray.from_arrays(pa.array(np.array((0, len(items)), np.int32)), items)
    lengths = np.fromiter((0 if value is None else len(value) for value in values), np.int64, len(values))
    ends = np.concatenate(([0], np.cumsum(lengths)))
    flat = list(chain.from_iterable(value for value in values if value is not None))
    items = _column(flat, f"{path}[]", lambda place: row_of(bisect_right(ends.tolist(), place) - 1), depth)
    return pa.ListArray.from_arrays(pa.array(ends.astype(np.int32)), items, mask=mask)


def _numbers(values: list[Any], path: str, row_of: RowOf, *, nulls: bool, whole: bool) -> pa.Array:
    if not whole:
        return pa.array([None if value is None else double(value) for value in values], pa.float64())
    try:
        if not nulls:
            return pa.array(np.array(values, np.int64))
        return pa.array(values, pa.int64())
    except (OverflowError, pa.ArrowInvalid):
        at = next(place for place, value in enumerate(values) if value is not None and not -_BIG <= value < _BIG)
        raise wrong(
            f"data, row {row_of(at) + 1}, key '{path}': {values[at]} is beyond bigint", "write it as a double: 1e19"
        ) from None


_BIG: Final = 1 << 63


def double(value: float) -> float:
    """The nearest double."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def word(value: Any) -> str:
    """What errors call a value of JSON."""
    return _WORDS.get(type(value), type(value).__name__)


def _not_all(data: Sequence[Any], kind: type, hint: str) -> BadValue:
    fitting = {kind} if kind is dict else {kind, type(None)}
    row, value = next((row, value) for row, value in enumerate(data) if type(value) not in fitting)
    return wrong(f"data, row {row + 1} is {word(value)}, and not {_WORDS[kind]}", hint)


def _mixed(values: list[Any], path: str, row_of: RowOf) -> BadValue:
    there = [(place, value) for place, value in enumerate(values) if value is not None]
    first = word(there[0][1])
    place, other = next((place, value) for place, value in there if word(value) != first)
    before = row_of(there[0][0])
    return wrong(
        f"data, row {row_of(place) + 1}, key '{path}' is {word(other)}, and {first} in row {before + 1}",
        "the values of a key are of one kind in all rows, or null",
    )


def wrong(what: str, hint: str | None = None) -> BadValue:
    """The error of rows of the wrong form."""
    return BadValue(what, code="REQUEST_DATA", hint=hint)
