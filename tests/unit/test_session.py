"""The facade: what a session keeps, and how it ends."""

from __future__ import annotations

import gc
import os
import weakref
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlsql_engine import MlsqlError, SilentProgress, connect


def test_the_last_table_and_none() -> None:
    with connect(progress=SilentProgress(), variables={"n": 5}) as session:  # type: ignore[dict-item]
        assert session.run("set a = '1';") is None
        table = session.run("select ${n} as n as t; set a = '1';")
        assert table is not None
        assert (table.name, table.columns, table.to_arrow().to_pylist()) == ("t", ("n",), [{"n": 5}])
        assert session.table("T").to_polars().rows() == [(5,)]


def test_a_table_keeps_its_session() -> None:
    table = connect(progress=SilentProgress()).run("select 1 as a as t;")
    gc.collect()
    assert table is not None
    assert table.to_pandas()["a"].tolist() == [1]


def test_a_dropped_session_ends() -> None:
    session = connect(progress=SilentProgress())
    session.run("select 1 as a as t;")
    gone = weakref.ref(session)
    del session
    gc.collect()
    assert gone() is None


def test_a_closed_session() -> None:
    session = connect(progress=SilentProgress())
    table = session.run("select 1 as a as t;")
    session.close()
    session.close()
    assert table is not None
    for use in (table.to_arrow, lambda: session.run("select 1 as a as t;"), lambda: session.table("t")):
        with pytest.raises(MlsqlError) as caught:
            use()
        assert caught.value.code == "SESSION_CLOSED"


def test_a_forked_child_leaves_the_session_alone(tmp_path: Path) -> None:
    with connect(progress=SilentProgress()) as session:
        session.run("select 1 as a as t; save t as csv.`a`;", folder=tmp_path)
        end = session._end.peek()
        assert end is not None
        _, function, (owner, *parts), _ = end
        function(owner + 1, *parts)  # as a child, whose process id is another, would
        assert session.table("t").to_arrow().num_rows == 1


def test_a_relative_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "train.py").write_text("import mlsql\nmlsql.save_model(1)\n")
    with connect(progress=SilentProgress()) as session:
        script = 'select 1 as a as t; train t as PythonAlg.`m` where pythonScriptPath="train.py";'
        session.run(script, folder=Path("b"))
    assert (tmp_path / "b" / "m" / "_model_0").is_dir()


def test_saving_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    os.symlink(tmp_path / "real", tmp_path / "link")
    with connect(progress=SilentProgress()) as session:
        session.run("select 1 as a as t; save overwrite t as parquet.`link`;", folder=tmp_path)
    assert (tmp_path / "link").is_symlink()
    assert pq.read_table(tmp_path / "real").to_pylist() == [{"a": 1}]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]


def test_a_device_is_no_place(tmp_path: Path) -> None:
    with connect(progress=SilentProgress()) as session, pytest.raises(MlsqlError) as caught:
        session.run("select 1 as a as t; save overwrite t as csv.`/dev/null`;")
    assert (caught.value.code, caught.value.message) == ("CANNOT_WRITE", "/dev/null is neither a file nor a folder")
    assert Path("/dev/null").is_char_device()


def test_parquet_files_of_several_types_are_one_table(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"a": [2.5], "b": ["x"]}), tmp_path / "b.parquet")
    with connect(progress=SilentProgress()) as session:
        table = session.run("load parquet.`.` as t;", folder=tmp_path)
        assert table is not None
        assert table.to_arrow().to_pylist() == [{"a": 1.0, "b": None}, {"a": 2.5, "b": "x"}]


def test_json_text_and_big_numbers_stay_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('{"a":"1:2:3","n":1}\n{"a":"7:05:00","n":9223372036854775808}\n')
    with connect(progress=SilentProgress()) as session:
        table = session.run(
            "load json.`t.json` as t; select a, cast(n as string) as n from t as u;", folder=tmp_path
        )
        assert table is not None
        assert table.to_arrow().to_pylist() == [
            {"a": "1:2:3", "n": "1"},
            {"a": "7:05:00", "n": "9223372036854775808"},
        ]


@pytest.mark.parametrize("rows", ['{"a":1,"A":2}\n', '{"a":1}\n{"A":4}\n'])
def test_json_keys_that_differ_only_in_case_are_refused(tmp_path: Path, rows: str) -> None:
    (tmp_path / "t.json").write_text(rows)
    with connect(progress=SilentProgress()) as session, pytest.raises(MlsqlError) as caught:
        session.run("load json.`t.json` as t;", folder=tmp_path)
    assert caught.value.message == "the keys 'a' and 'A' differ only in case, and column names do not"


def test_json_keys_that_only_look_renamed(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('{"a":1,"A_1":2}\n')
    with connect(progress=SilentProgress()) as session:
        table = session.run("load json.`t.json` as t;", folder=tmp_path)
        assert table is not None
        assert table.to_arrow().to_pylist() == [{"a": 1, "A_1": 2}]


def test_empty_text_in_a_csv_of_one_column_comes_back(tmp_path: Path) -> None:
    options = "where header='true' and nullValue='NA'"
    with connect(progress=SilentProgress()) as session:
        table = session.run(
            f"select '' as s union all select null union all select 'b' as t;"
            f"save overwrite t as csv.`one.csv` {options}; load csv.`one.csv` {options} as u;",
            folder=tmp_path,
        )
        assert table is not None
        assert table.to_arrow().to_pylist() == [{"s": ""}, {"s": None}, {"s": "b"}]


def test_a_job_runs_a_script_and_reads_its_table(tmp_path: Path) -> None:
    with connect(progress=SilentProgress()) as session:
        with session.job("mine") as job:
            assert (session.working, job.statements, job.done) == (None, 0, 0)
            table = session.run_in(job, "set a = '2'; select ${a} as n as t;", tmp_path, {})
            assert (job.statements, job.done) == (2, 2)
            with session.turn(job):
                assert session.working is job
                assert table is not None
                assert table.to_arrow().to_pylist() == [{"n": 2}]
        assert [(row["name"], row["state"]) for row in session.system_table("jobs").to_pylist()] == [
            ("mine", "succeeded")
        ]
        with pytest.raises(MlsqlError, match="does not name its result"), session.job("wrong") as job:
            session.run_in(job, "select from from;", tmp_path, {})
        assert (job.state, job.statements) == ("failed", 0)
