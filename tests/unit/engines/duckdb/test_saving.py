"""What save writes, and what is there when it fails."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlsql_engine.core.errors import DataProblem, MlsqlError, UnknownName
from mlsql_engine.engines.requests import ArrowSave, CsvLoad, CsvSave, JsonLoad, JsonSave, ParquetLoad, ParquetSave
from unit.engines.duckdb.sessions import VECTOR, EngineSession, dense, sparse

TABLE = "select 1 as a, 'x,\"y' as b union all select 2, null"


def tree(folder: Path) -> list[str]:
    """Every file and folder below, with random parts of names as `…`."""
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    return [name.split("part-")[0] + "part-…" + Path(name).suffix if "part-" in name else name for name in found]


@pytest.fixture
def tables(session: EngineSession) -> EngineSession:
    session.sql(TABLE, "t")
    session.model("boom", fail)
    session.sql("select a, boom(a) as p from t", "bad")
    return session


def fail(batch: pa.RecordBatch) -> pa.Array:
    raise MlsqlError("boom")


class TestText:
    @pytest.mark.parametrize(
        ("options", "text"),
        [
            (CsvSave(), '1,"x,""y"\n2,\n'),
            (CsvSave(header=True), 'a,b\n1,"x,""y"\n2,\n'),
            (CsvSave(delimiter="\\t", null_value="NA"), '1\t"x,""y"\n2\tNA\n'),
            (CsvSave(delimiter="||"), '1||"x,""y"\n2||\n'),
        ],
    )
    def test_csv(self, tables: EngineSession, tmp_path: Path, options: CsvSave, text: str) -> None:
        assert tables.save("t", tmp_path / "x.csv", options) == 2
        assert (tmp_path / "x.csv").read_text() == text

    def test_json(self, tables: EngineSession, tmp_path: Path) -> None:
        assert tables.save("t", tmp_path / "x.json", JsonSave()) == 2
        assert (tmp_path / "x.json").read_text() == '{"a":1,"b":"x,\\"y"}\n{"a":2,"b":null}\n'

    def test_vectors_are_sparks_json(self, tables: EngineSession, tmp_path: Path) -> None:
        query = (
            "select vec_dense(array(1.0, 2.5)) as v, array(vec_sparse(3, map(1, 2.0)), null) as l, "
            "named_struct('w', array(vec_dense(array(1.0)))) as s, map('k', vec_dense(array(7.0))) as m "
            "union all select null, null, null, null"
        )
        tables.save(query, tmp_path / "x.json", JsonSave())
        inside = {
            "l": [{"type": 0, "size": 3, "indices": [1], "values": [2.0]}, None],
            "s": {"w": [{"type": 1, "values": [1.0]}]},
            "m": {"k": {"type": 1, "values": [7.0]}},
        }
        first, second = (tmp_path / "x.json").read_text().splitlines()
        assert first.startswith('{"v":{"type":1,"values":[1.0,2.5]},"l":[{"type":0,"size":3,"indices":[1]')
        assert json.loads(first) == {"v": {"type": 1, "values": [1.0, 2.5]}, **inside}
        assert json.loads(second) == dict.fromkeys("vlsm")
        tables.save(query, tmp_path / "x.csv", CsvSave(header=True))
        columns, rows = tables.load(CsvLoad(header=True), tmp_path / "x.csv")
        assert (columns, rows[1]) == (["v", "l", "s", "m"], (None,) * 4)
        assert rows[0][0] == '{"type":1,"values":[1.0,2.5]}'
        assert [json.loads(value) for value in rows[0][1:]] == list(inside.values())

    def test_json_there_and_back(self, tables: EngineSession, tmp_path: Path) -> None:
        tables.save("select 1 as a, array(1, 2) as l, struct(1 as x) as s", tmp_path / "x.json", JsonSave())
        assert tables.load(JsonLoad(), tmp_path / "x.json")[1] == [(1, [1, 2], {"x": 1})]


class TestParquet:
    def test_vectors_there_and_back(self, tables: EngineSession, tmp_path: Path) -> None:
        vectors = "vec_dense(array(1.0)) as v, array(vec_sparse(3, map(1, 2.0)), null) as l"
        query = f"select {vectors} union all select null, null"
        tables.save(query, tmp_path / "x.parquet", ParquetSave())
        on_disk = pq.read_table(tmp_path / "x.parquet")
        assert [field.name for field in on_disk.schema.field("v").type] == ["type", "size", "indices", "values"]
        relation = tables.bind("back", ParquetLoad(), tmp_path / "x.parquet")
        assert tables.rows(relation) == [(dense(1.0), [sparse(3, {1: 2.0}), None]), (None, None)]
        assert tables.engine.schema(relation).field("v").type == VECTOR
        assert tables.rows("select vec_array(v) as a, vec_size(l[0]) as n from back") == [([1.0], 3), (None, None)]

    @pytest.mark.parametrize(
        ("option", "codec"),
        [("snappy", "SNAPPY"), ("zstd", "ZSTD"), ("gzip", "GZIP"), ("lz4", "LZ4"), ("none", "UNCOMPRESSED")],
    )
    def test_compression(self, tables: EngineSession, tmp_path: Path, option: Any, codec: str) -> None:
        tables.save("t", tmp_path / "x.parquet", ParquetSave(compression=option))
        found = pq.ParquetFile(tmp_path / "x.parquet").metadata.row_group(0).column(0).compression
        assert found.startswith(codec)


def test_arrow(tables: EngineSession, tmp_path: Path) -> None:
    assert tables.save("select a, vec_dense(array(1.0)) as v from t", tmp_path / "x.arrow", ArrowSave()) == 2
    table = pa.ipc.open_file(str(tmp_path / "x.arrow")).read_all()
    assert table.to_pylist() == [{"a": 1, "v": dense(1.0)}, {"a": 2, "v": dense(1.0)}]


@pytest.mark.parametrize(
    ("name", "options", "load"),
    [
        ("x.csv", CsvSave(header=True), CsvLoad(header=True)),
        ("x.parquet", ParquetSave(), ParquetLoad()),
        ("x", ParquetSave(), ParquetLoad()),
    ],
)
def test_zero_rows(tables: EngineSession, tmp_path: Path, name: str, options: Any, load: Any) -> None:
    assert tables.save("select * from t where false", tmp_path / name, options) == 0
    assert tables.load(load, tmp_path / name) == (["a", "b"], [])


def test_a_thousand_columns(tables: EngineSession, tmp_path: Path) -> None:
    tables.sql(f"select {', '.join(f'{number} as c{number}' for number in range(1000))}", "wide")
    for name, save, load in (
        ("x.csv", CsvSave(header=True), CsvLoad(header=True, infer_schema=True)),
        ("x.parquet", ParquetSave(), ParquetLoad()),
        ("x.json", JsonSave(), JsonLoad()),
    ):
        tables.save("wide", tmp_path / name, save)
        assert tables.load(load, tmp_path / name)[1] == [tuple(range(1000))]


class TestPlaces:
    def test_the_ending_makes_a_file(self, tables: EngineSession, tmp_path: Path) -> None:
        tables.save("t", tmp_path / "x.csv", CsvSave())
        tables.save("t", tmp_path / "y", CsvSave())
        tables.save("t", tmp_path / "z.json", CsvSave())
        tables.save("t", tmp_path / "new/folders/w.csv", CsvSave())
        assert tree(tmp_path) == [
            "new", "new/folders", "new/folders/w.csv", "x.csv", "y", "y/part-….csv", "z.json", "z.json/part-….csv",
        ]  # fmt: skip

    def test_modes(self, tables: EngineSession, tmp_path: Path) -> None:
        place = tmp_path / "x"
        assert tables.save("t", place, CsvSave(), "errorIfExists") == 2
        with pytest.raises(DataProblem) as raised:
            tables.save("t", place, CsvSave(), "errorIfExists")
        assert (raised.value.code, raised.value.message) == ("EXISTS", f"{place} exists already")
        assert tables.save("t", place, CsvSave(), "ignore") is None
        assert tables.save("t", place, CsvSave(), "append") == 2
        assert sorted(tables.load(CsvLoad(), place)[1]) == sorted(
            tables.rows("select string(a), b from t") * 2, key=str
        )
        assert tables.save("t", place, CsvSave(), "overwrite") == 2
        assert tree(tmp_path) == ["x", "x/part-….csv"]

    def test_append_to_nothing_and_to_a_file(self, tables: EngineSession, tmp_path: Path) -> None:
        assert tables.save("t", tmp_path / "x.csv", CsvSave(), "append") == 2
        with pytest.raises(DataProblem, match="is one file, to which no rows can be added"):
            tables.save("t", tmp_path / "x.csv", CsvSave(), "append")

    def test_overwrite_a_folder_by_a_file_and_back(self, tables: EngineSession, tmp_path: Path) -> None:
        (tmp_path / "x.csv").mkdir()
        (tmp_path / "x.csv/old.txt").write_text("old")
        tables.save("t", tmp_path / "x.csv", CsvSave())
        assert tree(tmp_path) == ["x.csv", "x.csv/part-….csv"]
        (tmp_path / "y").write_text("old")
        tables.save("t", tmp_path / "y", CsvSave())
        assert tree(tmp_path) == ["x.csv", "x.csv/part-….csv", "y", "y/part-….csv"]

    def test_over_the_file_that_is_read(self, tables: EngineSession, tmp_path: Path) -> None:
        tables.save("t", tmp_path / "x.csv", CsvSave(header=True))
        tables.bind("self", CsvLoad(header=True), tmp_path / "x.csv")
        tables.save("select a from self", tmp_path / "x.csv", CsvSave(header=True))
        assert (tmp_path / "x.csv").read_text() == "a\n1\n2\n"
        tables.save("t", tmp_path / "y", ParquetSave())
        tables.bind("self", ParquetLoad(), tmp_path / "y")
        tables.save("select a + 1 as a from self", tmp_path / "y", ParquetSave())
        assert tables.load(ParquetLoad(), tmp_path / "y") == (["a"], [(2,), (3,)])

    def test_partitions(self, tables: EngineSession, tmp_path: Path) -> None:
        tables.sql("select a, b, a % 2 as k from t", "p")
        assert tables.save("p", tmp_path / "x", CsvSave(header=True), by=("k",)) == 2
        assert tables.save("p", tmp_path / "x", CsvSave(header=True), "append", by=("k",)) == 2
        assert sorted(path.name for path in (tmp_path / "x").iterdir()) == ["k=0", "k=1"]
        columns, rows = tables.load(CsvLoad(header=True), tmp_path / "x")
        assert (columns, sorted(rows, key=str)) == (["a", "b", "k"], [("1", 'x,"y', 1)] * 2 + [("2", None, 0)] * 2)
        tables.save("p", tmp_path / "y", ParquetSave(), by=("k", "a"))
        assert sorted(str(path.parent.relative_to(tmp_path)) for path in (tmp_path / "y").rglob("*.parquet")) == [
            "y/k=0/a=2",
            "y/k=1/a=1",
        ]

    def test_an_unknown_partition_column(self, tables: EngineSession, tmp_path: Path) -> None:
        with pytest.raises(UnknownName, match="there is no column 'nope'"):
            tables.save("t", tmp_path / "x", CsvSave(), by=("nope",))
        assert tree(tmp_path) == []

    def test_a_pipe(self, tables: EngineSession, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        texts: list[str] = []
        reader = threading.Thread(target=lambda: texts.append((tmp_path / "pipe").read_text()), daemon=True)
        reader.start()
        assert tables.save("t", tmp_path / "pipe", CsvSave()) == 2
        reader.join(10)
        assert texts == ['1,"x,""y"\n2,\n']


class TestFailures:
    @pytest.mark.parametrize(
        ("name", "by"), [("x.csv", ()), ("x", ()), ("deep/er/x.csv", ()), ("x", ("a",)), ("x.json", ())]
    )
    def test_nothing_is_left(self, tables: EngineSession, tmp_path: Path, name: str, by: tuple[str, ...]) -> None:
        for options in (CsvSave(), JsonSave(), ParquetSave(), ArrowSave()):
            if by and isinstance(options, ArrowSave):
                continue
            with pytest.raises(MlsqlError) as raised:
                tables.save("bad", tmp_path / name, options, by=by)
            assert raised.value.message == "boom"
            assert tree(tmp_path) == []

    @pytest.mark.parametrize("mode", ["overwrite", "append"])
    def test_what_was_there_stays(self, tables: EngineSession, tmp_path: Path, mode: Any) -> None:
        tables.save("t", tmp_path / "x", CsvSave())
        tables.save("t", tmp_path / "y.csv", CsvSave())
        before = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
        with pytest.raises(MlsqlError, match="boom"):
            tables.save("bad", tmp_path / "x", CsvSave(), mode)
        with pytest.raises(MlsqlError):
            tables.save("bad", tmp_path / "y.csv", CsvSave(), mode)
        assert {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == before

    def test_a_place_inside_a_file(self, tables: EngineSession, tmp_path: Path) -> None:
        (tmp_path / "x.csv").write_text("old")
        with pytest.raises(DataProblem) as raised:
            tables.save("t", tmp_path / "x.csv/y.csv", CsvSave())
        assert raised.value.code == "CANNOT_WRITE"
        assert tree(tmp_path) == ["x.csv"]
