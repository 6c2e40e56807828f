"""The tensors of requests: their numbers checked against their shapes and datatypes."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from mlsql_engine.core.errors import BadValue
from mlsql_engine.serving import json_values
from mlsql_engine.serving.open_inference import byte_strings
from mlsql_engine.serving.open_inference.datatypes import Datatype
from mlsql_engine.serving.open_inference.messages import Doubles, elements

DEEPEST: Final = 16
"""The most dimensions of a tensor."""
WIDEST: Final = 1 << 24
"""The most values of a row."""
FEW: Final = 512
"""So many doubles of JSON stay a list; more become an array."""
_OPENING: Final = b"[ \t\r\n"


class Tensor(NamedTuple):
    """`values` are flat, row by row: a list or a numpy array of numbers, or a list of strings or of bytes."""

    name: str
    datatype: Datatype
    shape: Sequence[int]
    values: Any


def wrong(name: str, what: str, hint: str | None = None) -> BadValue:
    """The error of an input that is no tensor of the datatype and shape that it says."""
    return BadValue(f"the input '{name}' {what}", code="REQUEST", hint=hint)


def of_json(name: str, datatype: Datatype, shape: Sequence[int], data: Any) -> Tensor:
    """The tensor of JSON data, flat or nested as its shape. Raises BadValue."""
    depth = data.depth if isinstance(data, Doubles) else _depth(data)
    if depth > 1 and depth != len(shape):
        raise wrong(name, f"has the shape {text(shape)}, and data nested {depth} deep")
    try:
        values = elements(data, datatype.element, depth)
    except json_values.Problem as error:
        raise wrong(name, f"has data that is not {datatype.name}: {error}") from None
    for size in shape[1:] if depth > 1 else ():
        if any(len(value) != size for value in values):
            raise wrong(name, f"has the shape {text(shape)}, and data nested otherwise")
        values = list(chain.from_iterable(values))
    if len(values) != math.prod(shape):
        raise wrong(name, f"has the shape {text(shape)}, and {_values(len(values))}")
    return Tensor(name, datatype, shape, _numbers(name, datatype, values))


def of_binary(name: str, datatype: Datatype, shape: Sequence[int], data: memoryview) -> Tensor:
    """The tensor of binary data; its numbers are a view of that. Raises BadValue."""
    count = math.prod(shape)
    if datatype.little is None:
        values = byte_strings.read(name, data)
        if len(values) != count:
            raise wrong(name, f"has the shape {text(shape)}, and {_values(len(values))}")
        return Tensor(name, datatype, shape, values)
    if data.nbytes != count * datatype.little.itemsize:
        size = f"{count * datatype.little.itemsize} bytes"
        raise wrong(
            name, f"has the shape {text(shape)}, which is {size} of {datatype.name}, and {data.nbytes} bytes"
        )
    if datatype.element is not bool:
        return Tensor(name, datatype, shape, np.frombuffer(data, datatype.little))
    truths = np.frombuffer(data, np.uint8)
    if count and truths.max() > 1:
        raise wrong(name, f"has a byte {truths.max()}, and those of BOOL are 0 and 1")
    return Tensor(name, datatype, shape, truths.view(np.bool_))


def _depth(data: Any) -> int:
    """How deep lists are nested, by their beginning; 1 for what is no list, which the decoder refuses."""
    if isinstance(data, Doubles):
        return data.depth
    if isinstance(data, msgspec.Raw):
        beginning = bytes(memoryview(data)[:256])
        depth = beginning[: len(beginning) - len(beginning.lstrip(_OPENING))].count(b"[")
    else:
        depth = 0
        while isinstance(data, list) and depth <= DEEPEST:
            depth += 1
            data = data[0] if data else None
    return min(max(depth, 1), DEEPEST + 1)


def _numbers(name: str, datatype: Datatype, values: list[Any]) -> Any:
    """The values as numbers of the datatype. Few doubles stay a list."""
    if datatype.little is None:
        return values
    if datatype.is_double:
        return values if len(values) <= FEW else np.frombuffer(array("d", values))
    try:
        with np.errstate(over="raise"):
            return np.array(values, datatype.little)
    except (OverflowError, FloatingPointError):
        raise wrong(name, f"has a number that is too large for {datatype.name}") from None


def text(shape: Sequence[int]) -> str:
    """A shape as JSON writes it."""
    return f"[{', '.join(map(str, shape))}]"


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count} values"
