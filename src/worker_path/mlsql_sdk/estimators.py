"""Predicting without a script: the estimator that the training left in the model folder."""

from __future__ import annotations

import os
import warnings
from importlib import util
from typing import TYPE_CHECKING, Any

from . import arguments, contracts, model_files, types, vectors
from .failures import ContractError

if TYPE_CHECKING:
    import pyarrow as pa


class EstimatorContract:
    """Anything with `predict(X)` in a form that model_files loads."""

    name = "estimator"

    def __init__(self) -> None:
        self._estimator: Any = None
        self._type: pa.DataType | None = None

    def load(self, loaded: contracts.Loaded) -> None:
        """Load the estimator and find out what it returns."""
        path = model_files.find(loaded.model_path)
        self._estimator = model_files.load(path)
        if not callable(getattr(self._estimator, "predict", None)):
            raise ContractError(
                f"{os.path.basename(path)} holds {type(self._estimator).__name__}, which has no predict method",
                "give pythonScriptPath: a script that says how the model predicts",
            )
        if loaded.return_type is not None:
            try:
                self._type = types.parse(loaded.return_type)
            except ValueError as error:
                raise ContractError(str(error)) from None
        else:
            self._type = self._probe()

    def feature_names(self) -> list[str] | None:
        """The columns that the estimator was fitted on, when it was fitted on named columns."""
        names = getattr(self._estimator, "feature_names_in_", None)
        return None if names is None else [str(name) for name in names]

    def return_type(self) -> pa.DataType:
        """What one prediction is: double, bigint, string, boolean or an array of them."""
        if self._type is None:
            raise ContractError("the estimator is not loaded")
        return self._type

    def predict(self, batch: pa.RecordBatch) -> pa.Array:
        """Predict the rows that have no NULL, all at once."""
        complete, mask = arguments.complete_rows(arguments.spread(batch))
        if complete.num_rows == 0:
            return arguments.restore(contracts.empty(self.return_type()), mask)
        features = self._features(complete)
        with warnings.catch_warnings():
            # Without pandas the columns come in the order of the names, but cannot carry them.
            warnings.filterwarnings("ignore", "X does not have valid feature names")
            answer = self._estimator.predict(features)
        return arguments.restore(contracts.as_array(answer, complete.num_rows, self.return_type()), mask)

    def _features(self, batch: pa.RecordBatch) -> Any:
        names = self.feature_names()
        if names is None:
            features = arguments.matrix(batch)
            expected = getattr(self._estimator, "n_features_in_", None)
            if expected is not None and features.shape[1] != expected:
                raise ContractError(
                    f"the model takes {expected} features, and the arguments have {features.shape[1]}"
                )
            return features
        return self._frame(batch, names)

    def _frame(self, batch: pa.RecordBatch, names: list[str]) -> Any:
        """The arguments as the named columns that the estimator was fitted on."""
        if (batch.num_columns == 1 and len(names) != 1) or vectors.is_vector_type(batch.schema.field(0).type):
            features = arguments.matrix(batch)
            if features.shape[1] != len(names):
                raise ContractError(
                    f"the model takes {len(names)} features ({_few(names)}), "
                    f"and the argument has {features.shape[1]}"
                )
            return named(self._estimator, features, names)
        if batch.num_columns != len(names):
            raise ContractError(f"the model takes {len(names)} arguments ({_few(names)}), not {batch.num_columns}")
        if set(batch.schema.names) == set(names):
            batch = batch.select(names)
        if not has_pandas():
            return arguments.matrix(batch)
        frame = _without_decimals(batch).to_pandas()
        frame.columns = names
        return frame

    def _probe(self) -> pa.DataType:
        """The type of one prediction for a row of zeros; for models that refuse it, of their classes."""
        import numpy as np
        import pyarrow as pa

        width = getattr(self._estimator, "n_features_in_", None)
        answer = None
        if width:
            features: Any = np.zeros((1, width))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    features = named(self._estimator, features, self.feature_names())
                    answer = np.asarray(self._estimator.predict(features))
                except Exception:  # noqa: BLE001 - a model may refuse zeros; the real rows will tell why
                    answer = None
        if answer is None:
            classes = getattr(self._estimator, "classes_", None)
            answer = np.zeros(1) if classes is None else np.asarray(classes)[:1]
        if answer.ndim == 2 and answer.shape[1] > 1:
            return pa.list_(_scalar_type(answer.dtype))
        return _scalar_type(answer.dtype)


def has_pandas() -> bool:
    """Whether columns can be given to estimators by name."""
    return util.find_spec("pandas") is not None


def named(estimator: Any, features: Any, names: list[str] | None) -> Any:
    """The matrix as a frame with the names that the estimator was fitted on; as it is without names or pandas.

    `names` are the columns of the matrix, None where it was one column of vectors or arrays.
    """
    fitted = [str(name) for name in getattr(estimator, "feature_names_in_", ())]
    if not fitted or hasattr(features, "tocsr") or len(fitted) != features.shape[1]:
        return features
    if not has_pandas():
        return features
    import pandas as pd

    frame = pd.DataFrame(features, columns=names or fitted, copy=False)
    return frame[fitted] if names and set(names) == set(fitted) else frame


def _without_decimals(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Decimals as double: pandas would make objects of them."""
    import pyarrow as pa

    columns = [
        column.cast(pa.float64()) if pa.types.is_decimal(column.type) else column for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _few(names: list[str]) -> str:
    return ", ".join(names[:8]) + (" …" if len(names) > 8 else "")


def _scalar_type(dtype: Any) -> pa.DataType:
    import pyarrow as pa

    kinds = {"i": pa.int64(), "u": pa.int64(), "f": pa.float64(), "b": pa.bool_()}
    return kinds.get(dtype.kind, pa.string())
