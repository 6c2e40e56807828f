"""DenseVector and SparseVector as `pyspark.ml.linalg` has them; `linalg` says what is promised."""

from __future__ import annotations

import array
import operator
from bisect import bisect_left
from typing import Any, Callable, ClassVar

from .linalg_storage import (
    is_ndarray,
    is_scipy_sparse,
    need_numpy,
    nonzero,
    numpy_if_there,
    require,
    short,
    stored,
    vector_hash,
)

PYSPARK_NAME = "pyspark.ml.linalg"


class Vector:
    """What DenseVector and SparseVector have in common."""

    __module__ = PYSPARK_NAME
    __UDT__: ClassVar[Any] = None  # `linalg` sets it, where VectorUDT is

    def toArray(self) -> Any:  # noqa: N802
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError


def _operator(name: str) -> Callable[[DenseVector, Any], DenseVector]:
    def apply(self: DenseVector, other: Any) -> DenseVector:
        right = other.toArray() if isinstance(other, DenseVector) else other
        return DenseVector(getattr(self.toArray(), name)(right))

    apply.__name__ = name
    return apply


class DenseVector(Vector):
    """All values, as one float64 array; whatever is not defined here is asked of that array."""

    __module__ = PYSPARK_NAME

    def __init__(self, ar: Any) -> None:
        self.array: Any = ar.astype("float64", copy=False) if is_ndarray(ar) else stored("d", ar)

    def __reduce__(self) -> tuple[type[DenseVector], tuple[bytes]]:
        return DenseVector, (self.array.tobytes(),)

    def toArray(self) -> Any:  # noqa: N802
        """The array itself, not a copy."""
        need_numpy("DenseVector.toArray()")
        return self.array

    @property
    def values(self) -> Any:
        return self.array

    def numNonzeros(self) -> int:  # noqa: N802
        return len(self) - int(self.array.tolist().count(0.0))

    def norm(self, p: float | str) -> Any:
        return need_numpy("norm").linalg.norm(self.array, p)

    def dot(self, other: Any) -> Any:
        np = need_numpy("dot")
        if is_ndarray(other):
            require(other.ndim == 1 or len(self) == other.shape[0], "dimension mismatch")
            return np.dot(self.array, other)
        if is_scipy_sparse(other):
            require(len(self) == other.shape[0], "dimension mismatch")
            return other.transpose().dot(self.array)
        require(len(self) == size_of(other), "dimension mismatch")
        if isinstance(other, SparseVector):
            return other.dot(self)
        return np.dot(self.array, other.toArray() if isinstance(other, Vector) else other)

    def squared_distance(self, other: Any) -> Any:
        np = need_numpy("squared_distance")
        require(len(self) == size_of(other), "dimension mismatch")
        if isinstance(other, SparseVector) or is_scipy_sparse(other):
            return to_vector(other).squared_distance(self)
        difference = self.array - (other.toArray() if isinstance(other, Vector) else np.array(other))
        return np.dot(difference, difference)

    def __getitem__(self, item: Any) -> Any:
        return self.array[item]

    def __len__(self) -> int:
        return len(self.array)

    def __str__(self) -> str:
        return "[" + ",".join(map(str, self.array)) + "]"

    def __repr__(self) -> str:
        return "DenseVector([" + ", ".join(map(short, self.array)) + "])"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, DenseVector):
            return bool(self.array.tolist() == other.array.tolist())
        return isinstance(other, SparseVector) and other == self

    def __hash__(self) -> int:
        return vector_hash(len(self), enumerate(self.array))

    def __getattr__(self, item: str) -> Any:
        if item == "array":  # not set yet: asking it for itself would never end
            raise AttributeError(item)
        return getattr(self.array, item)

    def __neg__(self) -> DenseVector:
        return DenseVector(-self.toArray())

    __add__ = _operator("__add__")
    __sub__ = _operator("__sub__")
    __mul__ = _operator("__mul__")
    __truediv__ = _operator("__truediv__")
    __mod__ = _operator("__mod__")
    __radd__ = _operator("__radd__")
    __rsub__ = _operator("__rsub__")
    __rmul__ = _operator("__rmul__")
    __rtruediv__ = _operator("__rtruediv__")
    __rmod__ = _operator("__rmod__")


