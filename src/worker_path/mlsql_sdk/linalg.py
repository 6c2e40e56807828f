"""The vectors of `pyspark.ml.linalg`, for an interpreter that has no pyspark.

`pyspark_stand_in` offers this module under pyspark's name, so its classes say that they live there: what
is pickled here can be unpickled where pyspark is, and the other way round. (It follows that they pickle
only once the stand-in is installed.) Constructors, results and messages are pyspark's; `Vectors.parse` and
`stringify` are an addition, after `pyspark.mllib`; matrices are left out.

Storage is numpy's. Without numpy it is `array.array`, and what computes raises ImportError, while
construction, serialisation, indexing, comparison, printing and pickling still work.
"""

from __future__ import annotations

import re
from typing import Any

from .linalg_storage import numpy_if_there, require
from .linalg_vectors import PYSPARK_NAME, DenseVector, SparseVector, Vector, to_vector

__all__ = ["DenseVector", "SparseVector", "Vector", "VectorUDT", "Vectors"]

_DENSE_TEXT = re.compile(r"\s*\[([^\[\]]*)\]\s*")
_SPARSE_TEXT = re.compile(r"\s*\(\s*(\d+)\s*,\s*\[([^\[\]]*)\]\s*,\s*\[([^\[\]]*)\]\s*\)\s*")


class VectorUDT:
    """A vector as a row: `(0, size, [indices], [values])` sparse, `(1, None, None, [values])` dense."""

    __module__ = PYSPARK_NAME

    @classmethod
    def typeName(cls) -> str:  # noqa: N802 - pyspark's name, as are those below
        return "vectorudt"

    @classmethod
    def module(cls) -> str:
        return PYSPARK_NAME

    @classmethod
    def scalaUDT(cls) -> str:  # noqa: N802
        return "org.apache.spark.ml.linalg.VectorUDT"

    def simpleString(self) -> str:  # noqa: N802
        return "vector"

    def needConversion(self) -> bool:  # noqa: N802
        return True

    def serialize(self, obj: Any) -> tuple[int, int | None, list[int] | None, list[float]]:
        if isinstance(obj, SparseVector):
            return 0, obj.size, obj.indices.tolist(), obj.values.tolist()
        if isinstance(obj, DenseVector):
            values = obj.array.tolist()
            if values and isinstance(values[0], list):  # a column, as in a model's answer of shape (n, 1)
                values = [float(*row) for row in values]
            return 1, None, None, values
        raise TypeError(f"cannot serialize {obj!r} of type {type(obj)!r}")

    def deserialize(self, datum: Any) -> Any:
        require(len(datum) == 4, f"VectorUDT.deserialize given row with length {len(datum)} but requires 4")
        kind, size, indices, values = datum
        if kind == 0:
            return SparseVector(size, indices, values)
        if kind == 1:
            return DenseVector(values)
        raise ValueError(f"do not recognize type {kind!r}")

    def toInternal(self, obj: Any) -> Any:  # noqa: N802
        return None if obj is None else self.serialize(obj)

    def fromInternal(self, obj: Any) -> Any:  # noqa: N802
        return None if obj is None else self.deserialize(obj)

    def __repr__(self) -> str:
        return "VectorUDT()"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VectorUDT)

    def __hash__(self) -> int:
        return hash(repr(self))


Vector.__UDT__ = VectorUDT()


class Vectors:
    """Makes vectors, and compares them."""

    __module__ = PYSPARK_NAME

    @staticmethod
    def sparse(size: int, *args: Any) -> SparseVector:
        return SparseVector(size, *args)

    @staticmethod
    def dense(*elements: Any) -> DenseVector:
        """The numbers one by one, or one list, tuple, array or bytes of them."""
        if len(elements) == 1 and not isinstance(elements[0], (float, int)):
            return DenseVector(elements[0])
        return DenseVector(elements)

    @staticmethod
    def squared_distance(v1: Any, v2: Any) -> Any:
        return to_vector(v1).squared_distance(to_vector(v2))

    @staticmethod
    def norm(vector: Any, p: float | str) -> Any:
        return to_vector(vector).norm(p)

    @staticmethod
    def zeros(size: int) -> DenseVector:
        np = numpy_if_there()
        return DenseVector([0.0] * size if np is None else np.zeros(size))

    @staticmethod
    def stringify(vector: Vector) -> str:
        """The text that `parse` reads."""
        return str(vector)

    @staticmethod
    def parse(s: str) -> DenseVector | SparseVector:
        """`[1.0,2.0]` or `(4,[1,3],[3.0,4.0])`; ValueError if it is neither."""
        dense = _DENSE_TEXT.fullmatch(s)
        if dense:
            return DenseVector(_numbers(dense[1], float))
        sparse = _SPARSE_TEXT.fullmatch(s)
        if sparse:
            return SparseVector(int(sparse[1]), _numbers(sparse[2], int), _numbers(sparse[3], float))
        raise ValueError(f"not a vector: {s!r}; a vector is [values] or (size,[indices],[values])")


def _numbers(text: str, kind: type) -> list[Any]:
    return [kind(number) for number in text.split(",")] if text.strip() else []
