"""Models without a script: what they take, what they give, and the shapes that they get."""

# ruff: noqa: TID253

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from mlsql_sdk import vectors
from mlsql_sdk.accepted import Accepted
from mlsql_sdk.contracts import Loaded
from mlsql_sdk.estimators import EstimatorContract
from mlsql_sdk.failures import ContractError

X = np.array([[1.0, 0.0], [2.0, 1.0], [3.0, 5.0], [4.0, 2.0]])
FRAME = pd.DataFrame(X, columns=["x", "y"])
LABELS = [0, 0, 1, 1]


class Plain:
    """Says nothing of itself, and answers with what it got."""

    def predict(self, features: Any) -> Any:
        return np.asarray(features).sum(axis=1)


class Shows(Plain):
    """Fitted on x and y; keeps what it is given."""

    feature_names_in_ = np.array(["x", "y"])
    n_features_in_ = 2

    def predict(self, features: Any) -> Any:
        self.given = features
        return super().predict(features)


class Doubles:
    """Works in what it is given."""

    def predict(self, features: Any) -> Any:
        features *= 2
        return features.sum(axis=1)


def contract(tmp_path: Path, model: Any, return_type: str | None = None) -> EstimatorContract:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    made = EstimatorContract()
    made.load(Loaded({"modelPath": str(tmp_path), "returnType": return_type}))
    return made


def batch(*columns: Any, names: list[str] | None = None) -> pa.RecordBatch:
    arrays = [column if isinstance(column, pa.Array) else pa.array(column) for column in columns]
    return pa.RecordBatch.from_arrays(arrays, names=names or [f"arg{place}" for place in range(len(arrays))])


def kinds(takes: Accepted) -> tuple[str, list[str]]:
    return takes.text, [place.kind for place in takes.places]


def test_what_estimators_say_that_they_take(tmp_path: Path) -> None:
    numbers = ["number", "number"]
    assert kinds(contract(tmp_path, LinearRegression().fit(X, LABELS)).accepted()) == ("2 features", numbers)
    named = make_pipeline(StandardScaler(), LogisticRegression()).fit(FRAME, LABELS)
    assert kinds(contract(tmp_path, named).accepted()) == ("2 features (x, y)", numbers)
    assert contract(tmp_path, Plain()).accepted().most is None
    assert contract(tmp_path, Plain()).pure is True


def test_an_estimator_that_may_take_text(tmp_path: Path) -> None:
    data = pd.DataFrame({"city": ["Rome", "Oslo", "Rome", "Oslo"], "y": X[:, 0]})
    chooses = make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough")
    made = contract(tmp_path, make_pipeline(chooses, LinearRegression()).fit(data, X[:, 0]))
    assert kinds(made.accepted()) == ("2 features (city, y)", ["", ""])
    answers = made.predict(batch(["Oslo", "Rome", None], [2.0, 3.0, 4.0])).to_pylist()
    assert [*np.round(answers[:2], 6).tolist(), answers[2]] == [2.0, 3.0, None]
    only_text = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
    made = contract(tmp_path, only_text.fit(data[["city"]], ["n", "s", "n", "s"]))
    assert kinds(made.accepted()) == ("1 feature (city)", [""])
    assert made.predict(batch(["Oslo", "Rome"])).to_pylist() == ["s", "n"]


@pytest.mark.parametrize(
    ("model", "kind", "other"),
    [
        (LogisticRegression().fit(X, LABELS), pa.int64(), "double"),
        (LogisticRegression().fit(X, [0.0, 0.0, 1.0, 1.0]), pa.float64(), "int"),
        (LogisticRegression().fit(X, ["a", "a", "b", "b"]), pa.string(), "string"),
        (LinearRegression().fit(X, LABELS), pa.float64(), "float"),
        (LinearRegression().fit(X, X), pa.list_(pa.float64()), "vector"),
        (KMeans(2, n_init=1).fit(X), pa.int64(), "bigint"),
    ],
)
def test_return_types(tmp_path: Path, model: Any, kind: pa.DataType, other: str) -> None:
    assert contract(tmp_path, model).return_type() == kind
    made = contract(tmp_path, model, other)
    assert made.predict(batch([1.0, None], [2.0, 3.0])).type == made.return_type()
    assert made.predict(batch([1.0, None], [2.0, 3.0])).null_count == 1


@pytest.mark.parametrize(
    ("model", "asked", "message"),
    [
        (LogisticRegression().fit(X, ["a", "a", "b", "b"]), "double", "string, which cannot always be made double"),
        (LinearRegression().fit(X, LABELS), "bigint", "double, which cannot always be made bigint"),
        (LinearRegression().fit(X, X), "double", "array<double>, which cannot always be made double"),
    ],
)
def test_return_types_that_it_cannot_give(tmp_path: Path, model: Any, asked: str, message: str) -> None:
    with pytest.raises(ContractError, match=f"^the model gives {message}$") as caught:
        contract(tmp_path, model, asked)
    assert caught.value.code == "RETURN_TYPE"


