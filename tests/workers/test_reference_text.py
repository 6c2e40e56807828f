"""The scripts and statements that the system was first described by, as they were printed, their slips mended:
train.py lacked `import pickle` and called `clf` `model` at its end; predict.py lacked `import os`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine import Session
from recorded import RecordedProgress

FEATURES, ROWS = 692, 100
HERE = Path(__file__).parent / "reference"
PYSPARK = Path(__file__).parents[2] / ".venv" / "pyspark"
"""pyspark's Python part, in a folder of its own: the tests' interpreter itself has no pyspark."""


def write_sample(path: Path) -> None:
    """Digits of scikit-learn, 0 against 1, as libsvm lines; most features are always zero."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(n_class=2, return_X_y=True)
    lines = []
    for row, label in zip(pixels[:ROWS], labels[:ROWS], strict=True):
        pairs = " ".join(f"{10 * place + 1}:{value:g}" for place, value in enumerate(row) if value)
        lines.append(f"{label} {pairs} {FEATURES}:1")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(params=["without pyspark", "with pyspark"])
def pyspark(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the workers' interpreter finds pyspark."""
    found = request.param == "with pyspark"
    if found:
        assert PYSPARK.is_dir(), "make .venv/installed-test puts it there"
        monkeypatch.setenv("PYTHONPATH", str(PYSPARK))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_sample(tmp_path / "sample_libsvm_data.txt")
    return tmp_path


def run(session: Session, name: str, folder: Path) -> list[dict[str, Any]]:
    variables = {
        "folder": str(HERE),
        "model1": str(folder / "model1"),
        "modelPath": str(folder / "svc"),
        "sklearnTrainPath": str(HERE / "svc.py"),
        "kafkaDomain": "127.0.0.1:9",
    }
    table = session.run((HERE / name).read_text(encoding="utf-8"), name=name, folder=folder, variables=variables)
    assert table is not None
    return table.to_arrow().to_pylist(maps_as_pydicts="strict")


def test_the_first_usage(session: Session, folder: Path, progress: RecordedProgress, pyspark: bool) -> None:
    session.run("load libsvm.`sample_libsvm_data.txt` as data;", folder=folder)
    (row,) = run(session, "svc.mlsql", folder)
    assert (row["status"], row["alg"]) == ("success", "svc")
    assert row["message"].endswith("class_weight balanced verbose True")
    assert sum(code == "PYTHON_VERSION" for code, _ in progress.warnings) == 1
    assert all("2.7" in text for code, text in progress.warnings if code == "PYTHON_VERSION")


def test_training_and_predicting(session: Session, folder: Path, progress: RecordedProgress, pyspark: bool) -> None:
    (row,) = run(session, "train.mlsql", folder)
    assert (row["status"], row["alg"], row["score"]) == ("success", "train", 1.0)
    assert row["metrics"]["accuracy"] == 1.0
    assert (folder / "model1" / "_model_0" / "model" / "0" / "model.pkl").is_file()
    assert row["message"].startswith("Save model to ")
    (again,) = run(session, "train.mlsql", folder)
    assert again["modelPath"] == str(folder / "model1" / "_model_1" / "model" / "0")
    rows = run(session, "predict.mlsql", folder)
    labels = [line[0] for line in (folder / "sample_libsvm_data.txt").read_text().splitlines()]
    assert list(rows[0]) == ["predict(features)"]
    assert [row["predict(features)"]["values"] for row in rows] == [[float(label)] for label in labels]
    assert sum(code == "PYTHON_VERSION" for code, _ in progress.warnings) == 1


def test_which_pyspark_the_scripts_find(session: Session, folder: Path, pyspark: bool) -> None:
    script = (
        'import pyspark.ml.linalg as found, mlsql\nprint(getattr(found, "__file__", "ours"))\nmlsql.save_model(1)\n'
    )
    (folder / "which.py").write_text(script, encoding="utf-8")
    table = session.run('train data as PythonAlg.`m` where pythonScriptPath="which.py";', folder=folder)
    assert table is not None
    (row,) = table.to_arrow().to_pylist()
    assert row["message"].startswith(str(PYSPARK)) == pyspark


def test_the_manifest_of_a_training(session: Session, folder: Path) -> None:
    run(session, "train.mlsql", folder)
    text = (folder / "model1" / "_model_0" / "meta" / "manifest.json").read_text(encoding="utf-8")
    manifest = json.loads(text)
    assert manifest["query"] == "load libsvm.`sample_libsvm_data.txt` as data;"
    assert manifest["schema"][0] == ["label", "double"]
    (group,) = manifest["groups"]
    assert group["evaluations"]["validate"]["confusion_matrix"] == [[50, 0], [0, 50]] or re.match(
        r"\[\[\d+, 0\], \[0, \d+\]\]", str(group["evaluations"]["validate"]["confusion_matrix"])
    )
    assert "scikit-learn" in group["libraries"]
