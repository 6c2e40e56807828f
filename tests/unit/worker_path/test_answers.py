"""What predictors return, as Arrow arrays of the declared type."""

# ruff: noqa: TID253, E501

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import sparse

from mlsql_sdk import answers, pyspark_stand_in, types
from mlsql_sdk.failures import ContractError


def dense(*values: float) -> dict[str, Any]:
    return {"type": 1, "size": None, "indices": None, "values": list(values)}


LATER = timezone(timedelta(hours=2))
GIVEN: list[tuple[Any, str, list[Any]]] = [
    (pa.array([1, 2]), "double", [1.0, 2.0]),
    (pa.array([2**60 + 1, None]), "double", [float(2**60), None]),
    (pa.chunked_array([[1], [2]]), "int", [1, 2]),
    (pa.array(["a", None], pa.large_string()), "string", ["a", None]),
    (pa.array(["a", "a"]).dictionary_encode(), "string", ["a", "a"]),
    (pa.array([[1.0], [2.0]], pa.list_(pa.float64(), 1)), "array<double>", [[1.0], [2.0]]),
    (pa.array([[1.0], [2.0, 3.0]]), "vector", [dense(1), dense(2, 3)]),
    (np.array([1, 2], np.int8), "bigint", [1, 2]),
    (np.array([1.5, 2.5], np.float32), "double", [1.5, 2.5]),
    (np.array([1.0, 2.0]), "bigint", [1, 2]),
    (np.array([True, False]), "int", [1, 0]),
    (np.array(["a", "b"]), "string", ["a", "b"]),
    (np.array(["a", None], dtype=object), "string", ["a", None]),
    (np.array([b"a", b"b"]), "binary", [b"a", b"b"]),
    (np.array(["2024-01-01", "2024-01-02"], "M8[D]"), "date", [date(2024, 1, 1), date(2024, 1, 2)]),
    (np.array(["2024-01-01", "NaT"], "M8[ns]"), "timestamp", [datetime(2024, 1, 1), None]),  # noqa: DTZ001
    (np.array([[1], [2]]), "double", [1.0, 2.0]),
    (np.array([[1], [2]]), "array<double>", [[1.0], [2.0]]),
    (np.array([[1, 2], [3, 4]]), "vector", [dense(1, 2), dense(3, 4)]),
    (np.array([["a", "b"], ["c", "d"]]), "array<string>", [["a", "b"], ["c", "d"]]),
    (np.ones((2, 1, 2)), "array<array<double>>", [[[1.0, 1.0]]] * 2),
    (np.array([[0, 1.0], [2.0, 0]], dtype=object), "vector", [dense(0, 1), dense(2, 0)]),
    (sparse.csr_matrix([[0, 1.5], [0, 0]]), "vector", [{"type": 0, "size": 2, "indices": [1], "values": [1.5]}, {"type": 0, "size": 2, "indices": [], "values": []}]),
    (sparse.csr_array([[0, 1.5], [0, 0]]), "array<double>", [[0.0, 1.5], [0.0, 0.0]]),
    (pd.Series([1.5, None]), "double", [1.5, None]),
    (pd.Series([1, None], dtype="Int64"), "bigint", [1, None]),
    (pd.Series(["a", None]), "string", ["a", None]),
    (pd.Series(["a", "b"], dtype="category"), "string", ["a", "b"]),
    (pd.Series(pd.to_datetime(["2024-01-01T00:00:00+02:00", None])), "timestamp", [datetime(2023, 12, 31, 22), None]),  # noqa: DTZ001
    (pd.Series([Decimal("1.5"), None]), "decimal(10,2)", [Decimal("1.50"), None]),
    (pd.Series([[1.0], None]), "array<double>", [[1.0], None]),
    (pd.DataFrame({"a": [1, 2], "b": [3.5, 4.5]}), "vector", [dense(1, 3.5), dense(2, 4.5)]),
    (pd.DataFrame({"a": [1.0, 2.0]}), "double", [1.0, 2.0]),
    (pd.DataFrame({"b": ["x", None], "a": [1, 2], "c": [0, 0]}), "struct<a:double,b:string>", [{"a": 1.0, "b": "x"}, {"a": 2.0, "b": None}]),
    ([1, None], "double", [1.0, None]),
    ((np.float64(1), np.float64(2)), "double", [1.0, 2.0]),
    ([np.array([1.0]), np.array([2.0, 3.0])], "array<double>", [[1.0], [2.0, 3.0]]),
    ([np.array([1.0]), None], "vector", [dense(1), None]),
    ([[1.0], [2, 3.0]], "vector", [dense(1), dense(2, 3)]),
    ([{"a": 1}, None], "struct<a:int,b:string>", [{"a": 1, "b": None}, None]),
    ([{"a": 1}, {}], "map<string,int>", [[("a", 1)], []]),
    ([[("a", 1)], []], "map<string,int>", [[("a", 1)], []]),
    ([dense(1.5), None], "vector", [dense(1.5), None]),
    ([Decimal("1.555"), 2], "decimal(10,2)", [Decimal("1.56"), Decimal("2.00")]),
    ([datetime(2024, 1, 1, tzinfo=LATER), None], "timestamp", [datetime(2023, 12, 31, 22), None]),  # noqa: DTZ001
]  # fmt: skip