class SparseVector(Vector):
    """The size, the indices of the entries as int32, strictly increasing, and their values as float64."""

    __module__ = PYSPARK_NAME

    def __init__(self, size: int, *args: Any) -> None:
        """`args`: a dict, or a list of (index, value) pairs, or the indices and the values."""
        self.size = int(size)
        require(1 <= len(args) <= 2, "must pass either 2 or 3 arguments")
        if len(args) == 1:
            pairs = sorted(args[0].items() if isinstance(args[0], dict) else args[0])
            self.indices: Any = stored("i", [pair[0] for pair in pairs])
            self.values: Any = stored("d", [pair[1] for pair in pairs])
        else:
            require(isinstance(args[1], bytes) or not isinstance(args[0], bytes), "values should be string too")
            self.indices, self.values = stored("i", args[0]), stored("d", args[1])
            require(len(self.indices) == len(self.values), "index and value arrays not same length")
        self._check_indices(self.indices.tolist(), strictly=len(args) == 2)

    def _check_indices(self, indices: list[int], strictly: bool) -> None:
        if strictly and not all(map(operator.lt, indices, indices[1:])):
            before, after = next((a, b) for a, b in zip(indices, indices[1:]) if a >= b)
            raise TypeError(f"Indices {before} and {after} are not strictly increasing")
        if indices:
            last = indices[-1]
            require(last < self.size, f"Index {last} is out of the size of vector with size={self.size}")
            require(indices[0] >= 0, f"Contains negative index {indices[0]}")

    def __reduce__(self) -> tuple[type[SparseVector], tuple[int, bytes, bytes]]:
        return SparseVector, (self.size, self.indices.tobytes(), self.values.tobytes())

    def toArray(self) -> Any:  # noqa: N802
        """A new float64 array."""
        dense = need_numpy("SparseVector.toArray()").zeros(self.size)
        dense[self.indices] = self.values
        return dense

    def numNonzeros(self) -> int:  # noqa: N802
        return len(self.values) - int(self.values.tolist().count(0.0))

    def norm(self, p: float | str) -> Any:
        return need_numpy("norm").linalg.norm(self.values, p)

    def dot(self, other: Any) -> Any:
        np = need_numpy("dot")
        if is_ndarray(other):
            if other.ndim not in (1, 2):
                raise ValueError(f"Cannot call dot with {other.ndim}-dimensional array")
            require(len(self) == other.shape[0], "dimension mismatch")
            return np.dot(self.values, other[self.indices])
        require(len(self) == size_of(other), "dimension mismatch")
        other = to_vector(other)
        if isinstance(other, DenseVector):
            return np.dot(other.array[self.indices], self.values)
        _, mine, theirs = np.intersect1d(self.indices, other.indices, assume_unique=True, return_indices=True)
        return np.dot(self.values[mine], other.values[theirs])

    def squared_distance(self, other: Any) -> Any:
        np = need_numpy("squared_distance")
        require(len(self) == size_of(other), "dimension mismatch")
        if is_ndarray(other) and other.ndim != 1:
            raise ValueError(f"Cannot call squared_distance with {other.ndim}-dimensional array")
        other = to_vector(other)
        if isinstance(other, DenseVector):
            shared = other.array[self.indices] - self.values
            elsewhere = np.ones(other.array.size, dtype=bool)
            elsewhere[self.indices] = False
            rest = other.array[elsewhere]
            return np.dot(shared, shared) + np.dot(rest, rest)
        indices = np.union1d(self.indices, other.indices)
        difference = np.zeros(len(indices))
        difference[np.searchsorted(indices, self.indices)] = self.values
        difference[np.searchsorted(indices, other.indices)] -= other.values
        return np.cumsum(np.append(0.0, difference * difference))[-1]  # from left to right, as pyspark adds

    def __getitem__(self, index: int) -> Any:
        if not isinstance(index, int):
            raise TypeError(f"Indices must be of type integer, got type {type(index)}")
        if not -self.size <= index < self.size:
            raise IndexError(f"Index {index} out of bounds.")
        wanted = index + self.size if index < 0 else index
        at = bisect_left(self.indices, wanted)
        if at < len(self.indices) and self.indices[at] == wanted:
            return self.values[at]
        np = numpy_if_there()
        return 0.0 if np is None else np.float64(0.0)

    def __len__(self) -> int:
        return self.size

    def __str__(self) -> str:
        return f"({self.size},[{','.join(map(str, self.indices))}],[{','.join(map(str, self.values))}])"

    def __repr__(self) -> str:
        entries = ", ".join(f"{i}: {short(value)}" for i, value in zip(self.indices, self.values))
        return f"SparseVector({self.size}, {{{entries}}})"

    def __eq__(self, other: object) -> bool:
        mine, values = self.indices.tolist(), self.values.tolist()
        if isinstance(other, SparseVector):
            same_entries = mine == other.indices.tolist() and values == other.values.tolist()
            return self.size == other.size and same_entries
        if isinstance(other, DenseVector):
            theirs = other.array.tolist()
            return self.size == len(theirs) and nonzero(mine, values) == nonzero(range(self.size), theirs)
        return False

    def __hash__(self) -> int:
        return vector_hash(self.size, zip(self.indices, self.values))


def size_of(value: Any) -> int:
    if isinstance(value, (Vector, array.array, list, tuple, range)):
        return len(value)
    if is_ndarray(value):
        if value.ndim == 1 or (value.ndim == 2 and value.shape[1] == 1):
            return len(value)
        raise ValueError(f"Cannot treat an ndarray of shape {value.shape} as a vector")
    if is_scipy_sparse(value):
        require(value.shape[1] == 1, "Expected column vector")
        return int(value.shape[0])
    raise TypeError(f"Cannot treat type {type(value)} as a vector")


def to_vector(value: Any) -> Any:
    if isinstance(value, Vector):
        return value
    if isinstance(value, (array.array, list, tuple, range)) or is_ndarray(value):
        return DenseVector(value)
    if is_scipy_sparse(value):
        require(value.shape[1] == 1, "Expected column vector")
        column = value.tocsc().sorted_indices()
        return SparseVector(column.shape[0], column.indices, column.data)
    raise TypeError(f"Cannot convert type {type(value)} into Vector")
