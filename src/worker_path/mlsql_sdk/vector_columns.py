"""Whole columns of vectors as matrices, and back: the numpy side of `vectors`, where the promises stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, Any]

_INT32_MAX = 2**31 - 1


class _Rows(NamedTuple):
    """A column taken apart. A NULL has size and count 0 and no entries."""

    valid: Array
    sparse: Array
    sizes: Array
    counts: Array  # of values in each row
    values: Array  # of all rows in order
    indices: Array  # of the sparse rows in order


def dense_matrix(column: Any, null_rows: str) -> Array:
    import numpy as np

    if null_rows not in ("error", "nan"):
        raise ValueError(f"null_rows={null_rows!r}: known are 'error', 'nan'")
    rows = _take_apart(column)
    if null_rows == "error":
        _refuse(~rows.valid, "the vector is NULL")
    size = _common_size(rows)
    shape = (len(rows.valid), size)
    if rows.valid.all() and not rows.sparse.any():
        shared = rows.values.reshape(shape)
        shared.flags.writeable = False  # it is Arrow's memory, whether Arrow says so or not
        return shared
    matrix = np.zeros(shape)
    if rows.sparse.all():
        matrix[np.repeat(np.arange(shape[0]), rows.counts), rows.indices] = rows.values
        return matrix
    in_sparse = np.repeat(rows.sparse, rows.counts)
    places = np.flatnonzero(rows.sparse)
    matrix[np.repeat(places, rows.counts[places]), rows.indices] = rows.values[in_sparse]
    dense = rows.valid & ~rows.sparse
    matrix[dense] = rows.values[~in_sparse].reshape(dense.sum(), size)
    matrix[~rows.valid] = np.nan
    return matrix


def shared_matrix(column: Any) -> Array | None:
    """The values of dense vectors of one size as a matrix, read-only; None where a row is anything else."""
    import numpy as np

    lists, count = column.field(3), len(column)
    kinds = _numbers(column.field(0), np.int8)
    if not count or column.null_count or column.field(0).null_count or lists.null_count or not (kinds == 1).all():
        return None
    ends = lists.offsets.to_numpy()
    size = int(ends[1] - ends[0])
    inside = lists.values
    if inside.null_count or (count > 1 and not (np.diff(ends) == size).all()):
        return None
    values = _numbers(inside, np.float64)[ends[0] : ends[-1]].reshape(count, size)
    values.flags.writeable = False  # it is Arrow's memory, whether Arrow says so or not
    return values


def csr_matrix(column: Any) -> Any:
    import numpy as np
    from scipy import sparse

    rows = _take_apart(column)
    _refuse(~rows.valid, "the vector is NULL")
    size = _common_size(rows)
    ends = np.concatenate([[0], np.cumsum(rows.counts)])
    if rows.sparse.all():
        columns = rows.indices.copy()
    else:
        columns = (np.arange(ends[-1]) - np.repeat(ends[:-1], rows.counts)).astype(np.int32)
        columns[np.repeat(rows.sparse, rows.counts)] = rows.indices
    matrix = sparse.csr_matrix((rows.values.copy(), columns, ends), shape=(len(rows.valid), size))
    if not rows.sparse.all():
        matrix.eliminate_zeros()
    return matrix


def from_dense(matrix: Any) -> pa.StructArray:
    import numpy as np

    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.ndim != 2:
        raise ValueError(f"a matrix has 2 dimensions, this array has {matrix.ndim}")
    rows, size = matrix.shape
    ends = np.arange(rows + 1) * size
    return _put_together(1, None, None, _lists(ends, np.ascontiguousarray(matrix).reshape(-1)))


def from_sparse(matrix: Any) -> pa.StructArray:
    import numpy as np

    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()  # sorts the indices, too
    indices = _lists(matrix.indptr, matrix.indices.astype(np.int32))
    return _put_together(0, matrix.shape[1], indices, _lists(matrix.indptr, matrix.data.astype(np.float64)))


def _lists(ends: Array, flat: Array) -> Any:
    import numpy as np
    import pyarrow as pa

    if ends[-1] > _INT32_MAX:
        raise ValueError(f"{ends[-1]} numbers are more than one Arrow array of lists holds: make several")
    offsets: Any = pa.array(ends.astype(np.int32))
    return pa.ListArray.from_arrays(offsets, pa.array(flat))


def _put_together(kind: int, size: int | None, indices: Any, values: Any) -> pa.StructArray:
    import numpy as np
    import pyarrow as pa

    from .vectors import arrow_type

    fields, count = list(arrow_type()), len(values)
    sizes = pa.nulls(count, pa.int32()) if size is None else pa.array(np.full(count, size, np.int32))
    children = [
        pa.array(np.full(count, kind, np.int8)),
        sizes,
        pa.nulls(count, fields[2].type) if indices is None else indices,
        values,
    ]
    return pa.StructArray.from_arrays(children, fields=fields)


def _take_apart(column: Any) -> _Rows:
    import numpy as np
    import pyarrow as pa

    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [_none()])
    valid = _valid(column)
    kinds = np.where(_valid(column.field(0)), _numbers(column.field(0), np.int8), -1)
    _refuse(valid & (kinds != 0) & (kinds != 1), "its type is neither 0 (sparse) nor 1 (dense)")
    sparse = valid & (kinds == 0)
    values, counts = _elements(column.field(3), valid, np.float64, "values")
    indices, index_counts = _elements(column.field(2), sparse, np.int32, "indices")
    _refuse(sparse & ~_valid(column.field(1)), "the sparse vector's size is NULL")
    sizes = np.where(sparse, _numbers(column.field(1), np.int32), counts)
    _refuse(
        sparse & (index_counts != counts),
        lambda row: f"the vector has {index_counts[row]} indices and {counts[row]} values",
    )
    _check_range(indices, np.flatnonzero(sparse), counts, sizes)
    return _Rows(valid, sparse, sizes, counts, values, indices)


def _none() -> pa.StructArray:
    from .vectors import from_tuples

    return from_tuples([])


def _valid(array: Any) -> Array:
    import numpy as np

    if not array.null_count:
        return np.ones(len(array), dtype=bool)
    valid: Array = array.is_valid().to_numpy(zero_copy_only=False)
    return valid


def _numbers(array: Any, dtype: Any) -> Array:
    """The numbers themselves, not copied; anything where there is a NULL."""
    import numpy as np

    buffer = array.buffers()[1]
    if buffer is None or not len(array):
        return np.zeros(len(array), dtype)
    return np.frombuffer(buffer, dtype, len(array), array.offset * np.dtype(dtype).itemsize)


def _elements(lists: Any, wanted: Array, dtype: Any, name: str) -> tuple[Array, Array]:
    """The elements of the wanted rows, one after the other, and how many each row has (others: 0)."""
    import numpy as np

    _refuse(wanted & ~_valid(lists), f"the vector's {name} are NULL")
    if not len(lists):
        return np.zeros(0, dtype), np.zeros(0, np.int64)
    ends = lists.offsets.to_numpy().astype(np.int64)
    extents = np.diff(ends)
    inside = lists.values.slice(ends[0], ends[-1] - ends[0])
    flat = _numbers(inside, dtype)
    counts = np.where(wanted, extents, 0)
    if inside.null_count:
        owners = np.repeat(np.arange(len(lists)), extents)[~_valid(inside)]
        with_null = np.zeros(len(lists), dtype=bool)
        with_null[owners] = True
        _refuse(wanted & with_null, f"there is a NULL in the vector's {name}")
    if len(flat) != counts.sum():
        flat = flat[np.repeat(wanted, extents)]
    return flat, counts


def _check_range(indices: Array, rows: Array, counts: Array, sizes: Array) -> None:
    import numpy as np

    if not len(indices) or (indices.min() >= 0 and indices.max() < sizes[rows].min()):
        return
    owners = np.repeat(rows, counts[rows])
    outside = np.flatnonzero((indices < 0) | (indices >= sizes[owners]))
    if len(outside):
        row, index = owners[outside[0]], indices[outside[0]]
        raise ValueError(f"row {row}: the vector's index {index} is outside of its size {sizes[row]}")


def _common_size(rows: _Rows) -> int:
    import numpy as np

    present = np.flatnonzero(rows.valid)
    if not len(present):
        return 0
    first = present[0]
    size = int(rows.sizes[first])
    _refuse(
        rows.valid & (rows.sizes != size),
        lambda row: f"the vector has size {rows.sizes[row]}, but that of row {first} has size {size}",
    )
    return size


def _refuse(wrong: Array, reason: str | Callable[[int], str]) -> None:
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(f"row {row}: {reason if isinstance(reason, str) else reason(row)}")
