"""What a predict script declares."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import python_fun
from mlsql_sdk import contracts, estimators, vectors
from mlsql_sdk.failures import ContractError
from unit.worker_path.script_contracts import udaf, udf


def no_rows(model: Any, batch: Any) -> list[Any]:
    return []


def no_vector(index: int, given: Any) -> list[Any]:
    return []


@pytest.mark.parametrize(
    ("declare", "pure"),
    [
        (lambda: python_fun.udf(no_vector), False),
        (lambda: python_fun.udf(no_vector, pure=True), True),
        (lambda: python_fun.batch(str, no_rows), False),
        (lambda: python_fun.batch(str, no_rows, pure=True), True),
    ],
)
def test_whether_it_may_be_asked_twice(declare: Callable[[], None], pure: bool) -> None:
    declare()
    assert contracts.declared("s.py").pure is pure


def test_what_is_no_script_of_a_model() -> None:
    assert estimators.EstimatorContract().pure is True
    assert udf("def apply(x): return x", "double").pure is False
    assert udaf("def aggregate(x): return 1", "double").pure is False


def test_a_batch_script_takes_anything_unless_it_says_what() -> None:
    assert contracts.BatchContract(str, no_rows).accepted() is None
    told = contracts.BatchContract(str, no_rows, takes=("double", "string")).accepted()
    assert told is not None
    assert (told.text, told.packed) == ("2 arguments (double, string)", False)


def test_a_matrix_of_the_arguments_of_a_batch() -> None:
    rows = pa.RecordBatch.from_arrays([vectors.from_matrix(np.arange(6.0).reshape(3, 2))], names=["arg0"])
    assert python_fun.matrix(rows).tolist() == python_fun.csr(rows).toarray().tolist() == [[0, 1], [2, 3], [4, 5]]


def test_a_row_script_says_which_row_it_failed_of() -> None:
    def predict(index: int, given: Any) -> list[Any]:
        values = pickle.loads(next(iter(given)))[3]
        return [(1, None, None, [1 / values[0]])]

    contract = contracts.RowContract(predict)
    contract.load(contracts.Loaded({"modelPath": "", "index": 0}))
    rows = pa.RecordBatch.from_pydict({"arg0": [1.0, None, 0.0], "arg1": [1.0, 1.0, 1.0]})
    with pytest.raises(ZeroDivisionError) as caught:
        contract.predict(rows)
    assert caught.value.mlsql_row == 2  # type: ignore[attr-defined]


def test_a_model_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"^the model folder has no "):
        estimators.EstimatorContract().load(contracts.Loaded({"modelPath": str(tmp_path)}))
