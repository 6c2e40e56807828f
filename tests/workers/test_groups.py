"""Parameter groups: trained side by side, each failing by itself, ended together."""

from __future__ import annotations

import json
import os
import signal
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine import MlsqlError, Session
from mlsql_engine.core.errors import Cancelled
from recorded import RecordedProgress

SAVE = """
import mlsql
print("alpha", mlsql.fit_param["alpha"])
mlsql.log_metric("loss", float(mlsql.fit_param["alpha"]))
mlsql.save_model(mlsql.fit_param["alpha"])
"""
MEET = """
import mlsql, os, time
# Each waits until the other has come: one after the other they would wait for ever.
here = os.environ["MEETING"]
open(os.path.join(here, mlsql.fit_param["me"]), "w").close()
while len(os.listdir(here)) < 2:
    time.sleep(0.01)
mlsql.save_model(os.environ["OMP_NUM_THREADS"])
"""


class Trainer:
    def __init__(self, session: Session, folder: Path) -> None:
        self.session, self.folder, self.model = session, folder, folder / "model"

    def train(self, script: str, options: str, table: str = "data") -> list[dict[str, Any]]:
        (self.folder / "train.py").write_text(textwrap.dedent(script), encoding="utf-8")
        statement = f'train {table} as PythonAlg.`model` where pythonScriptPath="train.py" {options};'
        result = self.session.run(statement, name="test.mlsql", folder=self.folder)
        assert result is not None
        return result.to_arrow().to_pylist(maps_as_pydicts="strict")

    def manifest(self, version: int = 0) -> dict[str, Any]:
        content = (self.model / f"_model_{version}" / "meta" / "manifest.json").read_text(encoding="utf-8")
        found: dict[str, Any] = json.loads(content)
        return found


@pytest.fixture
def trainer(session: Session, tmp_path: Path) -> Trainer:
    return Trainer(session, tmp_path)


def test_one_model_per_group_in_the_order_of_their_numbers(trainer: Trainer) -> None:
    rows = trainer.train(SAVE, 'and fitParam.10.alpha="3" and fitParam.2.alpha="2" and fitParam.alpha="1"')
    told = [(row["algIndex"], row["status"], row["metrics"], row["trainParams"]["alpha"]) for row in rows]
    assert told == [
        (0, "success", {"loss": 1.0}, "1"),
        (2, "success", {"loss": 2.0}, "2"),
        (10, "success", {"loss": 3.0}, "3"),
    ]
    folder = trainer.model / "_model_0" / "model"
    assert [row["modelPath"] for row in rows] == [str(folder / number) for number in ("0", "2", "10")]
    assert all(os.listdir(row["modelPath"]) for row in rows)


