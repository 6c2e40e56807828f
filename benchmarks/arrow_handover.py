"""Hand 1,000,000 x 30 doubles to a script as Arrow, against doing it by hand with DuckDB and pyarrow.

Ours: `transport.local_files.write` of a table loaded from parquet, and the worker's memory map of the file. By
hand: the same parquet scanned by DuckDB to record batches, an Arrow IPC file written of them and mapped. The
second line leaves the scan out on both sides: ours of a table that the engine holds in memory, by hand of an Arrow
table, where there is nothing to convert.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from benchmarks.measuring import Bar, Figure, alternate, timed
from benchmarks.workspace import BATCH_ROWS, COLUMNS, Workspace, bare_engine


def run(workspace: Workspace) -> list[Figure]:
    from mlsql_engine.engines.requests import ArrowRows, ParquetLoad, ReadRequest

    folder = workspace.folder / "arrow_handover"

    def new_folder() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()

    by_hand, in_memory = folder / "by_hand.arrow", folder / "in_memory.arrow"
    numbers, table = workspace.numbers, workspace.table
    with bare_engine() as engine:
        relation = engine.read(ReadRequest(ParquetLoad(), str(numbers)))
        held = engine.read(ReadRequest(ArrowRows(table)))
        ours, theirs, of_memory, harsh = alternate(
            workspace.repeats,
            timed(lambda: _ours(engine, relation, folder / "ours"), new_folder),
            timed(lambda: _by_hand(numbers, by_hand), new_folder),
            timed(lambda: _ours(engine, held, folder / "held"), new_folder),
            timed(lambda: _in_memory(table, in_memory), new_folder),
        )
        new_folder()
        assert _by_hand(numbers, by_hand).equals(_ours(engine, relation, folder / "ours"))
    shutil.rmtree(folder)
    what = f"{workspace.rows:,} x {COLUMNS} doubles to the script as arrow"
    return [
        Figure(what, ours, theirs, "DuckDB scan + pyarrow IPC file + map", Bar(2.0)),
        Figure("the same of a table in memory", of_memory, harsh, "pyarrow IPC file + map, no conversion"),
    ]


def _ours(engine: Any, relation: Any, folder: Path) -> Any:
    from mlsql_engine.transport import local_files
    from mlsql_sdk import local_data

    data = local_files.write(engine, relation, folder, "arrow")
    return local_data.table(str(data.folder))


def _by_hand(numbers: Path, file: Path) -> Any:
    import duckdb
    import pyarrow as pa

    with duckdb.connect() as connection:
        reader = connection.sql(f"SELECT * FROM '{numbers}'").to_arrow_reader(BATCH_ROWS)
        with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_file(sink, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
    return _mapped(file)


def _in_memory(table: Any, file: Path) -> Any:
    import pyarrow as pa

    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return _mapped(file)


def _mapped(file: Path) -> Any:
    import pyarrow as pa

    return pa.ipc.open_file(pa.memory_map(str(file))).read_all()
