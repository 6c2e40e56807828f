"""Vectors in Arrow: `struct<type: int8, size: int32, indices: list<int32>, values: list<double>>`.

type 0 is sparse; 1 is dense, with size and indices NULL. Whole columns become matrices without a step
for each row (numpy, or SciPy for CSR); rows become tuples, and tuples rows, without numpy. Row numbers in
errors count from 0 within the array that was given. What an Arrow array holds behind a NULL is arbitrary
and is never looked at, and every array may be a slice of a longer one.
"""

from __future__ import annotations

import array
import operator
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Optional, cast

__all__ = [
    "arrow_type",
    "from_matrix",
    "from_tuples",
    "is_vector_type",
    "to_csr",
    "to_matrix",
    "to_tuples",
]

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

SPARSE, DENSE = 0, 1

VectorTuple = tuple[int, Optional[int], Optional[list[int]], list[float]]


@cache
def arrow_type() -> pa.StructType:
    import pyarrow as pa

    return pa.struct(
        [
            ("type", pa.int8()),
            ("size", pa.int32()),
            ("indices", pa.list_(pa.int32())),
            ("values", pa.list_(pa.float64())),
        ]
    )


def is_vector_type(kind: pa.DataType) -> bool:
    """Whether it is the struct above, whatever its lists call their elements and whatever may be NULL."""
    import pyarrow as pa

    if not pa.types.is_struct(kind):
        return False
    wanted = arrow_type()
    if kind.num_fields != wanted.num_fields:
        return False
    return all(_same_field(kind.field(i), wanted.field(i)) for i in range(kind.num_fields))


def _same_field(field: Any, wanted: Any) -> bool:
    import pyarrow as pa

    if field.name != wanted.name:
        return False
    if not pa.types.is_list(wanted.type):
        return bool(field.type == wanted.type)
    is_list = pa.types.is_list(field.type) or pa.types.is_large_list(field.type)
    return bool(is_list and field.type.value_type == wanted.type.value_type)


def to_tuples(column: pa.StructArray | pa.ChunkedArray[Any]) -> Iterator[VectorTuple | None]:
    """Each row as VectorUDT.serialize gives it; None for NULL. ValueError if there is a NULL in a vector."""
    first = 0
    for chunk in getattr(column, "chunks", [column]):
        _refuse_nulls_inside(chunk, first)
        yield from _chunk_tuples(chunk)
        first += len(chunk)


def _refuse_nulls_inside(chunk: pa.StructArray, first: int) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    there: Any = chunk.is_valid()
    kinds: Any = chunk.field(0)
    sparse: Any = pc.and_(there, pc.equal(kinds, pa.scalar(SPARSE, pa.int8())))
    for place, name, wanted in ((3, "values", there), (2, "indices", sparse)):
        lists: Any = chunk.field(place)
        missing = pc.index(pc.and_(wanted, lists.is_null()), True).as_py()
        if missing >= 0:
            raise ValueError(f"row {first + missing}: the vector's {name} are NULL")
        if lists.values.null_count:
            for row in pc.list_parent_indices(lists).filter(pc.is_null(lists.flatten())).to_pylist():
                if wanted[row].as_py():
                    raise ValueError(f"row {first + row}: there is a NULL in the vector's {name}")


def _chunk_tuples(chunk: pa.StructArray) -> Iterator[VectorTuple | None]:
    kinds, sizes = _memory(chunk.field(0), "b"), _memory(chunk.field(1), "i")
    index_ends, indices = _list_memory(chunk.field(2), "i")
    value_ends, values = _list_memory(chunk.field(3), "d")
    valid = chunk.is_valid().to_pylist() if chunk.null_count else [True] * len(chunk)
    for row, there in enumerate(valid):
        if not there:
            yield None
        elif kinds[row] == DENSE:
            yield DENSE, None, None, values[value_ends[row] : value_ends[row + 1]].tolist()
        else:
            places = indices[index_ends[row] : index_ends[row + 1]].tolist()
            yield SPARSE, sizes[row], places, values[value_ends[row] : value_ends[row + 1]].tolist()


def _memory(numbers: Any, code: Any) -> Any:
    """The numbers as a memoryview of them, not copied; anything where there is a NULL."""
    buffer = numbers.buffers()[1]
    view = memoryview(b"" if buffer is None else buffer).cast("B")
    width = array.array(code).itemsize
    start = numbers.offset * width
    return view[start : start + len(numbers) * width].cast(code)


def _list_memory(lists: Any, code: str) -> tuple[list[int], Any]:
    """Where each list starts in the numbers (and the last one ends), and the numbers of all lists."""
    import pyarrow as pa

    offset_code = "q" if pa.types.is_large_list(lists.type) else "i"
    ends = _memory(lists.offsets, offset_code).tolist() if len(lists) else [0]
    return ends, _memory(lists.values, code)


