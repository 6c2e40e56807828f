"""Columns of arrays of numbers as matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_OFFSET, _CELL = 4, 8  # bytes


def is_doubles(kind: pa.DataType) -> bool:
    """Whether a type is an array of doubles, with offsets of 32 bits."""
    import pyarrow as pa

    return bool(pa.types.is_list(kind) and kind.value_type == pa.float64())


def shared_matrix(column: pa.ListArray) -> np.ndarray[Any, Any] | None:
    """Arrays of doubles as a row-major matrix of Arrow's own memory.

    None where one is NULL, or has a NULL element, or where they are not all of one length.
    """
    import numpy as np

    rows = len(column)
    if rows == 0 or column.null_count:
        return None
    values = column.values
    if values.null_count:
        return None
    offsets = np.frombuffer(column.buffers()[1], np.int32, rows + 1, column.offset * _OFFSET)
    width = int(offsets[1]) - int(offsets[0])
    if width == 0 or (rows > 1 and not (offsets[1:] - offsets[:-1] == width).all()):
        return None
    start = (values.offset + int(offsets[0])) * _CELL
    return np.frombuffer(values.buffers()[1], np.float64, rows * width, start).reshape(rows, width)
