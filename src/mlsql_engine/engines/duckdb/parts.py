"""The rows of a query in the batches that go to a function's workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from mlsql_engine.core.errors import WORKER, DataProblem, Detail, ScriptFailed, WorkerProblem
from mlsql_engine.core.sizes import shown_size
from mlsql_engine.engines.base import BATCH_ROWS
from mlsql_engine.engines.duckdb import vector_columns

FIRST_ROWS = 2_048
MOST_BYTES = 32 * 2**20
MOST_ROW_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Part:
    """Some rows of a query; `start` is the place of the first, from 0."""

    rows: pa.RecordBatch
    start: int

    def keeping(self, columns: Sequence[str]) -> Part:
        """The same rows with these columns alone."""
        return Part(self.rows.select(list(columns)), self.start)

    def placed(self, error: BaseException) -> BaseException:
        """The error; where it is a worker's, that says of which rows it came."""
        if isinstance(error, ScriptFailed | WorkerProblem):
            row = error.row if isinstance(error, ScriptFailed) else None
            first, last = (1, self.rows.num_rows) if row is None else (row + 1, row + 1)
            rows = (
                f"row {self.start + first:,}"
                if first == last
                else f"rows {self.start + first:,} to {self.start + last:,}"
            )
            error.details = tuple(
                Detail(detail.label, f"{detail.text}, {rows}") if detail.label == WORKER else detail
                for detail in error.details
            )
        return error


class Parts:
    """The rows of `batches` in parts that grow from 2,048 to 65,536 rows, so that the first answers come soon.

    None is much larger than 32 MiB, neither what goes to the workers nor what came back for the parts before.
    """

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self._most_rows = FIRST_ROWS
        self._answer_bytes = 0.0
        self._start = 0

    def answered(self, rows: int, size: int) -> None:
        """Take down how many bytes came back for so many rows."""
        self._answer_bytes = size / max(1, rows)

    def __iter__(self) -> Iterator[Part]:
        """Raises DataProblem for a row of more than 256 MiB."""
        for batch in self._batches:
            row_bytes = max(vector_columns.size(batch) / max(1, batch.num_rows), 1.0)
            start = 0
            while start < batch.num_rows:
                fitting = max(1, int(MOST_BYTES / max(row_bytes, self._answer_bytes)))
                rows = self._cut(batch.slice(start, min(self._most_rows, fitting)))
                start += rows.num_rows
                yield Part(rows, self._start)
                self._start += rows.num_rows
                self._most_rows = min(2 * self._most_rows, BATCH_ROWS)

    def _cut(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        """The first of the rows, as many as can go to a worker at once: one may be as large as all others."""
        while (size := _exact_size(rows)) > MOST_ROW_BYTES:
            if rows.num_rows == 1:
                raise DataProblem(
                    f"row {self._start + 1:,} has {shown_size(size)}, and {shown_size(MOST_ROW_BYTES)} is the most "
                    "that a function takes",
                    code="ROW_TOO_LARGE",
                    hint="give the function less of it: substr, slice, or fewer columns",
                )
            rows = rows.slice(0, rows.num_rows // 2)
        return rows


def _exact_size(rows: pa.RecordBatch) -> int:
    """The bytes of these rows alone; 0 where Arrow cannot tell."""
    try:
        return int(rows.nbytes)
    except (pa.ArrowNotImplementedError, pa.ArrowTypeError):
        return 0