def from_tuples(rows: Sequence[Any]) -> pa.StructArray:
    """The array of what VectorUDT.serialize gave for each row, None for NULL.

    Raises TypeError or ValueError that says which row is no vector, and why.
    """
    import pyarrow as pa

    kinds, sizes = array.array("b"), array.array("i")
    indices, values = array.array("i"), array.array("d")
    index_ends, value_ends = array.array("i", [0]), array.array("i", [0])
    for position, row in enumerate(rows):
        try:
            kind, size = _append(row, indices, values)
            sizes.append(size)
            value_ends.append(len(values))
        except (TypeError, ValueError, OverflowError) as error:
            raised = TypeError if isinstance(error, TypeError) else ValueError
            raise raised(f"row {position} is not a vector: {error}") from None
        kinds.append(kind)
        index_ends.append(len(indices))
    there = pa.array([row is not None for row in rows], pa.bool_()).buffers()[1]
    sparse = pa.array([kind == SPARSE and row is not None for kind, row in zip(kinds, rows)], pa.bool_())
    types = [arrow_type().field(i).type for i in range(4)]

    def child(place: int, valid: Any, data: array.array[Any], elements: Any = None) -> Any:
        children = None
        if elements is not None:
            flat = [None, pa.py_buffer(elements)]
            children = [pa.Array.from_buffers(types[place].value_type, len(elements), flat)]
        return pa.Array.from_buffers(types[place], len(rows), [valid, pa.py_buffer(data)], children=children)

    only_sparse = sparse.buffers()[1]
    children = [
        child(0, there, kinds),
        child(1, only_sparse, sizes),
        child(2, only_sparse, index_ends, indices),
        child(3, there, value_ends, values),
    ]
    made = pa.StructArray.from_buffers(arrow_type(), len(rows), [there], children=children)
    return cast("pa.StructArray", made)


def _append(row: Any, indices: array.array[int], values: array.array[float]) -> tuple[int, int]:
    """Add the row's numbers to those of the rows before it; its type and size."""
    if row is None:
        return SPARSE, 0
    if not isinstance(row, (tuple, list)):
        raise TypeError(f"it is of type {type(row).__name__}, not a tuple (type, size, indices, values)")
    if len(row) != 4:
        raise ValueError(f"it has {len(row)} elements, not the four of (type, size, indices, values)")
    kind, size, row_indices, row_values = row
    if kind not in (SPARSE, DENSE):
        raise ValueError(f"its type is {kind!r}, neither 0 (sparse) nor 1 (dense)")
    if row_values is None:
        raise TypeError("its values are None")
    before = len(values)
    values.extend(row_values)
    count = len(values) - before
    if kind == DENSE:
        if size is not None and size != count:
            raise ValueError(f"its size is {size}, but it is dense and has {count} values")
        return DENSE, 0
    if size is None or row_indices is None:
        raise TypeError(f"it is sparse, and its {'size is' if size is None else 'indices are'} None")
    _append_indices(size, row_indices, count, indices)
    return SPARSE, size


def _append_indices(size: int, row_indices: Any, count: int, indices: array.array[int]) -> None:
    before = len(indices)
    indices.extend(row_indices)
    added = indices[before:]
    if len(added) != count:
        raise ValueError(f"it has {len(added)} indices and {count} values")
    if not all(map(operator.lt, added, added[1:])):
        raise ValueError("its indices are not strictly increasing")
    if added and not 0 <= added[0] <= added[-1] < size:
        outside = added[0] if added[0] < 0 else added[-1]
        raise ValueError(f"its index {outside} is outside of its size {size}")


def to_matrix(column: pa.StructArray | pa.ChunkedArray[Any], null_rows: str = "error") -> np.ndarray[Any, Any]:
    """The vectors as a float64 matrix (rows, size); a NULL is an error, or a row of NaN by null_rows="nan".

    Not copied, and so read-only, where all vectors are dense. Without any vector its shape is (rows, 0).
    Raises ValueError naming the first row whose size differs.
    """
    from .vector_columns import dense_matrix

    return dense_matrix(column, null_rows)


def shared_matrix(column: pa.StructArray) -> np.ndarray[Any, Any] | None:
    """What `to_matrix` gives, where that is Arrow's own memory and quickly seen to be; else None."""
    from .vector_columns import shared_matrix

    return shared_matrix(column)


def to_csr(column: pa.StructArray | pa.ChunkedArray[Any]) -> Any:
    """The vectors as a `scipy.sparse.csr_matrix` of their own memory; zeros of dense vectors are left out."""
    from .vector_columns import csr_matrix

    return csr_matrix(column)


def from_matrix(matrix: Any) -> pa.StructArray:
    """Each row of a two-dimensional array as a dense vector, of a SciPy sparse matrix as a sparse one."""
    from .vector_columns import from_dense, from_sparse

    return from_sparse(matrix.tocsr()) if hasattr(matrix, "tocsr") else from_dense(matrix)
