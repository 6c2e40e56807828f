"""The built-in trainer on real estimators: what it fits on, how, and what it says where that cannot be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlsql_sdk import estimators, model_files, runtime, trainer, training_data, vectors
from mlsql_sdk.failures import ContractError
from unit.worker_path.worker_processes import write

Train = Callable[..., Any]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the user is told meanwhile."""
    messages: list[str] = []
    monkeypatch.setattr(runtime, "tell", lambda report: messages.append(report["message"]))
    return messages


@pytest.fixture
def train(tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch) -> Train:
    """Trains on a table; the estimator that was saved comes back."""

    def run(table: pa.Table, form: str = "arrow", **fit_param: str) -> Any:
        shutil.rmtree(tmp_path / "model", ignore_errors=True)
        system = {
            "tempDataLocalPath": str(write(tmp_path / "data", form, table)),
            "tempModelLocalPath": str(tmp_path / "model"),
        }
        monkeypatch.setattr(runtime, "internal_system_param", system)
        monkeypatch.setattr(runtime, "fit_param", fit_param)
        trainer.train()
        return model_files.load(model_files.find(str(tmp_path / "model")))

    return run


def fails(train: Train, table: pa.Table, **fit_param: str) -> tuple[str, str]:
    with pytest.raises(ContractError) as caught:
        train(table, **fit_param)
    return str(caught.value), caught.value.hint


ROWS = pa.table(
    {
        "x": [float(n) for n in range(20)],
        "y": [n % 3 for n in range(20)],
        "label": ["low"] * 10 + ["high"] * 10,
    }
)
WIDE = pa.table(
    {
        "features": vectors.from_tuples([(0, 50, [n % 50], [1.0]) for n in range(60)]),
        "label": [float(n % 50 < 25) for n in range(60)],
    }
)


@pytest.mark.parametrize("form", ["json", "csv", "parquet", "arrow"])
def test_a_classifier_by_name_with_text_labels(train: Train, form: str) -> None:
    model = train(ROWS, form, alg="LogisticRegression", C="10", class_weight='{"low": 1, "high": 2}')
    assert (model.C, model.class_weight) == (10, {"low": 1, "high": 2})
    assert model.feature_names_in_.tolist() == ["x", "y"]
    assert model.classes_.tolist() == ["high", "low"]
    assert model.score(ROWS.select(["x", "y"]).to_pandas(), ROWS["label"].to_pandas()) > 0.9


def test_a_regressor_by_module_and_class_on_chosen_columns(train: Train) -> None:
    given = {"moduleName": "sklearn.linear_model", "className": "LinearRegression"}
    model = train(ROWS, **given, featureCol="y", labelCol="x", modelPath="/somewhere")
    assert (model.feature_names_in_.tolist(), model.coef_.shape) == (["y"], (1,))


def test_clusterers_and_transformers_get_no_label(train: Train) -> None:
    model = train(ROWS, alg="KMeans", n_clusters="2", random_state="0")
    assert (model.n_clusters, model.feature_names_in_.tolist()) == (2, ["x", "y"])
    assert train(ROWS.select(["x"]), alg="StandardScaler").mean_.tolist() == [9.5]
    assert train(ROWS, alg="IsolationForest", n_estimators="3").n_features_in_ == 2


def test_a_step_that_needs_the_label(train: Train) -> None:
    steps = '[["best","SelectKBest"],["scale","StandardScaler"]]'
    assert train(ROWS, alg="Pipeline", steps=steps, best__k="1").named_steps["best"].get_support().tolist() == [
        True,
        False,
    ]


def test_null_features_are_nan(train: Train) -> None:
    table = pa.table({"x": [1.0, None, 3.0, 4.0] * 10, "label": [0, 0, 1, 1] * 10})
    model = train(table, alg="DecisionTreeClassifier")
    assert model.get_depth() >= 1
    message, hint = fails(train, table, alg="LogisticRegression")
    assert message.startswith("LogisticRegression refused to train: Input X contains NaN.")
    assert hint == ""


def test_null_labels(train: Train) -> None:
    table = pa.table({"x": [1.0, 2.0, 3.0], "grade": ["a", None, "b"]})
    expected = (
        "the label 'grade' is NULL in 1 of 3 rows",
        "leave those rows out: select * from … where grade is not null",
    )
    assert fails(train, table, alg="SVC", labelCol="grade") == expected
    assert fails(train, table, alg="SGDClassifier", labelCol="grade", batchSize="1") == expected


def test_columns_that_are_not_there(train: Train) -> None:
    assert fails(train, ROWS, alg="SVC", labelCol="lable") == (
        "the data has no column 'lable'",
        "did you mean 'label'?",
    )
    assert fails(train, ROWS.select(["x", "y"]), alg="SVC") == (
        "SVC learns from labels, and the data has no column 'label'",
        "name it by fitParam.0.labelCol; the data has: x, y",
    )
    assert fails(train, ROWS, alg="KMeans", labelCol="lable")[0] == "the data has no column 'lable'"


@pytest.mark.parametrize("more", [{}, {"batchSize": "2"}])
def test_no_rows(train: Train, more: dict[str, str]) -> None:
    table = ROWS.slice(0, 0)
    message = "there are no rows to train on"
    assert fails(train, table, form="json", alg="SGDClassifier", **more)[0] == message


def test_parameters_fail_before_the_data_is_read(train: Train) -> None:
    table = pa.table({"x": ["text"], "label": [1]})
    assert fails(train, table, alg="SVC", C="no")[0] == 'fitParam C="no" does not fit SVC'
    assert fails(train, table, alg="SVC", modelFormat="zip") == (
        "the model format 'zip' is not known",
        "known are pickle, joblib, skops, onnx, safetensors",
    )


