"""A table on standard output, in the form that was asked for."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable

from mlsql_engine.core.errors import DataProblem
from mlsql_engine.engines.requests import CsvSave, JsonSave, SaveOptions
from mlsql_engine.table import Table


def as_text(table: Table) -> None:
    """A readable table of the first rows."""
    text = table.to_text(whole="; --format json, csv or arrow gives all")
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except OSError as error:
        raise unwritable(error) from error


def as_json(table: Table) -> None:
    """One JSON object per line, all rows."""
    _through_pipe(table, JsonSave())


def as_csv(table: Table) -> None:
    """A header line and all rows."""
    _through_pipe(table, CsvSave(header=True))


def as_arrow(table: Table) -> None:
    """An Arrow IPC stream of all rows."""
    import pyarrow as pa

    with table.stream() as stream:
        try:
            with pa.ipc.new_stream(sys.stdout.buffer, stream.schema) as writer:
                for batch in stream:
                    writer.write_batch(batch)
            sys.stdout.buffer.flush()
        except OSError as error:
            raise unwritable(error) from error


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
    failures: list[OSError] = []
    thread = threading.Thread(target=_pass_on, args=(source, failures), name="mlsql-output")
    thread.start()
    try:
        table.write(f"/dev/fd/{sink}", options)
    finally:
        os.close(sink)
        thread.join()
    if failures:
        raise unwritable(failures[0])


def _pass_on(descriptor: int, failures: list[OSError]) -> None:
    with open(descriptor, "rb") as pipe:
        try:
            shutil.copyfileobj(pipe, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        except OSError as error:
            failures.append(error)
            # Take the rest away so that the engine, which knows nothing of it, does not wait.
            while pipe.read(1 << 16):
                pass


def unwritable(error: OSError) -> BaseException:
    """Nobody reads any more, which is no mistake of the script; or the result cannot be written."""
    if isinstance(error, BrokenPipeError) or "Broken pipe" in str(error):
        return ReaderGone()
    return DataProblem(f"the result cannot be written: {error.strerror}", code="CANNOT_WRITE")


class ReaderGone(Exception):
    """Whoever read standard output has enough (`| head`)."""
