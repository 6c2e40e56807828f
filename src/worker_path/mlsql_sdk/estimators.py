"""Predicting without a script: the estimator that the training left in the model folder."""

from __future__ import annotations

import os
import warnings
from importlib import util
from typing import TYPE_CHECKING, Any

from . import (
    accepted,
    answers,
    arguments,
    array_columns,
    call_memory,
    contracts,
    model_files,
    probing,
    return_types,
    vectors,
)
from .accepted import Accepted
from .failures import ContractError

if TYPE_CHECKING:
    import pyarrow as pa


class EstimatorContract:
    """Anything with `predict(X)` in a form that model_files loads."""

    name = "estimator"
    pure = True

    def __init__(self) -> None:
        self._estimator: Any = None
        self._type: pa.DataType | None = None
        self._names: list[str] | None = None
        self._accepted = accepted.features(None)
        self._checked = arguments.Checked(self._accepted)
        self._columns: Any = None

    def load(self, loaded: contracts.Loaded) -> None:
        """Load the estimator and find out what it takes and returns."""
        path = model_files.find(loaded.model_path)
        self._estimator = model_files.load(path)
        if not callable(getattr(self._estimator, "predict", None)):
            raise ContractError(
                f"{os.path.basename(path)} holds {type(self._estimator).__name__}, which has no predict method",
                "give pythonScriptPath: a script that says how the model predicts",
            )
        # The columns come in the order of the names, and carry them only where that may matter, and with pandas.
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        names = getattr(self._estimator, "feature_names_in_", None)
        self._names = None if names is None else [str(name) for name in names]
        probe = probing.probe(self._estimator)
        self._type = return_types.chosen(loaded.return_type, probe.given)
        width = getattr(self._estimator, "n_features_in_", None) if names is None else len(names)
        takes = getattr(self._estimator, "accepted", None) or accepted.features(width, self._names or ())
        if self._names is not None and has_pandas():
            if not probe.only_numbers and not hasattr(self._estimator, "accepted"):
                takes = takes.of_anything()
            if not probe.only_numbers or probing.needs_names(self._estimator):
                self._columns = _index(self._names)
        self._accepted, self._checked = takes, arguments.Checked(takes)

    def feature_names(self) -> list[str] | None:
        """The columns that the estimator was fitted on, when it was fitted on named columns."""
        return self._names

    def accepted(self) -> Accepted:
        """The features that the estimator was fitted on, as far as it tells."""
        return self._accepted

    def return_type(self) -> pa.DataType:
        """What one prediction is: double, bigint, string, boolean or an array of them."""
        if self._type is None:
            raise ContractError("the estimator is not loaded")
        return self._type

    def predict(self, batch: pa.RecordBatch) -> pa.Array:
        """Predict the rows that have no NULL, all at once."""
        batch = self._checked.spread(batch)
        mask = None
        features = self._quick(batch) if batch.num_rows else None
        if features is None:
            batch, mask = arguments.complete_rows(batch)
            if batch.num_rows == 0:
                return arguments.restore(contracts.empty(self.return_type()), mask)
            features = self._features(batch)
        answer = self._estimator.predict(features)
        return arguments.restore(answers.predicted(answer, batch.num_rows, self.return_type()), mask)

    def _quick(self, batch: pa.RecordBatch) -> Any:
        """Numbers, dense vectors or arrays without NULL as what the estimator takes; None for all else."""
        if self._columns is None:
            if self._checked.vectors:
                return self._rows(vectors.shared_matrix(batch.column(0)))
            if self._checked.arrays:
                return self._rows(array_columns.shared_matrix(batch.column(0)))
            if not self._checked.numbers:
                return None
            if self._names is not None:
                batch = self._in_order(batch)
            return arguments.whole_matrix(batch)
        if not self._checked.numbers or not arguments.all_doubles(batch):
            return None
        matrix = arguments.whole_matrix(self._in_order(batch))
        return None if matrix is None else _frame(matrix, self._columns)

    def _rows(self, matrix: Any) -> Any:
        """Vectors or arrays as the estimator takes them; None where they are no matrix of Arrow's own memory."""
        if matrix is None:
            return None
        self._checked.check_width(matrix.shape[1])
        return call_memory.writable(matrix)

    def _features(self, batch: pa.RecordBatch) -> Any:
        if self._columns is None or self._checked.packed(batch):
            features = arguments.matrix(batch if self._names is None else self._in_order(batch))
            self._checked.check_width(features.shape[1])
            if not hasattr(features, "tocsr"):
                features = call_memory.writable(features)
            return features if self._columns is None else named(self._estimator, features, self._names)
        frame = _without_decimals(self._in_order(batch)).to_pandas()
        frame.columns = self._columns
        return frame

    def _in_order(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The columns in the order of the names where they carry those, else as they come."""
        given = batch.schema.names
        if given != self._names and self._names is not None and set(given) == set(self._names):
            return batch.select(self._names)
        return batch


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


def _index(names: list[str]) -> Any:
    import pandas as pd

    return pd.Index(names)


def _frame(matrix: Any, columns: Any) -> Any:
    import pandas as pd

    return pd.DataFrame(matrix, columns=columns, copy=False)


def _without_decimals(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Decimals as double: pandas would make objects of them."""
    import pyarrow as pa

    columns = [
        column.cast(pa.float64()) if pa.types.is_decimal(column.type) else column for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
