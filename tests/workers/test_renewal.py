"""Functions follow their models: a version that is published later takes over."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine import Session
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