@pytest.fixture(autouse=True)
def _as_in_a_worker() -> None:
    """Vectors are pyspark's, or those that stand in for them."""
    pyspark_stand_in.install()


@pytest.mark.parametrize(("answer", "kind", "expected"), GIVEN)
def test_what_a_model_may_return(answer: Any, kind: str, expected: list[Any]) -> None:
    made = answers.predicted(answer, 2, types.parse(kind))
    assert (made.type, made.to_pylist()) == (types.parse(kind), expected)


def test_vectors_of_pyspark() -> None:
    from pyspark.ml.linalg import Vectors

    made = answers.predicted([Vectors.dense([1.0]), Vectors.sparse(3, {1: 2.0})], 2, types.parse("vector"))
    assert made.to_pylist() == [dense(1), {"type": 0, "size": 3, "indices": [1], "values": [2.0]}]


REFUSED: list[tuple[Any, str, str, int | None]] = [
    ([1.0], "double", "predict returned 1 values for 2 rows", None),
    (np.ones((3, 2)), "vector", "predict returned 3 values for 2 rows", None),
    (sparse.csr_matrix((3, 2)), "vector", "predict returned 3 values for 2 rows", None),
    (None, "double", "predict returned None, not one value for each row", None),
    (np.float64(3), "double", "predict returned np.float64(3.0), not one value for each row", None),
    ("ab", "string", "predict returned 'ab', not one value for each row", None),
    ({"a": 1, "b": 2}, "int", "predict returned {'a': 1, 'b': 2}, not one value for each row", None),
    ([1.0, "x"], "double", "predict returned 'x', which is no double: it is of the type str, not a number", 1),
    (pa.array(["1", "x"]), "double", "predict returned '1', which is no double: it is of the type str, not a number", 0),
    (np.array([1.0, 1.5]), "bigint", "predict returned 1.5, which is no bigint: it is no whole number", 1),
    (np.array([1, 2]), "date", "predict returned 1, which is no date: it is of the type int, not date", 0),
    (np.array([1, 2j]), "double", "predict returned (1+0j), which is no double: it is of the type complex, not a number", 0),
    (np.array([1, 2]), "vector", "predict returned 1, which is no vector: cannot serialize 1 of type <class 'int'>", 0),
    ([[("a", 1)], [1]], "map<string,int>", "predict returned [1], which is no map<string,int>: it is of the type list, not dict", 1),
    (pd.DataFrame({"a": [1, 2]}), "struct<a:int,b:int>", "predict returned a frame without the column 'b' of struct<a:int,b:int>", None),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "kind", "message", "row"), REFUSED)
def test_what_it_may_not_return(answer: Any, kind: str, message: str, row: int | None) -> None:
    with pytest.raises(ContractError) as caught:
        answers.predicted(answer, 2, types.parse(kind))
    assert (str(caught.value), getattr(caught.value, "mlsql_row", None)) == (message, row)
