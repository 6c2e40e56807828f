"""The rows of one request for a function, and how those of several become one batch."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa


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

    values: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float64]]
    width: int
    rows: int

    @property
    def key(self) -> Hashable:
        """See Part."""
        return self.width

    def batch(self, parts: Sequence[Part]) -> pa.RecordBatch:
        """See Part."""
        pieces = [part.values for part in parts if isinstance(part, Numbers)]
        if all(isinstance(piece, list) for piece in pieces):
            flat = np.array([number for piece in pieces for number in piece], np.float64)
        else:
            flat = np.concatenate([np.asarray(piece, np.float64) for piece in pieces])
        rows = sum(part.rows for part in parts)
        offsets = np.arange(0, rows * self.width + 1, self.width, dtype=np.int32)
        return pa.RecordBatch.from_arrays([pa.ListArray.from_arrays(offsets, pa.array(flat))], names=["arg0"])
