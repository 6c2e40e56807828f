"""The vectors that a request brings as JSON, as a record batch of the column `feature`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import accumulate, chain
from typing import Any, Final

import numpy as np
import pyarrow as pa

from mlsql_engine.core.errors import BadValue
from mlsql_engine.serving.rows import FEATURE, NUMBERS, double, word, wrong
from mlsql_sdk import vectors

_SCHEMA: Final = pa.schema([(FEATURE, vectors.arrow_type())])
_LISTS: Final = vectors.arrow_type().field("values").type
_FEW: Final = 64
_MOST_SIZE: Final = (1 << 31) - 1


def dense_vectors(data: Sequence[Any]) -> pa.RecordBatch:
    """Rows of an array of vectors: arrays of numbers, or what vectors are printed as. Raises BadValue."""
    if set(map(type, data)) != {list}:
        return _feature([_vector(item, row) for row, item in enumerate(data)])
    flat = list(chain.from_iterable(data))
    if set(map(type, flat)) - NUMBERS:
        raise _no_number(data)
    count = len(data)
    offsets = np.fromiter(accumulate(map(len, data), initial=0), np.int32, count + 1)
    numbers = _doubles(flat)
    # From buffers: for one row, the constructors of arrays take longer than all that a request takes else.
    elements = pa.Array.from_buffers(pa.float64(), len(flat), [None, pa.py_buffer(numbers)])
    lists = pa.Array.from_buffers(_LISTS, count, [None, pa.py_buffer(offsets)], children=[elements])
    others = _of_dense(count) if count <= _FEW else _of_dense.__wrapped__(count)
    made = pa.Array.from_buffers(_SCHEMA.field(0).type, count, [None], children=[*others, lists])
    return pa.RecordBatch.from_arrays([made], schema=_SCHEMA)


@cache
def _of_dense(count: int) -> tuple[pa.Array, pa.Array, pa.Array]:
    """The types, sizes and indices of so many dense vectors."""
    kinds = pa.array(np.full(count, vectors.DENSE, np.int8))
    return kinds, pa.nulls(count, pa.int32()), pa.nulls(count, pa.list_(pa.int32()))


def sparse_vectors(data: Sequence[Any], size: int | None) -> pa.RecordBatch:
    """Rows of an array of vectors, each an object of its values by their index, or what vectors are printed as.

    Raises BadValue.
    """
    return _feature([_sparse(item, size, row) for row, item in enumerate(data)])


def _feature(tuples: list[Any]) -> pa.RecordBatch:
    try:
        made = vectors.from_tuples(tuples)
    except (TypeError, ValueError) as error:
        row, _, problem = str(error).removeprefix("row ").partition(" is not a vector: ")
        raise wrong(f"data, row {int(row) + 1}: {problem}") from None
    return pa.RecordBatch.from_arrays([made], schema=_SCHEMA)


def _vector(item: Any, row: int) -> Any:
    """A vector as a tuple (type, size, indices, values), None for null."""
    if item is None:
        return None
    if isinstance(item, list):
        if set(map(type, item)) - NUMBERS:
            raise _no_number([*[[]] * row, item])
        return 1, None, None, [double(value) for value in item]
    if not isinstance(item, dict):
        raise wrong(
            f"data, row {row + 1} is {word(item)}, and a vector is an array of numbers",
            "say dataType=row for objects, dataType=string for strings",
        )
    return _printed(item, row)


def _printed(item: dict[str, Any], row: int) -> Any:
    """A vector as it is printed: {"type": 1, "values": […]}, or of type 0 with size and indices too."""
    kind = item.get("type")
    wanted = {"type", "values"} if kind == 1 else {"type", "size", "indices", "values"}
    if (
        type(kind) is not int
        or kind not in (0, 1)
        or set(item) - {"size", "indices"} - wanted
        or wanted - set(item)
    ):
        raise wrong(
            f"data, row {row + 1} is an object, and no vector as vectors are printed",
            'write [1.0, 2.0], or {"type": 1, "values": [1.0, 2.0]}; for {"0": 1.0} say vecType=sparse and vecSize',
        )
    values, indices = item["values"], item["indices"] if kind == 0 else []
    if any(not isinstance(part, list) or set(map(type, part)) - NUMBERS for part in (values, indices)):
        raise wrong(f"data, row {row + 1}: the values and indices of a vector are arrays of numbers")
    doubles = [double(value) for value in values]
    if kind == 1:
        return 1, None, None, doubles
    size = item["size"]
    if type(size) is not int or not 0 <= size <= _MOST_SIZE or any(type(index) is not int for index in indices):
        raise wrong(f"data, row {row + 1}: the size and the indices of a sparse vector are whole numbers from 0 on")
    return 0, size, indices, doubles


def _sparse(item: Any, size: int | None, row: int) -> Any:
    if item is None:
        return None
    if not isinstance(item, dict):
        raise wrong(
            f'data, row {row + 1} is {word(item)}, and a sparse vector is an object: {{"0": 1.0, "7": 2.5}}',
            "say vecType=dense for arrays of numbers",
        )
    if "type" in item:
        return _printed(item, row)
    if size is None:
        raise wrong("vecType=sparse needs vecSize", "vecSize is the number of elements of every vector")
    for key, value in item.items():
        if not (key.isascii() and key.isdecimal()) or type(value) not in NUMBERS:
            raise wrong(
                f"data, row {row + 1}, key '{key}': a sparse vector has numbers by their index, from 0",
                f'as in {{"0": 1.0, "{size - 1}": 2.5}} with vecSize={size}',
            )
    entries = sorted((int(key), double(value)) for key, value in item.items())
    return 0, size, [index for index, _ in entries], [value for _, value in entries]


def _no_number(data: Sequence[Any]) -> BadValue:
    row, place, value = next(
        (row, place, value)
        for row, vector in enumerate(data)
        for place, value in enumerate(vector)
        if type(value) not in NUMBERS
    )
    return wrong(f"data, row {row + 1}, element {place + 1} is {word(value)}, and a vector has numbers")


def _doubles(values: list[Any]) -> Any:
    try:
        return np.array(values, np.float64)
    except OverflowError:
        return np.array([double(value) for value in values])
