"""How a predict script says what predicts.

python_fun.udf(predict)           the row contract: predict(index, input) for every row
python_fun.batch(load, predict)   the batch contract: predict(model, batch) on Arrow record batches
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from mlsql_sdk import contracts


def udf(predict: Callable[[int, Iterable[bytes]], list[Any]]) -> None:
    """Predict row by row.

    `predict(index, input)`: `index` is the number of the worker; `input` yields the pickled serialised
    vector (as `VectorUDT().serialize` gives it), the pickled `[modelPath]` and, with
    enableCopyTrainParamsToPython="true" at register, the pickled `[train parameters]`. It returns a list
    whose only element is `VectorUDT().serialize(vector)`.
    """
    contracts.declare(contracts.RowContract(predict))


def batch(
    load: Callable[[str], Any],
    predict: Callable[[Any, Any], Any],
    return_type: str | None = None,
) -> None:
    """Predict on whole record batches.

    `load(model_path)` runs once in every worker; `predict(model, batch)` gets a pyarrow.RecordBatch, one
    column per argument, and returns as many values as it has rows: a pyarrow array, a numpy array, a
    pandas series or a list. `return_type` names their type as SQL does (double unless given): bigint,
    string, array<double>, vector ...
    """
    contracts.declare(contracts.BatchContract(load, predict, return_type))
