"""The models that the prediction benchmarks share, trained by train statements, and the scripts that predict."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.workspace import ROOT_EXAMPLES, Workspace

ROW_SCRIPT = ROOT_EXAMPLES / "quickstart" / "predict.py"

_TRAIN = """
import mlsql
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, _ = mlsql.load_data(as_="numpy")
model = {estimator}
mlsql.save_model(model.fit(X, X[:, 0] > X[:, 1]))
"""

_BATCH = """
import pickle

import python_fun


def load(path):
    with open(path + "/model.pkl", "rb") as file:
        return pickle.load(file)


def predict(model, batch):
    return model.predict(python_fun.matrix(batch))


python_fun.batch(load, predict, return_type="boolean")
"""


_LIGHT_ROW = """
import pickle

import numpy as np
from pyspark.ml.linalg import Vectors, VectorUDT

import python_fun

WEIGHTS = np.linspace(-1.0, 1.0, 30)


def predict(index, input):
    items = [i for i in input]
    feature = VectorUDT().deserialize(pickle.loads(items[0]))
    y = feature.toArray().dot(WEIGHTS)
    return [VectorUDT().serialize(Vectors.dense(y))]


python_fun.udf(predict)
"""


@dataclass(frozen=True)
class Recipe:
    """What a model is: an expression for the estimator, and how many rows it is fitted on."""

    name: str
    estimator: str
    rows: int


LINEAR = Recipe("linear", "make_pipeline(StandardScaler(), LogisticRegression())", 100_000)
# Deep enough that a million rows take seconds of computing, as a model in use would.
FOREST = Recipe("forest", "RandomForestClassifier(100, max_depth=8, random_state=0, n_jobs=1)", 20_000)


@dataclass(frozen=True)
class Trained:
    """A trained model. `light_script` is a row script that needs none: a dot product."""

    store: Path
    folder: Path
    batch_script: Path
    light_script: Path

    @property
    def pickle(self) -> Path:
        """The file of the estimator."""
        return self.folder / "model.pkl"

    def in_process(self) -> Any:
        """The estimator itself."""
        with self.pickle.open("rb") as file:
            return pickle.load(file)


def train(workspace: Workspace, recipe: Recipe = LINEAR, numbers: Path | None = None) -> Trained:
    """Train it, once in a run, on the first rows of parquet of doubles (by default that of all benchmarks)."""
    source = numbers or workspace.numbers
    known = workspace.trained
    if (recipe.name, source) not in known:
        workspace.told(f"training the {recipe.name} model")
        known[recipe.name, source] = _train(workspace.new_folder(f"{recipe.name}-{len(known)}"), recipe, source)
    return known[recipe.name, source]


def _train(folder: Path, recipe: Recipe, numbers: Path) -> Trained:
    from mlsql_engine import connect
    from mlsql_engine.core.progress import SilentProgress

    store, batch_script, light_script = folder / "model", folder / "batch.py", folder / "light.py"
    (folder / "train.py").write_text(_TRAIN.format(estimator=recipe.estimator))
    batch_script.write_text(_BATCH)
    light_script.write_text(_LIGHT_ROW)
    script = f"""
        load parquet.`{numbers}` as numbers;
        select * from numbers limit {recipe.rows} as sample;
        train sample as PythonAlg.`{store}` where pythonScriptPath="train.py" and dataLocalFormat="arrow";
    """
    with connect(progress=SilentProgress()) as session:
        trained = session.run(script, folder=folder)
        assert trained is not None
        model = Path(trained.to_arrow().column("modelPath")[0].as_py())
    return Trained(store, model, batch_script, light_script)
