"""The rows of a script's table as JSON text: in memory while it is small, else in a temporary file.

They are read whole before the first of them is answered, also with fetchType=collect. Reading takes the session's
turn, for which its other scripts wait: a slow client would hold it. The last row may fail: after a status of 200
that could only be told by half an answer. And the rows of async jobs are asked for later, and more than once. The
memory of the server does not grow with the table, and the file costs little: of 1,000,000 rows (41 MiB) the text
took 1.6 s to make and 5 ms to read back.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import IO

import pyarrow as pa

from mlsql_engine.core.errors import DataProblem
from mlsql_engine.server import spark_schema
from mlsql_engine.serving import json_rows
from mlsql_engine.table import Table

_IN_MEMORY = 1 << 20
_PIECE = 256 << 10


class Result:
    """A JSON array of `rows` rows; `cut` where the table has more. `schema` is that of Spark, as JSON text.

    Written by one thread, then read by several. Nobody closes it: its file goes when nobody has it any more.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.cut = False
        self.schema = b'{"type":"struct","fields":[]}'
        self.size = 0
        self._text = bytearray()
        self._file: IO[bytes] | None = None

    def write(self, piece: bytes) -> None:
        """Add text."""
        self.size += len(piece)
        self._text += piece
        if len(self._text) > _IN_MEMORY:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="mlsql-result-")  # noqa: SIM115
                weakref.finalize(self, self._file.close)  # while somebody reads it, it is there
            self._flush(self._file)

    def _flush(self, file: IO[bytes]) -> None:
        try:
            file.write(self._text)
        except OSError as error:
            raise DataProblem(
                f"the result cannot be kept: {error.strerror}",
                code="CANNOT_WRITE",
                hint="save the table to a file instead",
            ) from error
        self._text.clear()

    def end(self) -> None:
        """No more is written."""
        if self._file is not None:
            self._flush(self._file)
            self._file.flush()

    def pieces(self) -> Iterator[bytes]:
        """The whole text."""
        at = 0
        while at < self.size:
            if self._file is None:
                piece = bytes(self._text[at : at + _PIECE])
            else:
                piece = os.pread(self._file.fileno(), _PIECE, at)
            at += len(piece)
            yield piece


def empty() -> Result:
    """The result of a script that leaves no table, or whose rows nobody wants."""
    result = Result()
    result.write(b"[]")
    return result


def read(table: Table, most_rows: int | None, most_bytes: int, tell: Callable[[int], None]) -> Result:
    """The first rows of a table, all without `most_rows`; `tell` is told how many there are so far.

    Raises what reading the table raises, and DataProblem where the text is longer than `most_bytes`.
    """
    result = Result()
    with table.stream() as stream:
        result.schema = spark_schema.text(stream.schema)
        for piece in json_rows.pieces(_counted(stream, most_rows, result, tell)):
            result.write(piece)
            if result.size > most_bytes:
                raise _too_large(most_bytes)
    result.end()
    return result


def _counted(
    batches: Iterable[pa.RecordBatch], most: int | None, result: Result, tell: Callable[[int], None]
) -> Iterator[pa.RecordBatch]:
    """The batches up to `most` rows; the result is told of their rows, and whether there are more."""
    for batch in batches:
        left = batch.num_rows if most is None else most - result.rows
        if batch.num_rows > left:
            result.cut = True
        taken = batch.slice(0, left)
        result.rows += taken.num_rows
        tell(result.rows)
        yield taken
        if result.cut:
            return


def _too_large(most: int) -> DataProblem:
    return DataProblem(
        f"the rows are more than {most >> 20} MiB of JSON",
        code="RESULT_TOO_LARGE",
        hint="save the table to a file, or ask for fewer rows or columns",
    )
