"""Estimators as ONNX models: converted by skl2onnx, run by onnxruntime."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from importlib import util
from typing import TYPE_CHECKING, Any

from . import arguments
from .failures import ContractError, install_line

if TYPE_CHECKING:
    import pyarrow as pa

# The types of inputs, by numpy's names.
_KINDS = {
    "tensor(double)": "float64",
    "tensor(float)": "float32",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
}
_CLASSES, _NAMES = "mlsql.classes", "mlsql.feature_names"


def save(model: Any, path: str) -> None:
    """Write a fitted estimator, or an onnx.ModelProto that a script made, as an ONNX file.

    Inputs are float64 where every operator of the model takes it, else float32. Classes and feature names go
    along. Raises ContractError when skl2onnx is not installed or does not know the estimator.
    """
    if type(model).__name__ == "ModelProto":
        data = model.SerializeToString()
    else:
        if util.find_spec("skl2onnx") is None:
            raise ContractError(*install_line("skl2onnx"))
        data = _converted(model)
    with open(path, "wb") as file:
        file.write(data)


def _converted(model: Any) -> bytes:
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

    width = getattr(model, "n_features_in_", None)
    if width is None:
        raise ContractError(
            f"this {type(model).__name__} does not tell how many features it was fitted on, which ONNX needs",
            'choose another form: fitParam.0.modelFormat="pickle"',
        )
    # What is wrong with the model, float32 tells as well.
    with suppress(Exception):
        return _as_onnx(model, DoubleTensorType([None, width]), width)
    try:
        return _as_onnx(model, FloatTensorType([None, width]), width)
    except Exception as error:  # noqa: BLE001 - the converters raise what they like
        reason = str(error).strip().split("\n")[0]
    raise ContractError(
        f"{type(model).__name__} cannot be converted to ONNX: {reason}",
        'choose another form: fitParam.0.modelFormat="pickle"',
    )


def _as_onnx(model: Any, kind: Any, width: int) -> bytes:
    from skl2onnx import to_onnx

    options = {id(model): {"zipmap": False}} if hasattr(model, "classes_") else None
    made = to_onnx(model, initial_types=[("X", kind)], options=options)
    for key, attribute in ((_CLASSES, "classes_"), (_NAMES, "feature_names_in_")):
        values = getattr(model, attribute, None)
        if values is not None:
            made.metadata_props.add(key=key, value=json.dumps([_plain(value) for value in values]))
    data: bytes = made.SerializeToString()
    if util.find_spec("onnxruntime") is not None:
        # Some operators are defined for float64 and not made for it: only running tells.
        import numpy as np

        OnnxModel(data).predict(np.zeros((1, width)))
    return data


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def load(path: str) -> Any:
    """The model of an ONNX file. Raises ContractError when onnxruntime is not installed or refuses the file."""
    if util.find_spec("onnxruntime") is None:
        raise ContractError(*install_line("onnxruntime"))
    with open(path, "rb") as file:
        data = file.read()
    try:
        return OnnxModel(data)
    except Exception as error:
        if isinstance(error, ContractError):
            raise
        raise ContractError(f"{os.path.basename(path)} cannot be loaded: {error}") from None


class OnnxModel:
    """An ONNX model that takes one matrix, with the methods of an estimator.

    `predict` gives the first output: labels, or numbers; `predict_proba` is there where the model has the classes
    and a second output, their probabilities.
    """

    def __init__(self, data: bytes) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors only
        self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise ContractError(
                "the ONNX model has {} inputs: {}".format(len(inputs), ", ".join(i.name for i in inputs)),
                "give pythonScriptPath: a script that says how the model predicts",
            )
        self._input = inputs[0]
        if self._input.type not in _KINDS:
            raise ContractError(
                f"the ONNX model takes {self._input.type}, and the arguments are numbers",
                "give pythonScriptPath: a script that says how the model predicts",
            )
        self._outputs = [output.name for output in self._session.get_outputs()]
        self.prediction_type = _prediction_type(self._session.get_outputs()[0])
        about = self._session.get_modelmeta().custom_metadata_map
        width = self._input.shape[-1] if len(self._input.shape) == 2 else None
        if isinstance(width, int):
            self.n_features_in_ = width
        if _NAMES in about:
            self.feature_names_in_ = json.loads(about[_NAMES])
        if _CLASSES in about:
            import numpy as np

            self.classes_ = np.array(json.loads(about[_CLASSES]))
            if len(self._outputs) > 1:
                self.predict_proba = self._probabilities

    def predict(self, features: Any) -> Any:
        """The first output for a matrix (rows, features): (rows,), or (rows, outputs) where it has several."""
        import numpy as np

        (answer,) = self._session.run(self._outputs[:1], self._feed(features))
        answer = np.asarray(answer)
        return answer.ravel() if answer.ndim == 2 and answer.shape[1] == 1 else answer

    def _probabilities(self, features: Any) -> Any:
        (answer,) = self._session.run(self._outputs[1:2], self._feed(features))
        return answer

    def _feed(self, features: Any) -> dict[str, Any]:
        return {self._input.name: arguments.matrix_of(features, _KINDS[self._input.type])}


def _prediction_type(output: Any) -> pa.DataType | None:
    """The type of one value of an output; None where the model does not tell."""
    import pyarrow as pa

    kinds = {"string": pa.string(), "bool": pa.bool_(), "double": pa.float64(), "float": pa.float64()}
    name = output.type[len("tensor(") : -1] if output.type.startswith("tensor(") else ""
    scalar = pa.int64() if name.startswith(("int", "uint")) else kinds.get(name)
    if scalar is None or len(output.shape) not in (1, 2):
        return None
    if len(output.shape) == 1 or output.shape[1] == 1:
        return scalar
    return pa.list_(scalar) if isinstance(output.shape[1], int) else None
