"""A batch of function arguments in the shapes that predictors take.

A call's arguments are one vector, one array of numbers, several scalar columns, or one struct that stands
for its fields (`struct(*)`). A row with a NULL among them is not predicted: its result is NULL.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from . import vectors
from .failures import ContractError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

# A sparse column this much wider than its entries goes to the estimator as a CSR matrix.
_DENSE_CELLS = 1 << 24


def spread(batch: pa.RecordBatch) -> pa.RecordBatch:
    """`struct(*)` as the columns it stands for; every other batch as it is."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if batch.num_columns != 1:
        return batch
    column = batch.column(0)
    if not pa.types.is_struct(column.type) or vectors.is_vector_type(column.type):
        return batch
    fields = list(column.type)
    # flatten() carries the struct's own NULLs over to its fields.
    columns = column.flatten() if column.null_count == 0 else [_masked(column, i, pc) for i in range(len(fields))]
    return pa.RecordBatch.from_arrays(columns, names=[field.name for field in fields])


def _masked(column: Any, index: int, pc: Any) -> Any:
    import pyarrow as pa

    field = column.flatten()[index]
    return pc.if_else(pc.is_valid(column), field, pa.scalar(None, field.type))


def complete_rows(batch: pa.RecordBatch) -> tuple[pa.RecordBatch, pa.Array | None]:
    """The rows without NULL, and a mask of those rows (None when it is all of them)."""
    import pyarrow.compute as pc

    if batch.num_columns == 0 or all(column.null_count == 0 for column in batch.columns):
        return batch, None
    mask = pc.is_valid(batch.column(0))
    for column in batch.columns[1:]:
        mask = pc.and_(mask, pc.is_valid(column))
    return batch.filter(mask), mask


def restore(values: pa.Array, mask: pa.Array | None) -> pa.Array:
    """Put the results of the complete rows back in place, NULL elsewhere."""
    if mask is None:
        return values
    import numpy as np
    import pyarrow as pa

    valid = np.asarray(mask.to_numpy(zero_copy_only=False), dtype=bool)
    places = np.cumsum(valid) - 1
    indices = pa.array(places, mask=~valid)
    return values.take(indices)


def matrix(batch: pa.RecordBatch) -> Any:
    """The arguments as one float64 matrix, (rows, features); a very wide sparse vector column as CSR."""
    import numpy as np
    import pyarrow as pa

    if batch.num_columns == 1:
        column = batch.column(0)
        if vectors.is_vector_type(column.type):
            return _vector_matrix(column)
        if _is_list(column.type):
            return _list_matrix(column)
    columns = []
    for field, column in zip(batch.schema, batch.columns):
        if not _is_number(field.type):
            raise ContractError(
                f"argument '{field.name}' is {field.type}, and this model takes numbers",
                "pass one vector, one array of numbers, or several number columns",
            )
        numbers = column.cast(pa.float64()) if pa.types.is_decimal(field.type) else column
        columns.append(np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.float64))
    # Column-major: every column is one copy of its memory.
    result = np.empty((batch.num_rows, len(columns)), order="F")
    for index, values in enumerate(columns):
        result[:, index] = values
    return result


def _vector_matrix(column: pa.StructArray) -> Any:
    import pyarrow.compute as pc

    sizes = pc.max(column.field("size")).as_py()
    if sizes is not None and sizes * len(column) > _DENSE_CELLS:
        return vectors.to_csr(column)
    return vectors.to_matrix(column)


def _list_matrix(column: pa.Array) -> np.ndarray[Any, Any]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = pc.list_value_length(column)
    widths = pc.unique(lengths)
    if len(widths) > 1:
        raise ContractError(f"the arrays have different lengths: {sorted(widths.to_pylist())[:5]}")
    flat = column.flatten()
    if flat.null_count:
        raise ContractError("an array has NULL elements")
    if not _is_number(flat.type):
        raise ContractError(f"the argument is an array of {flat.type}, and this model takes numbers")
    values = np.asarray(flat.cast(pa.float64()).to_numpy(zero_copy_only=False))
    return values.reshape(len(column), -1) if len(column) else values.reshape(0, 0)


def serialised_rows(batch: pa.RecordBatch) -> Iterator[Any]:
    """What the row contract pickles for each row: the vector's tuple, or the value of one other argument.

    Arrays of numbers and several number columns become dense vectors.
    """
    column = batch.column(0)
    if batch.num_columns == 1 and vectors.is_vector_type(column.type):
        return vectors.to_tuples(column)
    if batch.num_columns == 1 and not _is_list(column.type) and not _is_number(column.type):
        return iter(column.to_pylist())
    rows: list[list[float]] = matrix(batch).tolist()
    return ((1, None, None, row) for row in rows)


def _is_list(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    test = pa.types
    return bool(test.is_floating(kind) or test.is_integer(kind) or test.is_decimal(kind) or test.is_boolean(kind))
