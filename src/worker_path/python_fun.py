"""How a predict script says what predicts.

python_fun.udf(predict)           the row contract: predict(index, input) for every row
python_fun.batch(load, predict)   the batch contract: predict(model, batch) on Arrow record batches
python_fun.matrix(batch)          the arguments of a batch as a matrix of numpy
python_fun.csr(batch)             the same as a sparse matrix of SciPy
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Callable

from mlsql_sdk import arguments as _arguments
from mlsql_sdk import contracts

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


def udf(predict: Callable[[int, Iterable[bytes]], list[Any]], *, pure: bool = False) -> None:
    """Predict row by row.

    `predict(index, input)`: `index` is the number of the worker; `input` yields the pickled serialised
    vector (as `VectorUDT().serialize` gives it), the pickled `[modelPath]` and, with
    enableCopyTrainParamsToPython="true" at register, the pickled `[train parameters]`. It returns a list
    whose only element is `VectorUDT().serialize(vector)`.

    `pure=True` says that to call it twice for a row does no harm: when a worker dies over some rows, another
    one is asked for them, once.
    """
    contracts.declare(contracts.RowContract(predict, pure=pure))


def batch(
    load: Callable[[str], Any],
    predict: Callable[[Any, Any], Any],
    return_type: str | None = None,
    arguments: int | Sequence[str] | None = None,
    *,
    pure: bool = False,
) -> None:
    """Predict on whole record batches.

    `load(model_path)` runs once in every worker; `predict(model, batch)` gets a pyarrow.RecordBatch, one
    column per argument, and returns as many values as it has rows: a pyarrow array, a numpy array, a
    pandas series or a list. `return_type` names their type as SQL does (double unless given): bigint,
    string, array<double>, vector ...

    `arguments` says what it takes, so that a wrong call is an error before any row is read: a number of
    features, given one by one, in one vector or in one array (`arguments=30`), or a type for each argument
    (`arguments=("double", "string")`), which the columns of the batch then have. `pure` is that of `udf`.
    """
    contracts.declare(contracts.BatchContract(load, predict, return_type, arguments, pure=pure))


def matrix(batch: pa.RecordBatch) -> np.ndarray[Any, Any]:
    """The arguments as a float64 matrix (rows, features): one vector, one array of numbers, or number columns.

    Number columns make a column-major matrix, vectors and arrays a row-major one. It is read-only: doubles and
    dense vectors are not copied, so that it is the batch's own memory. Raises an error for other arguments, for
    rows of different lengths, and for sparse vectors of more than 2^28 cells (2 GB) in all, which `csr` takes.
    """
    return _arguments.dense_matrix(batch)


def csr(batch: pa.RecordBatch) -> Any:
    """The arguments of `matrix` as a `scipy.sparse.csr_matrix`; sparse vectors are never made dense."""
    return _arguments.csr_matrix(batch)
