"""What a training or predict script asks MLSQL for: its parameters, its data, where its model goes.

import mlsql

mlsql.fit_param["batchSize"]                               options of the train statement (text)
mlsql.internal_system_param["tempDataLocalPath"]           the folder of the training data
mlsql.internal_system_param["tempModelLocalPath"]          the folder to put the model into

X, y = mlsql.load_data(as_="numpy")                        or "arrow", "pandas", "csr", "torch", "tf"
mlsql.log_metric("accuracy", 0.97)
mlsql.save_model(model)
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Callable

from mlsql_sdk import kafka_data, local_data, model_files, parameters, pyspark_stand_in, runtime, training_data

if runtime.join():
    pyspark_stand_in.install()

internal_system_param: dict[str, Any] = runtime.internal_system_param
fit_param: dict[str, Any] = runtime.fit_param
kafka_param: dict[str, Any] = runtime.kafka_param
system_param: dict[str, Any] = runtime.system_param


def params() -> dict[str, dict[str, Any]]:
    """All parameters, under "internalSystemParam", "fitParam", "kafkaParam" and "systemParam"."""
    return {
        "internalSystemParam": internal_system_param,
        "fitParam": fit_param,
        "kafkaParam": kafka_param,
        "systemParam": system_param,
    }


def _folder(name: str, what: str) -> str:
    path = internal_system_param.get(name)
    if path is None:
        raise RuntimeError(what)
    return str(path)


def _data_folder() -> str:
    topic = kafka_data.of_run()
    if topic is not None:
        return kafka_data.collected(topic)
    return _folder("tempDataLocalPath", "there is no training data: mlsql did not start this script to train")


def read_data() -> Callable[..., Iterator[list[dict[str, Any]]]]:
    """A function `rd(max_records=1000)` that yields lists of rows until the data is at its end.

    A row is a dict by column; a vector in it has `toArray()`. Every call starts at the first row. Through Kafka the
    rows come while the host is still sending them.
    """
    topic = kafka_data.of_run()
    folder = "" if topic is not None else _data_folder()

    def batches(max_records: int = 1000) -> Iterator[list[dict[str, Any]]]:
        if topic is not None:
            return kafka_data.rows(topic, int(max_records))
        return local_data.rows(folder, int(max_records))

    return batches


def load_data(as_: str = "arrow") -> Any:
    """All training data at once; through Kafka it is collected in the work folder first, once.

    "arrow": a pyarrow.Table (memory-mapped when dataLocalFormat="arrow"); "pandas": a DataFrame; "numpy"
    and "csr": (X, y) with X of shape (rows, features) as float64, NaN where NULL, and y the label column or None;
    "torch" and "tf": the same as tensors. The feature and label columns are those that fitParam.featureCol (or
    inputCol) and labelCol name.
    """
    return training_data.load(_data_folder(), as_, local_data.Columns(fit_param))


def sklearn_all_data() -> tuple[Any, Any]:
    """(X, y) of all training data: X as float64, a matrix, or CSR where the vectors are sparse.

    It is CSR where at most a tenth of the values is not 0 (half of them, of more than 2^27), by the first rows.
    """
    return training_data.pair(_data_folder(), local_data.Columns(fit_param), "auto")


def sklearn_batch_data(fn: Callable[..., Any]) -> None:
    """Call `fn(X, y, label_size)` for each fitParam.batchSize (1000) rows; `fn(X, y)` if it takes no more.

    X is a float64 matrix, y the labels; label_size is fitParam.labelSize, or -1.
    """
    size, label_size = (
        int(fit_param.get(name, default)) for name, default in (("batchSize", 1000), ("labelSize", -1))
    )
    extra = (label_size,) if _takes_three(fn) else ()
    for batch in training_data.batches(_data_folder(), local_data.Columns(fit_param), size):
        fn(batch.features, batch.label, *extra)


def _takes_three(fn: Callable[..., Any]) -> bool:
    try:
        inspect.signature(fn).bind(None, None, None)
    except TypeError:
        return False
    return True


def sklearn_configure_params(estimator: Any) -> None:
    """Set the parameters of `estimator` that fitParam names, as the values that it takes, and print them.

    Raises ContractError for a value that does not fit.
    """
    values = parameters.configure(estimator, fit_param)
    told = ", ".join(f"{name}={value!r}" for name, value in values.items()) or "no parameters"
    name = type(estimator).__name__
    print(f"mlsql: {name} with {told}")  # noqa: T201 - what a script prints is shown
    for key, meant in parameters.near(estimator, fit_param).items():
        print(f"mlsql: fitParam {key} is no parameter of {name}; did you mean {meant}?")  # noqa: T201


def get_validate_data() -> tuple[Any, Any]:
    """(X, y) of the table that validateTable names, as `load_data(as_="numpy")` gives the training data.

    Without validateTable: two empty lists.
    """
    if "validateDataLocalPath" not in internal_system_param:
        return [], []
    return training_data.pair(_validate_folder(), local_data.Columns(fit_param), "numpy")


def load_validate_data(as_: str = "arrow") -> Any:
    """The table that validateTable names, in the shapes of `load_data`."""
    return training_data.load(_validate_folder(), as_, local_data.Columns(fit_param))


def _validate_folder() -> str:
    return _folder(
        "validateDataLocalPath", 'there is no validation data: the train statement has no validateTable="…"'
    )


def log_metric(name: str, value: float) -> None:
    """Record a metric of this model; a later value of the same name replaces it."""
    runtime.tell({"metric": str(name), "value": float(value)})


def progress(done: float, total: float = 1.0, message: str = "") -> None:
    """Tell the user how far the script is: `done` of `total`."""
    runtime.tell_progress(done, total, message)


def save_model(model: Any, name: str | None = None, format: str | None = None) -> str:  # noqa: A002 - the user's word
    """Write the model into the model folder as the file `name` (model.pkl …) and give the file's path.

    `format` is pickle, joblib, skops, onnx or safetensors; left out, what the name's ending tells, else what the
    train statement asks for by modelFormat, else pickle. Raises ContractError when the library of a format is not
    installed and when it cannot hold the model.
    """
    folder = _folder("tempModelLocalPath", "there is no model folder: mlsql did not start this script to train")
    form = format
    if form is None and (name is None or model_files.form_of(name) is None):
        form = runtime.wanted_form()
    return model_files.save(model, folder, form, name)