def test_groups_train_at_the_same_time_and_share_the_cores(
    trainer: Trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    (tmp_path / "meeting").mkdir()
    script = MEET + '\nprint("threads", os.environ["OMP_NUM_THREADS"])\n'
    envs = json.dumps({"MEETING": str(tmp_path / "meeting")})
    rows = trainer.train(script, f'and fitParam.0.me="a" and fitParam.1.me="b" and systemParam.envs=\'{envs}\'')
    assert [row["message"] for row in rows] == ["threads 2", "threads 2"]


def test_max_parallel_trains_one_after_the_other(trainer: Trainer, tmp_path: Path) -> None:
    script = """
        import mlsql, os
        assert not os.path.exists("../busy"), "another group trains"
        open("../busy", "w").close()
        mlsql.save_model(1)
        os.remove("../busy")
    """
    groups = "".join(f' and fitParam.{number}.alpha="1"' for number in range(3))
    rows = trainer.train(script, f'and maxParallel="1" {groups}')
    assert [row["status"] for row in rows] == ["success"] * 3


def test_a_group_that_fails_leaves_the_others(trainer: Trainer, progress: RecordedProgress) -> None:
    script = SAVE + "\nif mlsql.fit_param['alpha'] == '2': raise ValueError('no twos')\n"
    good, bad = trainer.train(script, 'and fitParam.0.alpha="1" and fitParam.1.alpha="2"')
    assert (good["status"], good["message"]) == ("success", "alpha 1")
    assert (bad["status"], bad["modelPath"], bad["score"]) == ("fail", None, None)
    first, *_, last = bad["message"].split("\n")
    assert first.startswith("train.py raised ValueError: no twos (")
    assert last == "alpha 2"
    assert os.listdir(trainer.model / "_model_0" / "model") == ["0"]
    assert any(note.startswith("train: group 1: failed: train.py raised ValueError") for note in progress.notes)
    with pytest.raises(MlsqlError) as caught:
        trainer.session.run('register PythonAlg.`model` as f where algIndex="1";', folder=trainer.folder)
    assert caught.value.message == "version 0 of the model has no parameter group 1 that was trained"


def test_nothing_is_published_where_all_groups_fail(trainer: Trainer) -> None:
    script = "import mlsql\nraise ValueError('not ' + mlsql.fit_param['alpha'])\n"
    with pytest.raises(MlsqlError) as caught:
        trainer.train(script, 'and fitParam.0.alpha="1" and fitParam.1.alpha="2"')
    assert (caught.value.code, caught.value.message) == ("GROUPS_FAILED", "all 2 parameter groups failed")
    assert [detail.label for detail in caught.value.details] == ["group 0", "group 1"]
    assert caught.value.details[1].text.startswith("SCRIPT_FAILED: train.py raised ValueError: not 2 (")
    assert not trainer.model.exists()


def test_groups_that_fail_alike_are_one_error(trainer: Trainer) -> None:
    with pytest.raises(MlsqlError) as caught:
        trainer.train("raise SystemExit(3)", 'and fitParam.0.alpha="1" and fitParam.1.alpha="2"')
    assert caught.value.code == "SCRIPT_EXITED"
    assert caught.value.message == "all 2 parameter groups failed: train.py exited with status 3"


def test_logs_and_what_was_used_are_kept_with_the_model(trainer: Trainer, tmp_path: Path) -> None:
    trainer.session.run('set wanted = "1"; select * from data where label = ${wanted} as ones;')
    trainer.train(SAVE, 'and fitParam.0.alpha="1" and fitParam.0.apiToken="t0ps3cret"', table="ones")
    text = (trainer.model / "_model_0" / "meta" / "manifest.json").read_text(encoding="utf-8")
    manifest = json.loads(text)
    assert "t0ps3cret" not in text
    assert manifest["query"].split("\n")[-1] == "select * from data where label = 1 as ones;"
    assert manifest["query"].startswith("load jsonStr.`rows` as data;")
    assert list(manifest["code"]) == ["train.py"]
    assert len(manifest["code"]["train.py"]) == 64
    assert manifest["options"]["fitParam.0.apiToken"] == "***"
    assert manifest["options"]["pythonScriptPath"] == "train.py"
    (group,) = manifest["groups"]
    assert (trainer.model / "_model_0" / group["log"]).read_text(encoding="utf-8") == "alpha 1\n"


def test_cancel_ends_all_groups_and_publishes_nothing(
    trainer: Trainer, tmp_path: Path, progress: RecordedProgress
) -> None:
    """One group has ended well when the job is cancelled; two run; a third waits for its turn."""
    told = [tmp_path / f"told-{number}" for number in (1, 2)]
    for fifo in told:
        os.mkfifo(fifo)
    script = f"""
        import mlsql, time
        mlsql.save_model(1)
        if mlsql.fit_param["alpha"] != "0":
            open({str(tmp_path / "told-")!r} + mlsql.fit_param["alpha"], "w").close()
            time.sleep(600)
    """
    groups = " ".join(f'and fitParam.{number}.alpha="{number}"' for number in range(4))
    failed: list[BaseException] = []

    def train() -> None:
        try:
            trainer.train(script, f'and maxParallel="2" {groups}')
        except MlsqlError as error:
            failed.append(error)

    thread = threading.Thread(target=train)
    thread.start()
    for fifo in told:
        fifo.read_text()
    trainer.session.cancel(max(_jobs(trainer.session)))
    thread.join(10)
    assert not thread.is_alive()
    assert isinstance(failed[0], Cancelled)
    assert _running(trainer.session) == []
    assert not trainer.model.exists()
    notes = "\n".join(progress.notes)
    assert "failed" not in notes
    assert "group 3: running" not in notes


def test_closing_the_session_cancels_what_another_thread_trains(trainer: Trainer, tmp_path: Path) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    script = f"""
        import mlsql, time
        mlsql.save_model(1)
        if mlsql.fit_param["alpha"] == "1":
            open({str(told)!r}, "w").close()
            time.sleep(600)
    """
    failed: list[BaseException] = []

    def train() -> None:
        try:
            trainer.train(script, 'and maxParallel="1" and fitParam.0.alpha="0" and fitParam.1.alpha="1"')
        except MlsqlError as error:
            failed.append(error)

    thread = threading.Thread(target=train)
    thread.start()
    told.read_text()
    trainer.session.close()
    thread.join(10)
    assert not thread.is_alive()
    assert isinstance(failed[0], Cancelled)
    assert not trainer.model.exists()


def _jobs(session: Session) -> list[int]:
    """The jobs that run; to be told while one of them does."""
    table = session.run("!show jobs;")
    assert table is not None
    return [row["id"] for row in table.to_arrow().to_pylist() if "train data" in row["statement"]]


def _running(session: Session) -> list[Any]:
    table = session.run("!show workers;")
    assert table is not None
    return [row for row in table.to_arrow().to_pylist() if row["state"] == "running"]


def test_an_interrupt_ends_all_groups(trainer: Trainer, tmp_path: Path, progress: RecordedProgress) -> None:
    fifo = tmp_path / "told"
    os.mkfifo(fifo)
    script = f"""
        import mlsql, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        mlsql.save_model(1)
        open({str(fifo)!r}, "w").write("x")
        time.sleep(600)
    """

    def interrupt() -> None:
        fifo.read_text()
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        trainer.train(script, 'and maxParallel="2" and fitParam.0.a="1" and fitParam.1.a="2" and fitParam.2.a="3"')
    thread.join()
    assert _running(trainer.session) == []
    assert not trainer.model.exists()
    assert [note for note in progress.notes if "failed" in note] == []


def test_scripts_that_tables_hold(trainer: Trainer) -> None:
    trainer.session.run(
        """
        set first = '''import second, mlsql
mlsql.save_model(second.VALUE)
print(second.VALUE)''';
        set second = '''VALUE = 42''';
        select '${first}' as value as main;
        select '${second}' as value as second;
        """
    )
    table = trainer.session.run(
        'train data as PythonAlg.`model` where scripts="second, main" and entryPoint="MAIN";', folder=trainer.folder
    )
    assert table is not None
    (row,) = table.to_arrow().to_pylist()
    assert (row["alg"], row["message"]) == ("main", "42")
    assert sorted(trainer.manifest()["code"]) == ["main.py", "second.py"]


def test_a_table_that_holds_no_script(trainer: Trainer) -> None:
    with pytest.raises(MlsqlError) as caught:
        trainer.session.run('train data as PythonAlg.`model` where scripts="data";', folder=trainer.folder)
    message = "the table 'data' is no script: it has the columns x, y, label, and none called value"
    assert (caught.value.code, caught.value.message) == ("BAD_VALUE", message)
    assert not trainer.model.exists()


PARTITION = """
import json, mlsql
rows = [row for rows in mlsql.read_data()() for row in rows]
print(json.dumps(sorted(row["x"] for row in rows)))
mlsql.save_model(len(rows))
"""


def partitions(trainer: Trainer, options: str) -> list[Any]:
    (trainer.folder / "part.py").write_text(PARTITION, encoding="utf-8")
    trainer.session.run("select id as x, id % 3 as k from range(10) as numbers;")
    statement = f'run numbers as PythonParallelExt.`model` where pythonScriptPath="part.py" {options};'
    result = trainer.session.run(statement, folder=trainer.folder)
    assert result is not None
    rows = result.to_arrow().to_pylist()
    assert [row["algIndex"] for row in rows] == list(range(len(rows)))
    return [json.loads(row["message"]) for row in rows]


def test_a_script_runs_once_for_every_partition_in_the_tables_order(trainer: Trainer) -> None:
    assert partitions(trainer, 'and partitionNum="3"') == [[0, 1, 2], [3, 4, 5], [6, 7, 8, 9]]


def test_rows_of_one_key_are_in_one_partition(trainer: Trainer) -> None:
    found = partitions(trainer, 'and partitionNum="4" and partitionKey="K"')
    assert sorted(x for part in found for x in part) == list(range(10))
    for key in range(3):
        assert sum(any(x % 3 == key for x in part) for part in found) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ('partitionKey="nope" and pythonScriptPath="part.py"', "there is no column 'nope'"),
        ('partitionNum="2"', "run PythonParallelExt needs a script"),
        (
            'pythonScriptPath="part.py" and fitParam.0.a="1" and fitParam.1.a="1"',
            "every partition has the same parameters, and groups 0 and 1 are given",
        ),
    ],
)
def test_wrong_partitions(trainer: Trainer, options: str, message: str) -> None:
    (trainer.folder / "part.py").write_text(PARTITION, encoding="utf-8")
    with pytest.raises(MlsqlError) as caught:
        trainer.session.run(f"run data as PythonParallelExt.`model` where {options};", folder=trainer.folder)
    assert caught.value.message == message
    assert not trainer.model.exists()
