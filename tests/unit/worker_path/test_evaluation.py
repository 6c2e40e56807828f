"""Metrics of a trained model on a table, against scikit-learn's own on the same rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn import cluster, ensemble, linear_model, metrics, svm  # noqa: TID253 - models are made of it

from mlsql_sdk import evaluation, local_data, model_files, training_data, vectors
from mlsql_sdk.failures import ContractError
from unit.worker_path.worker_processes import write

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 2))
BINARY = np.array(["no", "yes"], dtype=object)[(X[:, 0] + RNG.normal(size=300) > 0).astype(int)]
THREE = np.digitize(X[:, 0] + 0.3 * RNG.normal(size=300), [-0.5, 0.5])


def table(labels: Any) -> pa.Table:
    return pa.table({"a": X[:, 0], "b": X[:, 1], "label": pa.array(labels.tolist())})


def evaluate(tmp_path: Path, model: Any, data: pa.Table, form: str = "arrow", **fit_param: str) -> dict[str, Any]:
    """Through real files; what comes back must be plain JSON."""
    model_files.save(model, str(tmp_path / "model"))
    folder = write(tmp_path / "data", form, data)
    found = evaluation.evaluate(str(tmp_path / "model"), str(folder), local_data.Columns(fit_param))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found


def fails(tmp_path: Path, model: Any, data: pa.Table, **fit_param: str) -> str:
    with pytest.raises(ContractError) as caught:
        evaluate(tmp_path, model, data, **fit_param)
    return str(caught.value)


@pytest.mark.parametrize("form", ["json", "csv", "parquet", "arrow"])
def test_two_classes(tmp_path: Path, form: str) -> None:
    model = linear_model.LogisticRegression().fit(X, BINARY)
    made, scores = model.predict(X), model.predict_proba(X)
    found = evaluate(tmp_path, model, table(BINARY), form)
    assert (found["task"], found["rows"], found["labels"]) == ("classification", 300, ["no", "yes"])
    assert found["metrics"] == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(BINARY, made),
            "balanced_accuracy": metrics.balanced_accuracy_score(BINARY, made),
            "f1": metrics.f1_score(BINARY, made, pos_label="yes"),
            "precision": metrics.precision_score(BINARY, made, pos_label="yes"),
            "recall": metrics.recall_score(BINARY, made, pos_label="yes"),
            "roc_auc": metrics.roc_auc_score(BINARY, scores[:, 1]),
            "log_loss": metrics.log_loss(BINARY, scores),
        }
    )
    assert found["score"] == found["metrics"]["accuracy"]
    assert found["confusion_matrix"] == metrics.confusion_matrix(BINARY, made).tolist()
    curve = found["roc"]["yes"]
    assert len(curve["fpr"]) == len(curve["tpr"]) == len(curve["thresholds"]) <= 200
    assert (curve["fpr"][0], curve["tpr"][-1], curve["thresholds"][0]) == (0, 1, None)
    assert metrics.auc(curve["fpr"], curve["tpr"]) == pytest.approx(found["metrics"]["roc_auc"], abs=0.01)


def test_three_classes(tmp_path: Path) -> None:
    model = linear_model.LogisticRegression().fit(X, THREE)
    made, scores = model.predict(X), model.predict_proba(X)
    found = evaluate(tmp_path, model, table(THREE))
    expected = {"accuracy": metrics.accuracy_score(THREE, made)}
    expected["balanced_accuracy"] = metrics.balanced_accuracy_score(THREE, made)
    for average in ("macro", "weighted"):
        expected[f"f1_{average}"] = metrics.f1_score(THREE, made, average=average)
        expected[f"precision_{average}"] = metrics.precision_score(THREE, made, average=average)
        expected[f"recall_{average}"] = metrics.recall_score(THREE, made, average=average)
    expected["roc_auc_ovr"] = metrics.roc_auc_score(THREE, scores, multi_class="ovr")
    expected["log_loss"] = metrics.log_loss(THREE, scores)
    assert found["metrics"] == pytest.approx(expected)
    assert (found["labels"], sorted(found["roc"])) == ([0, 1, 2], ["0", "1", "2"])


def test_a_decision_function_gives_roc_and_no_log_loss(tmp_path: Path) -> None:
    found = evaluate(tmp_path, svm.LinearSVC().fit(X, BINARY), table(BINARY))
    assert "roc_auc" in found["metrics"]
    assert "log_loss" not in found["metrics"]
    pairs = svm.SVC(decision_function_shape="ovo").fit(X, THREE)
    assert evaluate(tmp_path, pairs, table(THREE))["roc"]


def test_a_class_that_the_table_lacks(tmp_path: Path) -> None:
    model = linear_model.LogisticRegression().fit(X, THREE)
    only = pa.table({"a": [0.0, 0.1], "b": [0.0, 0.1], "label": [1, 1]})
    found = evaluate(tmp_path, model, only)
    assert found["metrics"]["accuracy"] == 1
    assert "roc_auc_ovr" not in found["metrics"]
    assert found["labels"] == [0, 1, 2]
    assert found["roc"] == {}


def test_a_class_that_the_model_does_not_know(tmp_path: Path) -> None:
    model = linear_model.LogisticRegression().fit(X, THREE)
    found = evaluate(tmp_path, model, pa.table({"a": [0.0, 0.1], "b": [0.0, 0.1], "label": [1, 7]}))
    assert found["labels"] == [0, 1, 2, 7]
    assert not {"log_loss", "roc_auc_ovr"} & set(found["metrics"])


@pytest.mark.parametrize("form", ["json", "csv", "arrow"])
def test_regression(tmp_path: Path, form: str) -> None:
    y = X[:, 0] * 2 + RNG.normal(size=300)
    model = linear_model.LinearRegression().fit(X, y)
    found = evaluate(tmp_path, model, table(y), form)
    made = model.predict(X)
    assert (found["task"], found["rows"], found["score"]) == ("regression", 300, found["metrics"]["r2"])
    assert found["metrics"] == pytest.approx(
        {
            "r2": metrics.r2_score(y, made),
            "root_mean_squared_error": metrics.root_mean_squared_error(y, made),
            "mean_absolute_error": metrics.mean_absolute_error(y, made),
        }
    )
    assert np.allclose(found["residuals"], np.column_stack([y, made]))


def test_many_rows_come_in_batches_and_residuals_are_a_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "_BATCH_ROWS", 500)
    big = np.arange(2500.0)
    data = pa.table({"x": big, "label": big * 2})
    model = linear_model.LinearRegression().fit(big[:, None], big * 2)
    found = evaluate(tmp_path, model, data)
    assert (found["rows"], len(found["residuals"])) == (2500, 1000)
    assert found["metrics"]["r2"] == pytest.approx(1)
    assert evaluate(tmp_path, model, data)["residuals"] == found["residuals"]


def test_too_many_scores_and_labels_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "_MOST_SCORES", 500)
    monkeypatch.setattr(evaluation, "_MOST_LABELS", 2)
    found = evaluate(tmp_path, linear_model.LogisticRegression().fit(X, THREE), table(THREE))
    assert (found["roc"], "labels" in found, "confusion_matrix" in found) == ({}, False, False)
    assert "log_loss" not in found["metrics"]


def test_columns_by_the_names_that_the_model_was_fitted_on(tmp_path: Path) -> None:
    data = table(BINARY)
    model = linear_model.LogisticRegression().fit(data.select(["b"]).to_pandas(), BINARY)
    expected = metrics.accuracy_score(BINARY, model.predict(data.select(["b"]).to_pandas()))
    assert evaluate(tmp_path, model, data)["score"] == expected


def test_sparse_vectors(tmp_path: Path) -> None:
    data = pa.table(
        {"features": vectors.from_tuples([(0, 30, [n % 30], [1.0]) for n in range(60)]), "label": [0, 1] * 30}
    )
    folder = str(write(tmp_path / "train", "arrow", data))
    made = training_data.matrix(folder, local_data.Columns({}), "auto")
    model = linear_model.LogisticRegression(C=100).fit(made.features, made.label)
    assert evaluate(tmp_path, model, data)["score"] == 1


def test_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_data, "_has_pyarrow", lambda: False)
    model = linear_model.LogisticRegression().fit(X, BINARY)
    assert evaluate(tmp_path, model, table(BINARY), "csv")["score"] > 0.6


class Halves:
    """Neither tags nor classes: what it gives tells what it is."""

    def predict(self, features: Any) -> Any:
        """1 where the first number is positive."""
        return (np.asarray(features)[:, 0] > 0).astype(int)


def test_a_model_that_does_not_say_what_it_is(tmp_path: Path) -> None:
    assert evaluate(tmp_path, Halves(), table(THREE))["task"] == "classification"
    assert evaluate(tmp_path, Halves(), table(THREE * 1.5))["task"] == "regression"


def test_what_cannot_be_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = linear_model.LogisticRegression().fit(X, BINARY)
    whole = table(BINARY)
    assert fails(tmp_path, fitted, whole, labelCol="lable") == "the data has no column 'lable'"
    assert fails(tmp_path, fitted, whole.slice(0, 0)) == "the table has no rows"
    nulls = pa.table({"a": [1.0, 2.0], "b": [1.0, 2.0], "label": ["no", None]})
    assert fails(tmp_path, fitted, nulls) == "the label 'label' is NULL in some rows of the table"
    assert fails(tmp_path, fitted, table(THREE)) == "the labels are numbers, and the model predicts text"
    assert fails(tmp_path, cluster.KMeans(2, n_init=1).fit(X), table(THREE)) == (
        "KMeans is a clusterer: what it predicts is not the label's values"
    )
    outliers = ensemble.IsolationForest(n_estimators=2).fit(X)
    assert fails(tmp_path, outliers, table(THREE)) == (
        "IsolationForest is an outlier detector: what it predicts is not the label's values"
    )
    both = linear_model.LinearRegression().fit(X, X)
    assert fails(tmp_path, both, table(THREE)) == (
        "the model gives 2 values for each row, and only one can be scored"
    )
    assert fails(tmp_path, {"a": 1}, whole) == "dict has no predict method"
    monkeypatch.setattr(evaluation.util, "find_spec", lambda name: None)
    assert fails(tmp_path, fitted, whole).endswith("has no scikit-learn, which computes the metrics")
