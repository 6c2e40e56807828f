"""Training data on local disk, as the script will find it."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.transport.local_files import LocalData, LocalFormat, write
from unit.engines.duckdb.sessions import EngineSession, dense

QUERY = "select 1 as label, vec_dense(array(1.0, 2.0)) as features union all select 0, null"


def saved(session: EngineSession, folder: Path, form: LocalFormat, **options: bool) -> Path:
    assert write(session.engine, session.sql(QUERY), folder, form, **options) == LocalData(folder, 2)
    assert [path.name for path in folder.iterdir()] == [f"part-00000.{form}"]
    return folder / f"part-00000.{form}"


def test_json(session: EngineSession, tmp_path: Path) -> None:
    lines = saved(session, tmp_path / "data", "json").read_text().splitlines()
    vector = {"type": 1, "values": [1.0, 2.0]}
    assert [json.loads(line) for line in lines] == [
        {"label": 1, "features": vector},
        {"label": 0, "features": None},
    ]


def test_csv_with_and_without_the_header(session: EngineSession, tmp_path: Path) -> None:
    rows = '1,"{""type"":1,""values"":[1.0,2.0]}"\n0,\n'
    assert saved(session, tmp_path / "a", "csv").read_text() == f"label,features\n{rows}"
    assert saved(session, tmp_path / "b", "csv", header=False).read_text() == rows


def test_parquet_and_arrow(session: EngineSession, tmp_path: Path) -> None:
    rows = [{"label": 1, "features": dense(1.0, 2.0)}, {"label": 0, "features": None}]
    assert pq.read_table(saved(session, tmp_path / "a", "parquet")).to_pylist() == rows
    arrow = pa.ipc.open_file(str(saved(session, tmp_path / "b", "arrow"))).read_all()
    assert arrow.to_pylist() == rows


def test_again_replaces_it(session: EngineSession, tmp_path: Path) -> None:
    saved(session, tmp_path / "data", "json")
    saved(session, tmp_path / "data", "json")


@pytest.mark.parametrize("form", ["json", "csv", "parquet", "arrow"])
def test_zero_rows(session: EngineSession, tmp_path: Path, form: LocalFormat) -> None:
    relation = session.sql(f"select * from ({QUERY}) where label > 5")
    assert write(session.engine, relation, tmp_path / "data", form).rows == 0
    assert (tmp_path / "data" / f"part-00000.{form}").exists()


@pytest.mark.parametrize("form", ["json", "csv", "parquet", "arrow"])
def test_a_failure_leaves_nothing(session: EngineSession, tmp_path: Path, form: LocalFormat) -> None:
    def fail(batch: pa.RecordBatch) -> pa.Array:
        raise MlsqlError("boom")

    session.model("f", fail)
    session.numbers(3)
    with pytest.raises(MlsqlError, match="boom"):
        write(session.engine, session.sql("select f(a) as p from numbers"), tmp_path / "data", form)
    assert list(tmp_path.rglob("*")) == []
