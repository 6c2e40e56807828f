"""A table on standard output, in the form that was asked for."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable

from mlsql_engine.engines.requests import CsvSave, JsonSave, SaveOptions
from mlsql_engine.table import Table


def as_text(table: Table) -> None:
    """A readable table of the first rows."""
    sys.stdout.write(table.to_text() + "\n")


def as_json(table: Table) -> None:
    """One JSON object per line, all rows."""
    _through_pipe(table, JsonSave())


def as_csv(table: Table) -> None:
    """A header line and all rows."""
    _through_pipe(table, CsvSave(header=True))


def as_arrow(table: Table) -> None:
    """An Arrow IPC stream of all rows."""
    import pyarrow as pa

    with table.stream() as stream, pa.ipc.new_stream(sys.stdout.buffer, stream.schema) as writer:
        for batch in stream:
            writer.write_batch(batch)


WRITERS: dict[str, Callable[[Table], None]] = {
    "table": as_text,
    "json": as_json,
    "csv": as_csv,
    "arrow": as_arrow,
}


def _through_pipe(table: Table, options: SaveOptions) -> None:
    """Have the engine write its own text into a pipe, and pass the bytes on as they come.

    The engine opens what it writes to by name and from the start; standard output may be a file that somebody
    has written to already.
    """
    source, sink = os.pipe()
    thread = threading.Thread(target=_pass_on, args=(source,), name="mlsql-output")
    thread.start()
    try:
        table.write(f"/dev/fd/{sink}", options)
    finally:
        os.close(sink)
        thread.join()


def _pass_on(descriptor: int) -> None:
    with open(descriptor, "rb") as pipe:
        try:
            shutil.copyfileobj(pipe, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            # Whoever read has enough; take the rest away so that the engine does not wait.
            while pipe.read(1 << 16):
                pass
