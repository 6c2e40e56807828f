"""What a training or predict script asks MLSQL for: its parameters, its data, where its model goes.

import mlsql

mlsql.fit_param["batchSize"]                               options of the train statement (text)
mlsql.internal_system_param["tempDataLocalPath"]           the folder of the training data
mlsql.internal_system_param["tempModelLocalPath"]          the folder to put the model into

X, y = mlsql.load_data(as_="numpy")                        or "arrow", "pandas", "csr"
mlsql.log_metric("accuracy", 0.97)
mlsql.save_model(model)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Callable

from mlsql_sdk import kafka_data, local_data, runtime

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
    and "csr": (X, y) with X of shape (rows, features) as float64 and y the label column or None. The
    feature and label columns are those that fitParam.featureCol (or inputCol) and labelCol name.
    """
    return local_data.load(_data_folder(), as_, local_data.Columns(fit_param))


def get_validate_data() -> tuple[Any, Any]:
    """(X, y) of the table that validateTable names, as `load_data(as_="numpy")` gives the training data.

    Raises RuntimeError when the statement has no validateTable.
    """
    return local_data.load(_validate_folder(), "numpy", local_data.Columns(fit_param))  # type: ignore[no-any-return]


def load_validate_data(as_: str = "arrow") -> Any:
    """The table that validateTable names, in the shapes of `load_data`."""
    return local_data.load(_validate_folder(), as_, local_data.Columns(fit_param))


def _validate_folder() -> str:
    return _folder(
        "validateDataLocalPath", 'there is no validation data: the train statement has no validateTable="…"'
    )


def log_metric(name: str, value: float) -> None:
    """Record a metric of this model; a later value of the same name replaces it."""
    runtime.tell({"metric": str(name), "value": float(value)})


def progress(done: float, total: float = 1.0, message: str = "") -> None:
    """Tell the user how far the script is: `done` of `total`."""
    runtime.tell({"done": float(done), "total": float(total), "message": str(message)})


def save_model(model: Any, name: str = "model.pkl") -> str:
    """Pickle the model into the model folder and give the file's path."""
    import pickle

    folder = _folder("tempModelLocalPath", "there is no model folder: mlsql did not start this script to train")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        pickle.dump(model, file)
    return path
