"""Model folders of MLflow: what their file MLmodel says of columns and types, and mlflow.pyfunc, which loads it."""

from __future__ import annotations

import os
from importlib import util
from typing import TYPE_CHECKING, Any

from . import accepted, arguments
from .accepted import Accepted, Place
from .failures import ContractError, install_line

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "MLmodel"
_SCRIPT = "give pythonScriptPath: a script that says how the model predicts"
# MLflow's types of columns, by the names of SQL.
_TYPES = {
    "boolean": "boolean",
    "integer": "int",
    "long": "bigint",
    "float": "float",
    "double": "double",
    "string": "string",
    "binary": "binary",
    "datetime": "timestamp",
}
_NUMBERS = {"integer": "int32", "long": "int64", "float": "float32", "double": "float64"}


def load(folder: str) -> MlflowModel:
    """The model of a folder. Raises ContractError when MLflow is not installed."""
    for module in ("mlflow", "pandas"):
        if util.find_spec(module) is None:
            raise ContractError(*install_line(module))
    # Predicting tells nobody.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    import mlflow.pyfunc

    return MlflowModel(mlflow.pyfunc.load_model(folder))


class MlflowModel:
    """A model of MLflow with the methods of an estimator, by its signature where it has one."""

    def __init__(self, model: Any) -> None:
        self._model = model
        signature = model.metadata.signature
        inputs = None if signature is None else signature.inputs
        outputs = None if signature is None else signature.outputs
        self._columns: list[tuple[str, str]] | None = None
        self._tensor: Any = None
        if inputs is None:
            self._as_it_is(model)
        elif inputs.is_tensor_spec():
            self._take_tensor(inputs.inputs)
        else:
            self._take_columns(inputs.inputs)
        self.prediction_type = None if outputs is None else _output(outputs)

    def _as_it_is(self, model: Any) -> None:
        """Without a signature: what the estimator inside tells, if there is one."""
        inside = model.get_raw_model() if callable(getattr(model, "get_raw_model", None)) else None
        for name in ("n_features_in_", "feature_names_in_", "classes_"):
            if getattr(inside, name, None) is not None:
                setattr(self, name, getattr(inside, name))

    def _take_tensor(self, tensors: Any) -> None:
        sizes = list(tensors[0].shape[1:])
        if len(tensors) != 1 or not sizes or any(size < 0 for size in sizes) or tensors[0].type.kind not in "biuf":
            given = ", ".join(str(tensor) for tensor in tensors)
            raise ContractError(
                f"the MLflow model takes {given}, and the arguments are a matrix of numbers", _SCRIPT
            )
        self._tensor = tensors[0]
        self.n_features_in_ = 1
        for size in sizes:
            self.n_features_in_ *= size

    def _take_columns(self, columns: Any) -> None:
        self._columns = [(str(spec.name), _word(spec.type)) for spec in columns]
        if any(spec.name is None for spec in columns):
            self._columns = [(str(place), kind) for place, (_, kind) in enumerate(self._columns)]
        else:
            self.feature_names_in_ = [name for name, _ in self._columns]
        self.n_features_in_ = len(columns)
        places = tuple(Place(name, _place(kind)) for name, kind in self._columns)
        takes = accepted.features(len(places), [name for name, _ in self._columns])
        self.accepted: Accepted = takes._replace(
            places=places, packed=all(place.kind == accepted.NUMBER for place in places)
        )

    def predict(self, features: Any) -> Any:
        """What the model gives for a matrix (rows, features), or for a frame of pandas with its columns."""
        if self._tensor is not None:
            shape = (-1, *self._tensor.shape[1:])
            return self._model.predict(arguments.matrix_of(features, self._tensor.type.name).reshape(shape))
        if self._columns is None:
            return self._model.predict(features)
        import pandas as pd

        frame = features if hasattr(features, "columns") else pd.DataFrame(arguments.matrix_of(features, "float64"))
        frame = frame.set_axis([name for name, _ in self._columns], axis=1)
        return self._model.predict(
            pd.DataFrame({name: _typed(frame[name], name, kind) for name, kind in self._columns})
        )


def _word(kind: Any) -> str:
    """A type of MLflow's in one word; empty for arrays, objects and maps."""
    return str(getattr(kind, "name", ""))


def _place(kind: str) -> str:
    """What a column of a type of MLflow's takes."""
    return accepted.NUMBER if kind in _NUMBERS else _TYPES.get(kind, "")


def _typed(column: Any, name: str, kind: str) -> Any:
    """The column in the type of the signature. Raises ContractError where that would change a number."""
    if kind in _NUMBERS and str(column.dtype) != _NUMBERS[kind]:
        made = column.astype(_NUMBERS[kind])
        changed = made != column if kind in ("integer", "long") else ()
        if any(changed):
            raise ContractError(
                f"the model takes {_TYPES[kind]} as '{name}', and the query gives it {column[changed].iloc[0]}",
                f"cast(… as {_TYPES[kind]}) in the query",
                accepted.CODE,
            )
        return made
    if kind == "datetime":
        return column.astype("datetime64[ns]")
    return column.astype(bool) if kind == "boolean" else column


def _output(outputs: Any) -> pa.DataType | None:
    """The type of one answer by the signature; None where it does not tell."""
    import pyarrow as pa

    specs = outputs.inputs
    if outputs.is_tensor_spec():
        if len(specs) != 1 or len(specs[0].shape) > 2 or not specs[0].shape:
            return None
        scalar = _tensor_type(specs[0].type)
        return pa.list_(scalar) if len(specs[0].shape) == 2 and specs[0].shape[1] != 1 else scalar
    kinds = [_TYPES.get(_word(spec.type)) for spec in specs]
    if not kinds or None in kinds:
        return None
    from . import types

    parsed = [types.parse(str(kind)) for kind in kinds]
    return parsed[0] if len(parsed) == 1 else pa.struct(list(zip([str(spec.name) for spec in specs], parsed)))


def _tensor_type(dtype: Any) -> pa.DataType:
    import pyarrow as pa

    return {"i": pa.int64(), "u": pa.int64(), "f": pa.float64(), "b": pa.bool_()}.get(dtype.kind, pa.string())
