"""The model that the prediction benchmarks share, trained by a train statement, and the scripts that predict."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.workspace import ROOT_EXAMPLES, Workspace

ROW_SCRIPT = ROOT_EXAMPLES / "quickstart" / "predict.py"

_TRAIN = """
import mlsql
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, _ = mlsql.load_data(as_="numpy")
model = make_pipeline(StandardScaler(), LogisticRegression())
mlsql.save_model(model.fit(X, X[:, 0] > X[:, 1]))
"""

_BATCH = """
import pickle

import numpy as np
import python_fun


def load(path):
    with open(path + "/model.pkl", "rb") as file:
        return pickle.load(file)


def predict(model, batch):
    return model.predict(np.column_stack([column.to_numpy() for column in batch.columns]))


python_fun.batch(load, predict, return_type="boolean")
"""


@dataclass(frozen=True)
class Trained:
    """A trained StandardScaler + LogisticRegression pipeline of 30 features."""

    store: Path
    folder: Path
    batch_script: Path

    def in_process(self) -> Any:
        """The estimator itself."""
        with (self.folder / "model.pkl").open("rb") as file:
            return pickle.load(file)


def train(workspace: Workspace) -> Trained:
    """Train it on the first 100,000 rows."""
    from mlsql_engine import connect
    from mlsql_engine.core.progress import SilentProgress
    from mlsql_engine.models.store import ModelStore

    folder = workspace.folder / "trained"
    store = folder / "model"
    if not folder.exists():
        workspace.told("training the model that predicts")
        folder.mkdir()
        (folder / "train.py").write_text(_TRAIN)
        (folder / "batch.py").write_text(_BATCH)
        script = f"""
            load parquet.`{workspace.numbers}` as numbers;
            select * from numbers limit 100000 as sample;
            train sample as PythonAlg.`{store}` where pythonScriptPath="train.py" and dataLocalFormat="arrow";
        """
        with connect(progress=SilentProgress()) as session:
            session.run(script, folder=folder)
    version = ModelStore(store).resolve()
    return Trained(store, version.model_path(version.group()), folder / "batch.py")
