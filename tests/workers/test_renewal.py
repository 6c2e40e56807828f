"""Functions follow their models: a version that is published later takes over."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from mlsql_engine import Session
from mlsql_engine.core.errors import Cancelled
from mlsql_engine.models.pointers import AskedVersion
from mlsql_engine.models.store import ModelStore, ModelVersion
from mlsql_engine.statements.renewal_pace import RenewalPace
from recorded import RecordedProgress
from workers.provocations import rows_of

TRAIN = """
import mlsql
mlsql.save_model({number})
"""
PREDICT = """
import pickle, python_fun
def load(path):
    with open(path + "/model.pkl", "rb") as file:
        return pickle.load(file)
python_fun.batch(load, lambda model, batch: [float(model)] * batch.num_rows)
"""
SLOW_LOAD = """
def load(path):
    import os, time
    if "_model_1/" in path + "/":
        here = os.path.dirname(os.path.abspath(__file__))
        open(here + "/begun", "w").close()
        while not os.path.exists(here + "/go"):
            time.sleep(0.01)
"""
ASKED = "select f(1.0D) as p as t;"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "predict.py").write_text(PREDICT, encoding="utf-8")
    return tmp_path


def train(session: Session, folder: Path, number: int) -> None:
    (folder / "train.py").write_text(TRAIN.format(number=number), encoding="utf-8")
    session.run('train data as PythonAlg.`model` where pythonScriptPath="train.py";', folder=folder)


def register(session: Session, folder: Path, options: str = "") -> None:
    text = f'register PythonAlg.`model` as f where pythonScriptPath="predict.py"{options};'
    session.run(text, folder=folder)


def test_a_new_version_takes_over(session: Session, folder: Path, progress: RecordedProgress) -> None:
    train(session, folder, 7)
    register(session, folder)
    assert session.renew_functions() == []
    train(session, folder, 8)
    assert rows_of(session, ASKED, folder) == [{"p": 7.0}]
    assert session.renew_functions() == ["f"]
    assert rows_of(session, ASKED, folder) == [{"p": 8.0}]
    assert session.renew_functions() == []
    assert progress.notes[-1] == f"register: f has version 1 of {folder}/model/_model_1/model/0"


def test_scripts_go_on_while_a_version_is_loaded(session: Session, folder: Path) -> None:
    """The new version is loaded only when a script that runs meanwhile has ended."""
    (folder / "predict.py").write_text(PREDICT.replace("def load(path):", SLOW_LOAD), encoding="utf-8")
    train(session, folder, 7)
    register(session, folder)
    train(session, folder, 8)
    renewed: list[str] = []
    renewing = threading.Thread(target=lambda: renewed.extend(session.renew_functions()))
    renewing.start()
    while not (folder / "begun").exists():
        assert renewing.is_alive()
    assert rows_of(session, ASKED, folder) == [{"p": 7.0}]
    workers = len(session.roster.workers())
    (folder / "go").touch()
    renewing.join(60)
    assert renewed == ["f"]
    assert rows_of(session, ASKED, folder) == [{"p": 8.0}]
    assert len(session.roster.workers()) == workers  # what was loaded is what took over


def test_a_function_that_was_replaced_while_its_version_was_loaded(session: Session, folder: Path) -> None:
    (folder / "predict.py").write_text(PREDICT.replace("def load(path):", SLOW_LOAD), encoding="utf-8")
    train(session, folder, 7)
    register(session, folder)
    train(session, folder, 8)
    renewed: list[str] = []
    renewing = threading.Thread(target=lambda: renewed.extend(session.renew_functions()))
    renewing.start()
    while not (folder / "begun").exists():
        assert renewing.is_alive()
    register(session, folder, ' and modelVersion="0"')
    (folder / "go").touch()
    renewing.join(60)
    assert renewed == []
    assert rows_of(session, ASKED, folder) == [{"p": 7.0}]


def test_a_look_is_taken_only_when_it_is_due(session: Session, folder: Path) -> None:
    train(session, folder, 7)
    register(session, folder)
    now = 0.0
    pace = RenewalPace(2.0, 60.0, lambda: now)
    for _ in range(3):
        assert session.renew_functions(pace) == []
        now += 2.0
    resolved: list[object] = []
    original = ModelStore.resolve

    def resolve(store: ModelStore, asked: AskedVersion | None = None) -> ModelVersion:
        resolved.append(asked)
        return original(store, asked)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ModelStore, "resolve", resolve)
        assert session.renew_functions(pace) == []
        assert resolved == []
        train(session, folder, 8)
        assert session.renew_functions(pace) == ["f"]
        assert resolved != []


def test_a_rollback_is_followed_too(session: Session, folder: Path) -> None:
    train(session, folder, 7)
    train(session, folder, 8)
    register(session, folder)
    session.run('!model "model" rollback;', folder=folder)
    assert session.renew_functions() == ["f"]
    assert rows_of(session, ASKED, folder) == [{"p": 7.0}]


def test_a_version_that_was_asked_for_stays(session: Session, folder: Path) -> None:
    train(session, folder, 7)
    register(session, folder, ' and modelVersion="0"')
    train(session, folder, 8)
    assert session.renew_functions() == []


def test_a_version_that_cannot_be_loaded_is_warned_of_and_the_old_one_stays(
    session: Session, folder: Path, progress: RecordedProgress
) -> None:
    train(session, folder, 7)
    register(session, folder)
    train(session, folder, 8)
    (folder / "model/_model_1/model/0/model.pkl").unlink()
    assert session.renew_functions() == []
    assert rows_of(session, ASKED, folder) == [{"p": 7.0}]
    (warning,) = (text for code, text in progress.warnings if code == "NOT_RENEWED")
    assert warning.startswith("f stays as it is, for a newer version cannot be had: ")
    assert "FileNotFoundError" in warning
    started = len(session.roster.workers())
    assert session.renew_functions() == []
    assert len(session.roster.workers()) == started


def test_what_was_unregistered_is_not_renewed(session: Session, folder: Path) -> None:
    train(session, folder, 7)
    register(session, folder)
    session.run("unregister f;")
    train(session, folder, 8)
    assert session.renew_functions() == []


def test_functions_of_scripts_have_no_versions(session: Session, folder: Path) -> None:
    train(session, folder, 7)
    register(session, folder)
    session.run(
        "register ScriptUDF.`` as f where dataType=\"double\" and code='''\ndef apply(x):\n    return 5.0\n''';"
    )
    train(session, folder, 8)
    assert session.renew_functions() == []
    assert rows_of(session, ASKED, folder) == [{"p": 5.0}]


def test_a_version_whose_loading_was_cancelled_is_tried_again(
    session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(session, folder, 7)
    register(session, folder)
    train(session, folder, 8)
    now = 100.0
    pace = RenewalPace(2.0, 60.0, lambda: now)
    functions = session.functions

    def cancelled(*_: object) -> None:
        raise Cancelled("the job was ended")

    with monkeypatch.context() as patched:
        patched.setattr(type(functions), "share", cancelled)
        for _ in range(3):
            assert session.renew_functions(pace) == []
            now += 20.0
    assert session.renew_functions(pace) == ["f"]
    assert rows_of(session, ASKED, folder) == [{"p": 8.0}]
