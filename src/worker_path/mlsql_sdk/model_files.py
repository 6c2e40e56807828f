"""Models in a model folder: written in one of five forms, found again, and loaded; those of other libraries, too.

pickle, joblib   any object
skops            an estimator, in a file that can be loaded without running what it holds
onnx             an estimator of scikit-learn, converted by skl2onnx and run by onnxruntime
safetensors      named arrays or a state_dict; which model they belong to is what a predict script knows

Only loaded, by the library that has written them: MLflow's folders, TorchScript, torch.export, Keras, SavedModel.
"""

from __future__ import annotations

import os
from importlib import util
from typing import Any

from . import mlflow_models, onnx_models, skops_files, tensorflow_models, torch_models
from .failures import ContractError, install_line

# The first ending is the one that is written.
ENDINGS = {
    "pickle": (".pkl", ".pickle"),
    "joblib": (".joblib",),
    "skops": (".skops",),
    "onnx": (".onnx",),
    "safetensors": (".safetensors",),
}
# What other libraries have written, and is only loaded: files by their endings, folders by a file in them.
_LOADED = {"torch": (".pt", ".pth", ".pt2"), "keras": (".keras",)}
_MARKS = {mlflow_models.FILE: "mlflow", tensorflow_models.FILE: "tensorflow"}
_HINT = "give pythonScriptPath: a script that says how the model predicts"


def form_of(name: str) -> str | None:
    """The form that a file's name tells, or None."""
    return next((form for form, endings in ENDINGS.items() if name.endswith(endings)), None)


def checked(form: str) -> str:
    """The form by its name in any case. Raises ContractError for an unknown one."""
    if form.lower() not in ENDINGS:
        raise ContractError(f"the model format '{form}' is not known", "known are {}".format(", ".join(ENDINGS)))
    return form.lower()


def save(model: Any, folder: str, form: str | None = None, name: str | None = None) -> str:
    """Write the model into the folder, which is made, and give the file's path.

    Without a form: what the name's ending tells, else pickle. Raises ContractError when the library of a form is
    not installed, when the model cannot be held in it, and for a name whose ending tells of another form.
    """
    told = form_of(name) if name else None
    chosen = checked(form) if form else told or "pickle"
    if told and told != chosen:
        raise ContractError(f"the file name '{name}' tells of {told}, and the format is {chosen}")
    path = os.path.join(folder, name or "model" + ENDINGS[chosen][0])
    os.makedirs(folder, exist_ok=True)
    write = {"pickle": _pickle, "joblib": _joblib, "safetensors": _safetensors}
    write.update(skops=skops_files.save, onnx=onnx_models.save)
    write[chosen](model, path)
    return path


def save_estimator(model: Any, folder: str) -> str:
    """Write an estimator when no form is asked for: skops where it is installed and holds it, else pickle."""
    data = skops_files.of_trusted(model) if util.find_spec("skops") is not None else None
    if data is None:
        return save(model, folder)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "model" + ENDINGS["skops"][0])
    with open(path, "wb") as file:
        file.write(data)
    return path


def form_in(folder: str) -> str | None:
    """The form of the one model that would be loaded without a script; None for none or several."""
    try:
        return loaded_form(find(folder))
    except ContractError:
        return None


def find(folder: str) -> str:
    """The one file, or the one folder of MLflow or TensorFlow, that can predict, in a model folder or being it.

    Raises ContractError when there is none, or several.
    """
    if _mark_in(folder) is not None:
        return folder
    names = sorted(os.listdir(folder))
    found = [name for name in names if _predicts(os.path.join(folder, name))]
    if len(found) == 1:
        return os.path.join(folder, found[0])
    if found:
        raise ContractError("the model folder has several models: {}".format(", ".join(found)), _HINT)
    if any(form_of(name) == "safetensors" for name in names):
        raise ContractError(
            "the model folder has a safetensors file, which holds numbers and not what predicts with them",
            "give pythonScriptPath: a script that builds the model and loads the numbers into it",
        )
    forms = {**ENDINGS, **_LOADED, "safetensors": ()}
    known = "|".join([*(ending for endings in forms.values() for ending in endings), *_MARKS])
    raise ContractError(f"the model folder has no estimator that can be loaded without a script ({known})", _HINT)


def _mark_in(folder: str) -> str | None:
    """The file that tells which library has written a folder; MLflow's comes before those that it wraps."""
    return next((mark for mark in _MARKS if os.path.isfile(os.path.join(folder, mark))), None)


def _predicts(path: str) -> bool:
    if os.path.isdir(path):
        return _mark_in(path) is not None
    return loaded_form(path) not in (None, "safetensors")


def loaded_form(path: str) -> str | None:
    """The form of a file or folder that may be loaded, None where nothing tells."""
    if os.path.isdir(path):
        mark = _mark_in(path)
        return None if mark is None else _MARKS[mark]
    return form_of(path) or next((form for form, endings in _LOADED.items() if path.endswith(endings)), None)


def load(path: str) -> Any:
    """The model of a file or folder; its class must be importable here. Raises ContractError for what it lacks."""
    form = loaded_form(path)
    readers = {
        "skops": skops_files.load,
        "onnx": onnx_models.load,
        "joblib": _from_joblib,
        "mlflow": mlflow_models.load,
        "torch": torch_models.load,
        "keras": tensorflow_models.load_keras,
        "tensorflow": tensorflow_models.load_folder,
    }
    return readers.get(form or "", _from_pickle)(path)


def _from_pickle(path: str) -> Any:
    import pickle

    with open(path, "rb") as file:
        try:
            return pickle.load(file)
        except pickle.UnpicklingError:
            # joblib.dump writes big arrays behind the pickle, under whatever name the user likes.
            return _from_joblib(path)


def _from_joblib(path: str) -> Any:
    if util.find_spec("joblib") is None:
        raise ContractError(*install_line("joblib"))
    import joblib

    return joblib.load(path)


def _pickle(model: Any, path: str) -> None:
    import pickle

    with open(path, "wb") as file:
        pickle.dump(model, file)


def _joblib(model: Any, path: str) -> None:
    if util.find_spec("joblib") is None:
        raise ContractError(*install_line("joblib"))
    import joblib

    joblib.dump(model, path)


def _safetensors(model: Any, path: str) -> None:
    """A dict of arrays, a dict of torch tensors, or anything with state_dict."""
    if util.find_spec("safetensors") is None:
        raise ContractError(*install_line("safetensors"))
    tensors = model.state_dict() if callable(getattr(model, "state_dict", None)) else model
    if not isinstance(tensors, dict) or not all(hasattr(value, "dtype") for value in tensors.values()):
        raise ContractError(
            f"safetensors holds a dict of arrays by name, not {type(model).__name__}",
            "give a dict of numpy arrays or of torch tensors, or choose another modelFormat",
        )
    if any(type(value).__module__.partition(".")[0] == "torch" for value in tensors.values()):
        import safetensors.torch

        safetensors.torch.save_file(tensors, path)
        return
    import numpy as np
    import safetensors.numpy

    # It writes the memory as it lies, whatever the array's strides say.
    safetensors.numpy.save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, path)