def test_sparse_vectors_stay_sparse_where_the_estimator_takes_them(
    train: Train, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    fit = trainer._fit
    monkeypatch.setattr(trainer, "_fit", lambda e, d, y: (seen.append(type(d.features).__name__), fit(e, d, y)))
    train(WIDE, alg="LogisticRegression")
    train(WIDE, alg="HistGradientBoostingClassifier", max_iter="1")
    assert seen == ["csr_matrix", "ndarray"]
    assert told == [
        "HistGradientBoostingClassifier takes no sparse features: they are made dense "
        "(60 x 50, 0 MB; 2.0% of it is not 0)"
    ]


class DenseOnly:
    """Another library's estimator, which has no tags."""

    def fit(self, X: Any, y: Any) -> None:
        """Refuse sparse matrices as most do."""
        if not isinstance(X, np.ndarray):
            raise TypeError("a dense matrix is required")
        self.shape, self.labels = X.shape, list(y)


def test_an_estimator_without_tags_is_tried_with_sparse_data_first(train: Train, told: list[str]) -> None:
    model = train(WIDE, moduleName=__name__, className="DenseOnly")
    assert (model.shape, len(model.labels)) == ((60, 50), 60)
    assert len(told) == 1


class Trips:
    """An estimator with a mistake of its own."""

    def fit(self, X: Any, y: Any) -> None:
        """Not a refusal."""
        raise ZeroDivisionError("division by zero")


def test_other_errors_of_an_estimator_keep_their_traceback(train: Train) -> None:
    with pytest.raises(ZeroDivisionError):
        train(ROWS, moduleName=__name__, className="Trips")


@pytest.mark.parametrize("form", ["json", "csv", "parquet", "arrow"])
def test_batches(train: Train, form: str, monkeypatch: pytest.MonkeyPatch, told: list[str]) -> None:
    sizes = []
    fit = trainer._partial_fit
    monkeypatch.setattr(
        trainer, "_partial_fit", lambda e, d, y, extra: sizes.append((len(y), sorted(extra))) or fit(e, d, y, extra)
    )
    model = train(ROWS, form, alg="SGDClassifier", batchSize="8", epochs="2", random_state="0")
    assert sizes == [(8, ["classes"]), (8, []), (4, []), (8, []), (8, []), (4, [])]
    assert model.classes_.tolist() == ["high", "low"]
    assert model.feature_names_in_.tolist() == ["x", "y"]
    assert told[-1] == "40 rows"


def test_batches_of_what_knows_no_classes(train: Train) -> None:
    assert train(ROWS, alg="SGDRegressor", labelCol="y", featureCol="x", batchSize="7").t_ == 21
    assert train(ROWS, alg="StandardScaler", batchSize="7").n_samples_seen_ == 20
    assert train(ROWS, alg="MiniBatchKMeans", n_clusters="2", batchSize="10").n_steps_ == 2


def test_max_iter_is_passes_over_the_batches(train: Train) -> None:
    assert train(ROWS, alg="SGDRegressor", labelCol="y", featureCol="x", batchSize="10", max_iter="3").t_ == 61


def test_label_size(train: Train) -> None:
    model = train(ROWS, alg="MultinomialNB", labelCol="y", featureCol="x", batchSize="5", labelSize="4")
    assert model.classes_.tolist() == [0, 1, 2, 3]
    given = {"alg": "MultinomialNB", "labelCol": "y", "featureCol": "x", "batchSize": "5", "labelSize": "2"}
    assert fails(train, ROWS, **given) == (
        "labelSize=2 says that the labels are 0 to 1, and the data has 2",
        "leave labelSize out: the classes are then found in the data",
    )


@pytest.mark.parametrize(
    ("fit_param", "message"),
    [
        ({"alg": "SVC", "batchSize": "5"}, "SVC cannot be trained in batches: it has no partial_fit"),
        ({"alg": "SVC", "batchSize": "0"}, 'fitParam batchSize="0" is not a whole number above 0'),
        ({"alg": "SGDClassifier", "batchSize": "x"}, 'fitParam batchSize="x" is not a whole number above 0'),
        ({"alg": "SVC", "epochs": "5"}, "epochs counts the passes over batches"),
        ({"alg": "SVC", "labelSize": "5"}, "labelSize tells the classes of training in batches"),
        (
            {"alg": "MultinomialNB", "batchSize": "5", "featureCol": "n"},
            "MultinomialNB refused to train: Negative values in data passed to MultinomialNB (input X).",
        ),
    ],
)
def test_batches_that_cannot_be(train: Train, fit_param: dict[str, str], message: str) -> None:
    table = ROWS.append_column("n", pa.array([-1.0] * 20))
    assert fails(train, table, **fit_param)[0] == message


def test_names_are_noted_without_pandas(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimators, "has_pandas", lambda: False)
    assert train(ROWS, alg="LinearSVC").feature_names_in_.tolist() == ["x", "y"]
    assert train(ROWS, alg="SGDClassifier", batchSize="5").feature_names_in_.tolist() == ["x", "y"]
    pipeline = train(ROWS, alg="Pipeline", steps='[["s","StandardScaler"],["m","LinearSVC"]]')
    assert not hasattr(pipeline, "feature_names_in_")


@pytest.mark.parametrize(
    ("form", "name"), [("pickle", "model.pkl"), ("joblib", "model.joblib"), ("skops", "model.skops")]
)
def test_the_form_asked_for(train: Train, tmp_path: Path, form: str, name: str) -> None:
    train(ROWS, alg="GaussianNB", modelFormat=form)
    assert os.listdir(tmp_path / "model") == [name]


def test_batches_are_never_held_together(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_data, "matrix", lambda *given: pytest.fail("all rows at once"))
    train(ROWS, alg="SGDClassifier", batchSize="5")