SAME = [
    batch([1.0, 3.0], [2.0, 4.0]),
    batch([1, 3], [2.0, 4.0]),
    batch([2.0, 4.0], [1.0, 3.0], names=["y", "x"]),
    batch(pa.array([{"x": 1, "y": 2}, {"x": 3, "y": 4}])),
    batch(pa.array([{"y": 2.0, "x": 1.0}, {"y": 4.0, "x": 3.0}])),
    batch(pa.array([[1, 2], [3, 4]])),
    batch(vectors.from_matrix([[1.0, 2.0], [3.0, 4.0]])),
    batch(vectors.from_tuples([(0, 2, [0, 1], [1.0, 2.0]), (1, None, None, [3.0, 4.0])])),
]


@pytest.mark.parametrize("rows", SAME)
def test_every_form_of_arguments_becomes_the_named_columns(tmp_path: Path, rows: pa.RecordBatch) -> None:
    made = contract(tmp_path, Shows())
    assert made.predict(rows).to_pylist() == [3.0, 7.0]
    given = made._estimator.given
    assert (list(given.columns), given.to_numpy().tolist()) == (["x", "y"], [[1.0, 2.0], [3.0, 4.0]])
    assert made.predict(rows.slice(1)).to_pylist() == [7.0]


@pytest.mark.parametrize("rows", SAME)
def test_every_form_without_pandas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: pa.RecordBatch) -> None:
    monkeypatch.setattr("mlsql_sdk.estimators.has_pandas", lambda: False)
    made = contract(tmp_path, Shows())
    assert made.predict(rows).to_pylist() == [3.0, 7.0]
    assert made._estimator.given.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_columns_of_the_names_come_in_their_order_beside_nulls(tmp_path: Path) -> None:
    made = contract(tmp_path, Shows())
    assert made.predict(batch([2.0, None], [1.0, 3.0], names=["y", "x"])).to_pylist() == [3.0, None]
    assert made._estimator.given.to_numpy().tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (batch([1.0]), "the model takes 2 features (x, y), and the query gives it 1 argument"),
        (batch(pa.array([[1.0, 2.0, 3.0]])), "the model takes 2 features (x, y), and the query gives it 3"),
        (batch(vectors.from_matrix([[1.0]])), "the model takes 2 features (x, y), and the query gives it 1"),
    ],
)
def test_wrong_counts(tmp_path: Path, rows: pa.RecordBatch, message: str) -> None:
    with pytest.raises(ContractError) as caught:
        contract(tmp_path, Shows()).predict(rows)
    assert (str(caught.value), caught.value.code) == (message, "ARGUMENTS")


@pytest.mark.parametrize(
    "columns",
    [
        [pa.array([1.0, 3.0]), pa.array([2.0, 4.0])],
        [pa.array([1, 3]), pa.array([2, 4])],
        [vectors.from_matrix(np.array([[1.0, 2.0], [3.0, 4.0]]))],
        [pa.array([[1.0, 2.0], [3.0, 4.0]])],
    ],
)
def test_a_model_may_work_in_the_memory_of_its_rows(tmp_path: Path, columns: list[pa.Array]) -> None:
    rows = batch(*columns)
    sent = pa.ipc.read_record_batch(pa.py_buffer(bytearray(rows.serialize())), rows.schema)
    assert contract(tmp_path, Doubles()).predict(sent).to_pylist() == [6.0, 14.0]


def test_a_wide_sparse_model_gets_a_sparse_matrix(tmp_path: Path) -> None:
    wide = vectors.from_tuples([(0, 1_000_000, [3, 999_999], [1.0, 2.0])] * 20)
    assert contract(tmp_path, Wide()).predict(batch(wide)).to_pylist() == [40.0] * 20


class Wide:
    """Sums what it stores, 20 rows at a time."""

    n_features_in_ = 1_000_000

    def predict(self, features: Any) -> Any:
        return np.full(features.shape[0], features.nnz if hasattr(features, "nnz") else -1.0)


def second(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[["x"]]


def fitted(model: Any) -> Any:
    """Fitted on the columns x and y."""
    return model.fit(pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "y": [2.0, 1.0, 4.0, 3.0]}), [0, 0, 1, 1])


@pytest.mark.parametrize(
    ("model", "frames"),
    [
        (LogisticRegression(), False),
        (make_pipeline(StandardScaler(), "passthrough", LogisticRegression()), False),
        (make_pipeline(StandardScaler().set_output(transform="pandas"), LogisticRegression()), True),
        (make_pipeline(ColumnTransformer([("x", StandardScaler(), ["x"])]), LogisticRegression()), True),
        (make_pipeline(FunctionTransformer(second), LogisticRegression()), True),
        (VotingClassifier([("one", LogisticRegression())]), True),
    ],
)
def test_models_of_named_columns_get_frames_only_where_names_may_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Any, frames: bool
) -> None:
    made = contract(tmp_path, fitted(model))
    given = []
    predict = type(model).predict
    monkeypatch.setattr(type(model), "predict", lambda self, X: given.append(X) or predict(self, X))
    for rows in (
        batch([1.0, 4.0], [2.0, 3.0]),
        batch([2.0, 3.0], [1.0, 4.0], names=["y", "x"]),
        batch([[1.0, 2.0], [4.0, 3.0]]),
        batch([1, 4], [2, None]),
    ):
        expected = [0, 1] if rows.column(rows.num_columns - 1).null_count == 0 else [0, None]
        assert made.predict(rows).to_pylist() == expected
    assert [isinstance(rows, pd.DataFrame) for rows in given] == [frames] * 4
