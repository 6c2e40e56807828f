"""MLflow projects run in environments of their own, which are made of packages of the tests: without a network."""

from __future__ import annotations

import json
import shutil
import sys
import sysconfig
import threading
from pathlib import Path

import pytest

from mlsql_engine import Session
from mlsql_engine.core.errors import Cancelled
from named_pipe import Pipe
from recorded import RecordedProgress
from wheels import write_source
from workers.projects import SAVE, Project

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("offline")]

SHOW = """
import os, subprocess, sys
import mlsql, shape
print(shape.VERSION, sys.prefix == os.environ["VIRTUAL_ENV"])
print(subprocess.check_output(["python", "-c", "import shape; print(shape.VERSION)"], text=True).strip())
mlsql.save_model(1)
"""


@pytest.fixture
def project(session: Session, tmp_path: Path, wheels: Path) -> Project:
    made = Project(session, tmp_path)
    wanted = f"dependencies: ['--no-index', '-f {wheels}', 'shape==1.0']\n"
    made.write('main: {command: "python train.py"}', train=SHOW)
    (made.place / "python_env.yaml").write_text(wanted)
    return made


def lines(progress: RecordedProgress) -> list[str]:
    return [line for who, line in progress.lines if who not in ("uv", "virtualenv")]


@pytest.mark.parametrize("options", ["", 'and systemParam.envManager="virtualenv"'])
def test_a_project_runs_in_its_environment_which_is_made_once(
    project: Project, progress: RecordedProgress, tmp_path: Path, options: str
) -> None:
    (row,) = project.train(options)
    assert row["status"] == "success"
    assert lines(progress) == ["1.0 True", "1.0"]
    (built,) = [note for note in progress.notes if note.endswith(": ready")]
    key = built.removeprefix("environment ").removesuffix(": ready")
    (group,) = project.manifest()["groups"]
    assert group["python_path"].startswith(str(tmp_path / "store" / key))
    project.train(options)
    assert lines(progress) == ["1.0 True", "1.0"] * 2
    assert [note for note in progress.notes if note.endswith(": ready")] == [built]


def test_an_interpreter_that_is_named_is_taken_as_it_is(project: Project, progress: RecordedProgress) -> None:
    project.write('main: {command: "python train.py"}', train="import sys\nprint(sys.prefix)\n" + SAVE)
    for options in ('and systemParam.envManager="local"', f'and systemParam.pythonPath="{sys.executable}"'):
        project.train(options)
    assert lines(progress) == [sys.prefix] * 2
    assert [note for note in progress.notes if note.startswith("environment ")] == []


def test_a_manager_makes_it_from_the_interpreter_that_is_named(
    project: Project, progress: RecordedProgress
) -> None:
    project.train(f'and systemParam.envManager="uv" and systemParam.pythonPath="{sys.executable}"')
    assert lines(progress) == ["1.0 True", "1.0"]


def test_what_cannot_be_had_is_told_and_nothing_is_trained(project: Project, wheels: Path) -> None:
    text = f"dependencies: ['--no-index', '-f {wheels}', 'shape==7.0']\n"
    (project.place / "python_env.yaml").write_text(text)
    error = project.fails()
    assert error.code == "ENVIRONMENT"
    assert error.span is not None
    assert error.span.text == '"project"'
    assert any("shape==7.0" in detail.text for detail in error.details)


def test_a_statement_that_is_ended_ends_the_build(project: Project, tmp_path: Path) -> None:
    pipe = Pipe(tmp_path / "pipe")
    backend = f"import time\nopen({str(pipe.path)!r}, 'w').write('building\\n')\ntime.sleep(3600)\n"
    backend += "def get_requires_for_build_wheel(settings=None): return []\n"
    source = write_source(tmp_path / "slow", backend)
    (project.place / "python_env.yaml").write_text(f"dependencies: ['--no-index', '{source}']\n")
    ended: list[BaseException] = []

    def train() -> None:
        try:
            project.train()
        except BaseException as error:  # noqa: BLE001 - it is looked at
            ended.append(error)

    training = threading.Thread(target=train)
    training.start()
    assert pipe.text() == "building\n"
    (job,) = [row["id"] for row in project.run("!show jobs;") if "PythonAlg" in row["statement"]]
    project.session.cancel(job)
    training.join(60)
    assert [type(error) for error in ended] == [Cancelled]
    assert not (tmp_path / "model").exists()


ENTRIES = """
train: {command: "python train.py"}
api_predict: {command: "python api.py"}
batch_predict: {command: "python batch.py"}
"""
API = """
import os, sys
import pyarrow, python_fun, shape

def predict(model, batch):
    same = sys.prefix == os.environ["VIRTUAL_ENV"]
    return pyarrow.array([f"shape {shape.VERSION} {same}"] * batch.num_rows)

python_fun.batch(lambda path: None, predict, return_type="string")
"""
BATCH = """
import json, os, subprocess, sys
import mlsql
version = subprocess.check_output(["python", "-c", "import shape; print(shape.VERSION)"], text=True).strip()
told = {"shape": version, "same": sys.prefix == os.environ["VIRTUAL_ENV"]}
with open(mlsql.internal_system_param["tempOutputLocalPath"], "w") as file:
    file.write(json.dumps(told))
"""


@pytest.mark.parametrize("gone", [False, True])
def test_a_model_predicts_in_its_environment_which_is_made_again_where_it_is_gone(
    project: Project, progress: RecordedProgress, tmp_path: Path, gone: bool
) -> None:
    project.write(ENTRIES, train=SHOW, api=API, batch=BATCH)
    project.train()
    (group,) = project.manifest()["groups"]
    assert group["environment"]["manager"] == "uv"

    def remove() -> None:
        if gone:
            shutil.rmtree(tmp_path / "store" / group["environment"]["key"])

    remove()
    rows = project.run(f"predict data as PythonAlg.`{tmp_path}/model` as told; select * from told as t;")
    assert rows == [{"shape": "1.0", "same": True}]
    remove()
    # The environment has a pyarrow of the tests, which predicts nothing.
    packages = json.dumps({"PYTHONPATH": sysconfig.get_path("purelib")})
    project.run(f"register PythonAlg.`{tmp_path}/model` as f where systemParam.envs='{packages}';")
    assert project.run("select f(1.0) as told as t;") == [{"told": "shape 1.0 True"}]
    assert len([note for note in progress.notes if note.endswith(": ready")]) == (3 if gone else 1)
