"""Rows of Arrow as JSON: an array of objects, each value spelled as `mlsql run --format json` spells it.

orjson writes what it spells alike. Numbers that it spells otherwise (those under 1e-5 and from 1e16 on) and long
decimals are given to it as text. NaN and the infinities, of which JSON has none, are strings, as Spark's toJSON and
to_json write them, and Spark reads them
(https://github.com/apache/spark/blob/v4.0.0/sql/catalyst/src/main/scala/org/apache/spark/sql/catalyst/json/JacksonGenerator.scala):
they stay told apart from NULL, where the other protocols, whose clients await numbers, have null for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from mlsql_engine.core.errors import InternalError
from mlsql_engine.serving import json_texts
from mlsql_sdk import vectors

_PIECE_ROWS = 8_192
_FEW = 16
_EXACT_DIGITS = 15
"""Decimals of so many digits at most are printed as doubles."""


def rows(batches: Iterable[pa.RecordBatch]) -> bytes:
    """The rows as one JSON array; without any batch an empty one."""
    return b"".join(pieces(batches))


def pieces(batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """The same in pieces, each of some thousand rows at most, as the batches come."""
    before = b"["
    for batch in batches:
        for start in range(0, batch.num_rows, _PIECE_ROWS):
            yield before + orjson.dumps(objects(batch.slice(start, _PIECE_ROWS)))[1:-1]
            before = b","
    yield b"[]" if before == b"[" else b"]"


def objects(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """The rows as what orjson writes as they are to be."""
    return _objects(batch.schema.names, batch.columns, batch.num_rows)


def _objects(names: list[str], columns: list[pa.Array], count: int) -> list[dict[str, Any]]:
    if len(names) == 1:
        name = names[0]
        return [{name: value} for value in values(columns[0])]
    if not names:
        return [{} for _ in range(count)]
    return [dict(zip(names, row, strict=True)) for row in zip(*map(values, columns), strict=True)]


def values(array: pa.Array) -> list[Any]:
    """The values of a column as what orjson writes as they are to be. Raises InternalError for an unknown type."""
    kind = array.type
    types = pa.types
    if types.is_float64(kind) or types.is_float32(kind):
        return _doubles(array)
    if types.is_string(kind) or types.is_integer(kind) or types.is_boolean(kind) or types.is_null(kind):
        return array.to_pylist()  # type: ignore[no-any-return]
    if types.is_struct(kind):
        made = _vectors(array) if vectors.is_vector_type(kind) else _structs(array)
    elif types.is_map(kind):
        made = _maps(array)
    elif types.is_list(kind) or types.is_large_list(kind):
        made = _lists(array, array.offsets.to_pylist(), values(array.values))
    elif types.is_fixed_size_list(kind):
        width = kind.list_size
        starts = range(array.offset * width, (array.offset + len(array) + 1) * width, width)
        made = _lists(array, list(starts), values(array.values))
    elif types.is_decimal(kind):
        made = _decimals(array)
    elif isinstance(kind, pa.BaseExtensionType):
        made = values(array.storage)
    else:
        made = json_texts.texts(array)
    return _with_nulls(made, array)


def _with_nulls(made: list[Any], array: pa.Array) -> list[Any]:
    if not array.null_count:
        return made
    return [value if there else None for value, there in zip(made, array.is_valid().to_pylist(), strict=True)]


def _doubles(array: pa.Array) -> list[Any]:
    if array.null_count or len(array) <= _FEW:
        return [None if number is None else _double(number) for number in array.to_pylist()]
    numbers = array.to_numpy()
    sizes = np.abs(numbers)
    made: list[Any] = numbers.tolist()
    if not (((sizes >= 1e-5) & (sizes < 1e16)) | (sizes == 0)).all():
        return [_double(number) for number in made]
    return made


def _double(number: float) -> Any:
    size = abs(number)
    return number if 1e-5 <= size < 1e16 or not size else orjson.Fragment(spelled(number))


def spelled(number: float) -> str:
    """A double as DuckDB writes it in JSON: the shortest digits; an exponent below 1e-6 and from 1e21 on.

    A string for NaN and the infinities.
    """
    if number != number:  # noqa: PLR0124 - NaN, of which there is no other test without a call
        return '"NaN"'
    size = abs(number)
    if size == float("inf"):
        return '"Infinity"' if number > 0 else '"-Infinity"'
    if 1e-6 <= size < 1e21 or not size:
        text = format(Decimal(repr(number)), "f")
        return text if "." in text else f"{text}.0"
    digits, _, exponent = repr(number).partition("e")
    return f"{digits}e{int(exponent)}"


def _decimals(array: pa.Array) -> list[Any]:
    numbers = array.to_pylist()
    if array.type.precision <= _EXACT_DIGITS:
        return [None if number is None else _double(float(number)) for number in numbers]
    return [None if number is None else orjson.Fragment(format(number, "f")) for number in numbers]


def _lists(array: pa.Array, offsets: list[int], items: list[Any]) -> list[Any]:
    return [items[start:end] for start, end in pairwise(offsets)] if len(array) else []


def _structs(array: pa.StructArray) -> list[Any]:
    names = [field.name for field in array.type]
    return _objects(names, [array.field(place) for place in range(len(names))], len(array))


def _vectors(array: pa.StructArray) -> list[Any]:
    kinds, sizes, indices, numbers = (values(array.field(place)) for place in range(4))
    if all(kind == vectors.DENSE for kind in kinds):
        return [{"type": 1, "values": row} for row in numbers]
    return [
        {"type": 1, "values": row}
        if kind == vectors.DENSE
        else {"type": 0, "size": size, "indices": places, "values": row}
        for kind, size, places, row in zip(kinds, sizes, indices, numbers, strict=True)
    ]


def _maps(array: pa.MapArray) -> list[Any]:
    keys, items = json_texts.texts(array.keys), values(array.items)
    offsets = array.offsets.to_pylist()
    if len(keys) != len(items):
        raise InternalError("a map with as many keys as it has no values")
    return [dict(zip(keys[start:end], items[start:end], strict=True)) for start, end in pairwise(offsets)]
