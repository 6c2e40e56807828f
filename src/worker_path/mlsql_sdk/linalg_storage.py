"""How the vectors of `linalg` keep their numbers: numpy's arrays, or `array.array` where numpy is absent."""

from __future__ import annotations

import array
import math
import struct
import sys
from collections.abc import Iterable
from functools import cache
from typing import Any

_HASHED_NONZEROS = 128
_NUMPY_TYPES = {"d": "float64", "i": "int32"}


@cache
def numpy_if_there() -> Any:
    try:
        import numpy
    except ModuleNotFoundError:
        return None
    return numpy


def need_numpy(wanted_by: str) -> Any:
    np = numpy_if_there()
    if np is None:
        raise ImportError(f"{wanted_by} needs numpy: install numpy for {sys.executable}")
    return np


def stored(code: str, data: Any) -> Any:
    """A copy of the numbers as an array of type `code`; bytes are taken as such an array's memory."""
    np = numpy_if_there()
    if np is None:
        return array.array(code, map(int, data) if code == "i" and not isinstance(data, bytes) else data)
    if isinstance(data, bytes):
        return np.frombuffer(data, _NUMPY_TYPES[code]) if data else np.empty(0, _NUMPY_TYPES[code])
    return np.array(data, dtype=_NUMPY_TYPES[code])


def require(condition: bool, message: str) -> None:
    """pyspark asserts; this does too, under `python -O` as well."""
    if not condition:
        raise AssertionError(message)


def is_scipy_sparse(value: Any) -> bool:
    scipy_sparse = sys.modules.get("scipy.sparse")  # nobody can hold such a matrix before it is imported
    return scipy_sparse is not None and bool(scipy_sparse.issparse(value))


def is_ndarray(value: Any) -> bool:
    np = numpy_if_there()
    return np is not None and isinstance(value, np.ndarray)


def short(number: float) -> str:
    """Four digits after the point, cut as pyspark cuts them (an exponent goes too)."""
    whole, point, digits = str(round(number, 4)).partition(".")
    return whole + point + digits[:4]


def vector_hash(size: int, entries: Iterable[tuple[int, float]]) -> int:
    """Spark's hash of a vector: equal for a dense and a sparse vector of the same entries."""
    result, seen = 31 + size, 0
    for index, value in entries:
        if value != 0:
            (bits,) = struct.unpack("Q", struct.pack("d", math.nan if math.isnan(value) else value))
            result = 31 * (31 * result + int(index)) + (bits ^ (bits >> 32))
            seen += 1
            if seen == _HASHED_NONZEROS:
                break
    return result


def nonzero(indices: Iterable[int], values: Iterable[float]) -> list[tuple[int, float]]:
    return [(index, value) for index, value in zip(indices, values) if value != 0]
