"""The memory that a call's batch lies in, as a matrix.

It is a slot of the shared memory or what was received from the socket, and in either case nobody else reads it: a
model may work in it, as scikit-learn's scalers do with copy=False.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_CELL = 8  # bytes of a double
_LEAST_CELLS = 1 << 13  # to copy fewer takes less time than to look where they lie


class _Doubles:
    """Doubles at an address. See https://numpy.org/doc/stable/reference/arrays.interface.html"""

    def __init__(self, owner: Any, address: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
        self.owner = owner
        self.__array_interface__ = {
            "version": 3,
            "typestr": "<f8",
            "data": (address, False),
            "shape": shape,
            "strides": strides,
        }


def matrix(batch: pa.RecordBatch) -> np.ndarray[Any, Any] | None:
    """The columns of a call's batch as a column-major float64 matrix, (rows, columns), without a copy.

    None where they are not all doubles without NULL that lie one after the other, as in an Arrow IPC message, or
    where they are few.
    """
    import numpy as np
    import pyarrow as pa

    double = pa.float64()
    if batch.num_rows * batch.num_columns < _LEAST_CELLS or any(kind != double for kind in batch.schema.types):
        return None
    columns = batch.columns
    if any(column.null_count for column in columns):
        return None
    starts = [column.buffers()[1].address + column.offset * _CELL for column in columns]
    height = batch.num_rows * _CELL
    if starts != list(range(starts[0], starts[0] + height * len(starts), height)):
        return None
    found = _Doubles(batch, starts[0], (batch.num_rows, len(starts)), (_CELL, height))
    made: np.ndarray[Any, Any] = np.asarray(found)
    return made


def writable(doubles: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The same memory, which a call's batch lies in, as an array that may be written to."""
    import numpy as np

    if doubles.flags.writeable or not doubles.size:
        return doubles
    made: np.ndarray[Any, Any] = np.asarray(_Doubles(doubles, doubles.ctypes.data, doubles.shape, doubles.strides))
    return made
