"""Hand 1,000,000 x 30 doubles to a script as JSON lines, against DuckDB's own COPY of the same relation.

30 double columns of a parquet file; then one vector column of 30, against a COPY of the struct with the same two
fields. Both write byte for byte the same.
"""

from __future__ import annotations

import filecmp
import shutil
from pathlib import Path

from benchmarks.measuring import Bar, Figure, alternate, timed
from benchmarks.workspace import COLUMNS, Workspace, bare_engine


def run(workspace: Workspace) -> list[Figure]:
    what = f"{workspace.rows:,} x {COLUMNS} doubles to the script as json"
    struct = "SELECT {'type': features.type, 'values': features.values} AS features FROM"
    return [
        _compare(workspace, what, workspace.numbers, "FROM"),
        _compare(workspace, "the same as one vector column", workspace.vectors, struct),
    ]


def _compare(workspace: Workspace, what: str, data: Path, select: str) -> Figure:
    import duckdb

    from mlsql_engine.engines.requests import ParquetLoad, ReadRequest
    from mlsql_engine.transport import local_files

    folder = workspace.folder / "json_handover"
    copied = folder / "copied.json"

    def new_folder() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()

    with bare_engine() as engine, duckdb.connect() as connection:
        relation = engine.read(ReadRequest(ParquetLoad(), str(data)))
        copy = f"COPY ({select} '{data}') TO '{copied}' (FORMAT json)"
        ours, theirs = alternate(
            workspace.repeats,
            timed(lambda: local_files.write(engine, relation, folder / "ours", "json"), new_folder),
            timed(lambda: connection.execute(copy), new_folder),
        )
        local_files.write(engine, relation, folder / "ours", "json")
    assert filecmp.cmp(copied, folder / "ours/part-00000.json", shallow=False)
    note = f"{copied.stat().st_size / 1e6:,.0f} MB"
    shutil.rmtree(folder)
    return Figure(what, ours, theirs, "DuckDB COPY … (FORMAT json)", Bar(1.3), note)
