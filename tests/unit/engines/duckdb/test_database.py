"""What the database keeps between queries, and what it must not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlsql_engine import connect

CONNECTED = "import mlsql_engine, os; mlsql_engine.connect().close(); print(os.environ['DUCKDB_JE_MALLOC_CONF'])"


@pytest.mark.parametrize("own", [None, "dirty_decay_ms:5"])
def test_freed_memory_is_kept_unless_the_user_says_how(own: str | None) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DUCKDB_JE_MALLOC_CONF"}
    if own is not None:
        environment["DUCKDB_JE_MALLOC_CONF"] = own
    command = [sys.executable, "-c", CONNECTED]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == (own or "dirty_decay_ms:10000,muzzy_decay_ms:10000")


@pytest.mark.parametrize("rows", [[4, 5, 6], [4, 5, 6, 7, 8, 9]])
def test_a_file_that_is_replaced_is_seen_though_its_time_is_the_same(tmp_path: Path, rows: list[int]) -> None:
    path = tmp_path / "data.parquet"

    def write(values: list[int]) -> None:
        new = tmp_path / "new.parquet"
        pq.write_table(pa.table({"a": values}), new)
        os.utime(new, (1_000_000_000, 1_000_000_000))  # long ago: what is new is never taken from memory
        new.replace(path)

    write([1, 2, 3])
    with connect() as session:
        session.run(f"load parquet.`{path}` as t;")
        select = "select count(*) as n, sum(a) as s from t as r;"
        for _ in range(2):
            assert session.run(select).to_arrow().to_pylist() == [{"n": 3, "s": 6}]  # type: ignore[union-attr]
        write(rows)
        assert session.run(select).to_arrow().to_pylist() == [{"n": len(rows), "s": sum(rows)}]  # type: ignore[union-attr]
