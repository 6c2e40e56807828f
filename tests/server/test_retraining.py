"""A model is trained again while clients ask for its predictions over HTTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import httpx

from server.askers import Asker, asking, infer, model_predict
from server.running import SECONDS, as_process

TRAIN = "import mlsql\nmlsql.save_model({factor})\n"
PREDICT = """
import pickle, python_fun
def load(path):
    with open(path + "/model.pkl", "rb") as file:
        return pickle.load(file)
def predict(factor, batch):
    return [value * factor for value in batch.column(0).to_pylist()]
python_fun.batch(load, predict)
"""
TRAINED = """
select 1 as x as d;
train d as PythonAlg.`model` where pythonScriptPath="train{factor}.py" and keepVersion="{keep}";
"""
REGISTERED = 'register PythonAlg.`model` as f where pythonScriptPath="predict.py";'
VALUES = (1.0, 10.0, 100.0)


def answer(factor: float) -> list[float]:
    """What the version that was trained with a factor answers."""
    return [value * factor for value in VALUES]


def write(folder: Path) -> None:
    for factor in (1, 2, 3):
        (folder / f"train{factor}.py").write_text(TRAIN.format(factor=factor))
    (folder / "predict.py").write_text(PREDICT)
    (folder / "init.mlsql").write_text(TRAINED.format(factor=1, keep="true") + REGISTERED)


def run_elsewhere(folder: Path, text: str) -> None:
    """Run a script in a process of its own."""
    (folder / "again.mlsql").write_text(text)
    code = "from mlsql_engine.cli.main import entry_point; entry_point()"
    done = subprocess.run(
        [sys.executable, "-c", code, "run", "again.mlsql"],
        cwd=folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr


def test_every_request_is_answered_by_one_version(tmp_path: Path) -> None:
    """A script over HTTP trains the second one, and another process the third, which removes those before it."""
    write(tmp_path)
    with as_process("--script", "init.mlsql", "--audit-log", "audit.jsonl", cwd=tmp_path) as server:
        askers = [Asker(server, ask, "f", VALUES) for ask in (infer, model_predict) * 4]
        with asking(askers):
            for asker in askers:
                asker.wait_for(answer(1))
            script = TRAINED.format(factor=2, keep="true") + REGISTERED
            done = httpx.post(f"{server.address}/run/script", data={"sql": script}, timeout=SECONDS)
            assert done.status_code == 200, done.text
            for asker in askers:
                asker.wait_for(answer(2))
            run_elsewhere(tmp_path, TRAINED.format(factor=3, keep="false"))
            for asker in askers:
                asker.wait_for(answer(3))
        assert [asker.error for asker in askers] == [None] * 8
        for asker in askers:
            assert [one for one, _ in groupby(asker.answers)] == [answer(1), answer(2), answer(3)]
        server.process.send_signal(signal.SIGTERM)
        status, told, errors = server.ended()
    assert (status, told) == (0, "")
    third = f"register: f has version 2 of {tmp_path}/model/_model_2/model/0"
    # It may have found the second before the script that trained it registered it.
    second = f"register: f has version 1 of {tmp_path}/model/_model_1/model/0"
    assert errors.splitlines() in ([third], [second, third])
