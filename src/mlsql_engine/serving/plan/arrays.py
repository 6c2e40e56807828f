"""Arrays, structs and vectors of columns, as the engine makes them; what is not plain is left to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlsql_engine.serving.parts import Numbers
from mlsql_sdk import vectors

_VECTOR_FIELDS = list(vectors.arrow_type())
_INDICES = pa.list_(pa.int32())
_VALUES = pa.list_(pa.float64())
_MOST_SIZE = (1 << 31) - 1


class LeftToEngine(Exception):
    """Values of which only the engine can say what becomes of them: mostly an error, in its words."""


def doubles(array: pa.Array) -> pa.Array:
    """Numbers as doubles: the nearest where there is no equal one."""
    return array if array.type == pa.float64() else array.cast(pa.float64(), safe=False)


def listed(items: Sequence[pa.Array], kind: pa.DataType, count: int) -> pa.Array:
    """One list a row, of each of the items' values there; the items are of type `kind` and have `count` values."""
    width = len(items)
    offsets = pa.array(np.arange(0, count * width + 1, max(width, 1), dtype=np.int32)[: count + 1])
    if not width:
        return pa.ListArray.from_arrays(pa.array(np.zeros(count + 1, np.int32)), pa.nulls(0, kind))
    values = pa.concat_arrays(items)
    if count != 1 and width != 1:
        values = values.take(pa.array(np.arange(count * width).reshape(width, count).T.ravel()))
    return pa.ListArray.from_arrays(offsets, values)


def elements(lists: pa.Array) -> pa.Array:
    """Lists of numbers as those of dense vectors: of doubles. Raises LeftToEngine where a NULL is in a list."""
    if lists.values.null_count and lists.flatten().null_count:
        raise LeftToEngine
    return lists if lists.type == _VALUES else lists.cast(_VALUES, safe=False)


def dense(lists: pa.Array) -> pa.Array:
    """Dense vectors of lists of doubles, NULL of NULL."""
    count = len(lists)
    mask = lists.is_null() if lists.null_count else None
    columns = [pa.array(np.ones(count, np.int8)), pa.nulls(count, pa.int32()), pa.nulls(count, _INDICES), lists]
    return pa.StructArray.from_arrays(columns, fields=_VECTOR_FIELDS, mask=mask)


def sparse(sizes: pa.Array, keys: Sequence[pa.Array], values: Sequence[pa.Array], count: int) -> pa.Array:
    """Sparse vectors of these sizes; `keys` are whole numbers and `values` numbers, one array for each entry.

    Raises LeftToEngine for a NULL key or value, a key that is there twice or out of range, and a negative size.
    """
    width = len(keys)
    if any(array.null_count for array in (*keys, *values)):
        raise LeftToEngine
    there = sizes.is_valid()
    most = pc.fill_null(sizes, _MOST_SIZE).to_numpy(zero_copy_only=False).astype(np.int64)
    if count and (most.min() < 0 or most.max() > _MOST_SIZE):
        raise LeftToEngine
    indices = _matrix([key.to_numpy(zero_copy_only=False).astype(np.int64) for key in keys], count)
    numbers = _matrix([doubles(value).to_numpy(zero_copy_only=False) for value in values], count)
    order = np.argsort(indices, axis=1, kind="stable")
    indices = np.take_along_axis(indices, order, axis=1)
    numbers = np.take_along_axis(numbers, order, axis=1)
    if width and count and (indices[:, 0].min() < 0 or (indices[:, -1] >= most).any()):
        raise LeftToEngine
    if width > 1 and (indices[:, 1:] == indices[:, :-1]).any():
        raise LeftToEngine
    offsets = pa.array(np.arange(0, count * width + 1, width, dtype=np.int32) if width else _zeros(count + 1))
    columns = [
        pa.array(np.zeros(count, np.int8)),
        sizes.cast(pa.int32()),
        pa.ListArray.from_arrays(offsets, pa.array(indices.ravel().astype(np.int32))),
        pa.ListArray.from_arrays(offsets, pa.array(numbers.ravel())),
    ]
    mask = pc.invert(there) if sizes.null_count else None
    return pa.StructArray.from_arrays(columns, fields=_VECTOR_FIELDS, mask=mask)


def _matrix(columns: Sequence[Any], count: int) -> Any:
    return np.stack(columns, axis=1) if columns else np.empty((count, 0))


def _zeros(count: int) -> Any:
    return np.zeros(count, np.int32)


def as_numbers(lists: pa.Array) -> Numbers | None:
    """Lists of doubles as one array; None where one is NULL, holds NULL or is not as long as the others."""
    count = len(lists)
    if lists.null_count or not count:
        return None
    ends = lists.offsets.to_numpy()
    first, last = int(ends[0]), int(ends[-1])
    width = (last - first) // count
    if not width or (count > 1 and (np.diff(ends) != width).any()):
        return None
    values = lists.values
    if last - first != len(values):
        values = values.slice(first, last - first)
    return None if values.null_count else Numbers(values.to_numpy(), width, count)
