"""Models of TensorFlow and Keras: SavedModel folders and .keras files."""

from __future__ import annotations

import os
from importlib import util
from typing import TYPE_CHECKING, Any

from . import arguments
from .failures import ContractError, install_line

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "saved_model.pb"
_SIGNATURE = "serving_default"
_SCRIPT = "give pythonScriptPath: a script that says how the model predicts"


def load_folder(folder: str) -> SavedModel:
    """The model of a SavedModel folder. Raises ContractError when TensorFlow is not installed."""
    if util.find_spec("tensorflow") is None:
        raise ContractError(*install_line("tensorflow"))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # its start tells pages of the processor
    import tensorflow

    return SavedModel(tensorflow.saved_model.load(folder))


def load_keras(path: str) -> KerasModel:
    """The model of a .keras file. Raises ContractError when Keras is not installed."""
    if util.find_spec("keras") is None:
        raise ContractError(*install_line("keras", "keras tensorflow"))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    return KerasModel(keras.models.load_model(path, compile=False))


class SavedModel:
    """The signature serving_default with the methods of an estimator.

    Its one input is a matrix, or it has an input for each column. Raises ContractError for any other signature.
    """

    def __init__(self, loaded: Any) -> None:
        signatures = loaded.signatures
        if _SIGNATURE not in signatures:
            has = ", ".join(signatures) or "none"
            raise ContractError(f"the SavedModel has no signature {_SIGNATURE}; it has: {has}", _SCRIPT)
        self._loaded = loaded  # what it holds ends with it
        self._call = signatures[_SIGNATURE]
        inputs = self._call.structured_input_signature[1]
        outputs = self._call.structured_outputs
        if len(outputs) != 1:
            raise ContractError("the SavedModel gives several outputs: {}".format(", ".join(outputs)), _SCRIPT)
        self._inputs = dict(inputs)
        self._output, output = next(iter(outputs.items()))
        self._take_inputs()
        self.prediction_type = _prediction_type(output)

    def _take_inputs(self) -> None:
        for name, spec in self._inputs.items():
            if not (spec.dtype.is_floating or spec.dtype.is_integer or spec.dtype.is_bool):
                kind = spec.dtype.name
                raise ContractError(
                    f"the input '{name}' of the SavedModel is {kind}, and the arguments are numbers", _SCRIPT
                )
        if len(self._inputs) > 1:
            self.feature_names_in_ = list(self._inputs)
            self.n_features_in_ = len(self._inputs)
            return
        width = _width(next(iter(self._inputs.values())).shape)
        if width is not None:
            self.n_features_in_ = width

    def predict(self, features: Any) -> Any:
        """What the signature gives for a matrix (rows, features): (rows,), or (rows, outputs)."""
        import tensorflow as tf

        matrix = arguments.matrix_of(features, "float64")
        columns = [matrix] if len(self._inputs) == 1 else list(matrix.T)
        given = {}
        for (name, spec), column in zip(self._inputs.items(), columns):
            shape = [len(matrix), *spec.shape[1:]] if spec.shape.rank else column.shape
            given[name] = tf.reshape(tf.convert_to_tensor(arguments.matrix_of(column, spec.dtype.name)), shape)
        return _flat(self._call(**given)[self._output].numpy())


class KerasModel:
    """A model of Keras with the methods of an estimator. Raises ContractError where it takes several inputs."""

    def __init__(self, model: Any) -> None:
        self._model = model
        if len(model.inputs) != 1 or len(model.outputs) != 1:
            raise ContractError(
                f"the Keras model has {len(model.inputs)} inputs and {len(model.outputs)} outputs", _SCRIPT
            )
        self._shape = [int(size) for size in model.inputs[0].shape[1:] if size is not None]
        width = _width(model.inputs[0].shape)
        if width is not None:
            self.n_features_in_ = width

    def predict(self, features: Any) -> Any:
        """What the model gives for a matrix (rows, features): (rows,), or (rows, outputs)."""
        import numpy as np

        matrix = arguments.matrix_of(features, "float32")
        shape = (len(matrix), *self._shape) if self._shape else matrix.shape
        return _flat(np.asarray(self._model.predict_on_batch(matrix.reshape(shape))))


def _width(shape: Any) -> int | None:
    """How many numbers a row of a shape has; None where that is not fixed."""
    sizes = list(shape)[1:] if shape is not None and getattr(shape, "rank", True) else []
    if not sizes or any(size is None for size in sizes):
        return None
    width = 1
    for size in sizes:
        width *= int(size)
    return width


def _flat(answer: Any) -> Any:
    return answer.ravel() if answer.ndim == 2 and answer.shape[1] == 1 else answer


def _prediction_type(output: Any) -> pa.DataType | None:
    import pyarrow as pa

    kind = output.dtype
    scalar = pa.float64() if kind.is_floating else pa.int64() if kind.is_integer else pa.bool_()
    if kind.name == "string" or output.shape.rank not in (1, 2):
        return None
    return scalar if output.shape.rank == 1 or output.shape[1] == 1 else pa.list_(scalar)
