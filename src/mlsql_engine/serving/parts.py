"""The rows of one request for a function, and how those of several become one batch."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, Protocol

import numpy as np
import pyarrow as pa

Values = Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float64]]
_SCHEMA: Final = pa.schema([("arg0", pa.list_(pa.float64()))])


class Part(Protocol):
    """The arguments of one request. Parts whose `key` is equal can be in one batch; `rows` counts them."""

    @property
    def key(self) -> Hashable: ...

    @property
    def rows(self) -> int: ...

    def batch(self, parts: Sequence[Part]) -> pa.RecordBatch:
        """The rows of parts with this key, in their order, as a function takes them."""


@dataclass(eq=False, slots=True)
class Columns:
    """Arguments as a record batch."""

    columns: pa.RecordBatch

    @property
    def key(self) -> Hashable:
        """See Part."""
        schema: Hashable = self.columns.schema
        return schema

    @property
    def rows(self) -> int:
        """See Part."""
        return int(self.columns.num_rows)

    def batch(self, parts: Sequence[Part]) -> pa.RecordBatch:
        """See Part."""
        if len(parts) == 1:
            return self.columns
        return pa.concat_batches([part.columns for part in parts if isinstance(part, Columns)])


@dataclass(eq=False, slots=True)
class Numbers:
    """One array of `width` doubles a row: `values` holds those of all `rows`, row by row."""

    values: Values
    width: int
    rows: int

    @property
    def key(self) -> Hashable:
        """See Part."""
        return self.width

    def batch(self, parts: Sequence[Part]) -> pa.RecordBatch:
        """See Part."""
        rows = sum(part.rows for part in parts)
        flat = _flat([part.values for part in parts if isinstance(part, Numbers)], rows * self.width)
        # From buffers: the constructors of arrays look at every value, which takes longer than all the rest.
        numbers = pa.Array.from_buffers(pa.float64(), len(flat), [None, pa.py_buffer(flat)])
        offsets = pa.py_buffer(np.arange(0, len(flat) + 1, self.width, dtype=np.int32))
        arrays = pa.Array.from_buffers(_SCHEMA.field(0).type, rows, [None, offsets], children=[numbers])
        return pa.RecordBatch.from_arrays([arrays], schema=_SCHEMA)


def _flat(pieces: Sequence[Values], count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The numbers of all pieces, one after the other."""
    if all(isinstance(piece, list) for piece in pieces):
        return np.fromiter(chain.from_iterable(pieces), np.float64, count)
    if len(pieces) == 1:
        return np.ascontiguousarray(pieces[0], np.float64)
    return np.concatenate([np.asarray(piece, np.float64) for piece in pieces])
