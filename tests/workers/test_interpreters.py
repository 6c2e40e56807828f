"""Interpreters that are not the one that runs mlsql: without our package, without pyarrow, older."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine import MlsqlError, Session
from recorded import RecordedProgress

TRAIN = """
import sys
import mlsql
rows = [row for rows in mlsql.read_data()(max_records=2) for row in rows]
mean = sum(row["x"] for row in rows) / len(rows)
mlsql.log_metric("score", mean)
mlsql.save_model({"mean": mean}, format="pickle")
print(sys.version_info[:2])
"""
ROW = """
import pickle
import python_fun
from pyspark.ml.linalg import Vectors, VectorUDT
python_fun.udf(lambda index, input: [VectorUDT().serialize(Vectors.dense([1.0]))])
"""


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A Python that has the standard library and nothing else."""
    folder = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder / "bin" / "python"


def train(session: Session, folder: Path, options: str) -> list[dict[str, Any]]:
    (folder / "train.py").write_text(TRAIN, encoding="utf-8")
    statement = f'train data as PythonAlg.`model` where pythonScriptPath="train.py" {options};'
    table = session.run(statement, folder=folder)
    assert table is not None
    return table.to_arrow().to_pylist(maps_as_pydicts="strict")


@pytest.mark.parametrize("form", ["json", "csv"])
def test_an_interpreter_without_packages_trains(session: Session, tmp_path: Path, bare: Path, form: str) -> None:
    options = f'and systemParam.pythonPath="{bare}" and dataLocalFormat="{form}"'
    if form == "csv":
        session.run("select cast(x as double) as x from data as data;")
    (row,) = train(session, tmp_path, options) if form == "json" else _train_csv(session, tmp_path, options)
    assert (row["status"], row["score"]) == ("success", 3.0)


def _train_csv(session: Session, folder: Path, options: str) -> list[dict[str, Any]]:
    (folder / "train.py").write_text(TRAIN.replace('row["x"]', 'float(row["x"])'), encoding="utf-8")
    table = session.run(
        f'train data as PythonAlg.`model` where pythonScriptPath="train.py" {options};', folder=folder
    )
    assert table is not None
    return table.to_arrow().to_pylist(maps_as_pydicts="strict")


def test_prediction_in_an_interpreter_without_pyarrow_says_what_to_install(
    session: Session, tmp_path: Path, bare: Path
) -> None:
    train(session, tmp_path, f'and systemParam.pythonPath="{bare}"')
    (tmp_path / "row.py").write_text(ROW, encoding="utf-8")
    with pytest.raises(MlsqlError) as caught:
        session.run('register PythonAlg.`model` as f where pythonScriptPath="row.py";', folder=tmp_path)
    assert caught.value.code == "SCRIPT_CONTRACT"
    assert caught.value.message == f"function f: the interpreter {bare} has no pyarrow, which predictions travel by"
    assert caught.value.hint == f"install it: {bare} -m pip install pyarrow"


def test_the_built_in_trainer_in_an_interpreter_without_packages(
    session: Session, tmp_path: Path, bare: Path
) -> None:
    with pytest.raises(MlsqlError) as caught:
        session.run(
            f'train data as SKLearn.`model` where alg="SVC" and systemParam.pythonPath="{bare}";', folder=tmp_path
        )
    assert "scikit-learn" in caught.value.message
    assert caught.value.hint == f"install it: {bare} -m pip install scikit-learn"


@pytest.mark.skipif(shutil.which("pypy3") is None, reason="there is no PyPy here")
def test_python_3_9_trains(session: Session, tmp_path: Path, progress: RecordedProgress) -> None:
    (row,) = train(session, tmp_path, 'and systemParam.pythonPath="pypy3" and systemParam.pythonVer="3.11"')
    assert (row["status"], row["score"], row["message"]) == ("success", 3.0, "(3, 9)")
    assert [code for code, _ in progress.warnings] == ["PYTHON_VERSION"]


def test_other_versions_of_libraries_than_at_the_training_are_told_once(
    session: Session, tmp_path: Path, progress: RecordedProgress
) -> None:
    session.run('train data as SKLearn.`model` where alg="LinearRegression";', folder=tmp_path)
    place = tmp_path / "model" / "_model_0" / "meta" / "manifest.json"
    manifest = json.loads(place.read_text(encoding="utf-8"))
    libraries = manifest["groups"][0]["libraries"]
    now = libraries["scikit-learn"]
    libraries.update({"scikit-learn": "0.1", "no-such-package": "2.0"})
    place.write_text(json.dumps(manifest), encoding="utf-8")
    for _ in range(2):
        session.run("register SKLearn.`model` as f;", folder=tmp_path)
    assert progress.warnings == [
        (
            "LIBRARY_VERSIONS",
            "the model of function f was trained with no-such-package 2.0, now not there, "
            f"scikit-learn 0.1, now {now} (in {sys.executable})",
        )
    ]
