"""What annotations say of arguments and results."""

from __future__ import annotations

import datetime
import functools
from decimal import Decimal
from typing import Any, Dict, List, Optional  # noqa: UP035 - what is tested

import numpy as np
import numpy.typing as npt
import pandas as pd  # noqa: TID253 - what is tested
import pyarrow as pa
import pytest

from mlsql_sdk import signatures, types
from mlsql_sdk.failures import ContractError
from mlsql_sdk.signatures import Signature


def returning(annotation: Any) -> Signature:
    def function() -> None: ...

    function.__annotations__ = {"return": annotation}
    return Signature(function, "function")


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (int, "bigint"),
        (float, "double"),
        (str, "string"),
        (bool, "boolean"),
        (bytes, "binary"),
        (datetime.date, "date"),
        (datetime.datetime, "timestamp"),
        (Decimal, "decimal(38,18)"),
        (list[float], "array<double>"),
        (
            List[int],  # noqa: UP006
            "array<bigint>",
        ),
        (dict[str, str], "map<string,string>"),
        (
            Dict[str, List[int]],  # noqa: UP006
            "map<string,array<bigint>>",
        ),
        (
            Optional[int],  # noqa: UP045
            "bigint",
        ),
        (int | None, "bigint"),
        ("Optional[list[Optional[float]]]", "array<double>"),
        (np.float32, "float"),
        (np.int16, "smallint"),
    ],
)
def test_a_value_of_one_row(annotation: Any, kind: str) -> None:
    assert returning(annotation).returns == (signatures.ROW, types.parse(kind))


@pytest.mark.parametrize("annotation", [None, Any, list, dict, tuple[int, int], int | str, "Any", object])
def test_other_annotations_say_nothing(annotation: Any) -> None:
    assert returning(annotation).returns == (signatures.ROW, None)


@pytest.mark.parametrize(
    ("annotation", "shape", "kind"),
    [
        (pa.Array, signatures.ARROW, None),
        (pa.DoubleArray, signatures.ARROW, None),
        (pa.ChunkedArray, signatures.CHUNKED, None),
        (np.ndarray, signatures.NUMPY, None),
        (npt.NDArray[np.float64], signatures.NUMPY, pa.float64()),
        (npt.NDArray[Any], signatures.NUMPY, None),
        (pd.Series, signatures.PANDAS, None),
    ],
)
def test_the_values_of_many_rows(annotation: Any, shape: str, kind: pa.DataType | None) -> None:
    signature = returning(annotation)
    assert signature.returns == (shape, kind)
    assert signature.shapes == {shape}


def test_arguments_by_place() -> None:
    def function(a, b: int = 1, *rest: str, **others: float) -> None: ...  # type: ignore[no-untyped-def]

    signature = Signature(function, "function")
    assert [(name, one.kind) for name, one in signature.arguments(4)] == [
        ("a", None),
        ("b", pa.int64()),
        ("rest", pa.string()),
        ("rest", pa.string()),
    ]


def two(a, b):  # type: ignore[no-untyped-def]
    return a


def keyword(a, *, b):  # type: ignore[no-untyped-def]
    return a


@pytest.mark.parametrize(
    ("function", "count", "message"),
    [
        (two, 1, "f takes the arguments (a, b), and the query gives it 1 argument"),
        (two, 3, "f takes the arguments (a, b), and the query gives it 3 arguments"),
        (keyword, 1, "f takes the arguments (a, *, b), and the query gives it 1 argument"),
        (lambda: 1, 2, "f takes no argument, and the query gives it 2 arguments"),
        (lambda x: 1, 0, "f takes the argument (x), and the query gives it 0 arguments"),
        (functools.partial(two, 1), 2, "f takes the argument (b), and the query gives it 2 arguments"),
    ],
)
def test_a_wrong_number_of_arguments(function: Any, count: int, message: str) -> None:
    with pytest.raises(ContractError) as caught:
        Signature(function, "f").arguments(count)
    assert str(caught.value) == message


def test_what_is_written_in_c_takes_anything() -> None:
    assert Signature(max, "max").arguments(2) == [("1", (signatures.ROW, None)), ("2", (signatures.ROW, None))]


def test_annotations_that_name_nothing() -> None:
    def function(x: Nowhere) -> int: ...  # type: ignore[name-defined,empty-body] # noqa: F821

    with pytest.raises(ContractError) as caught:
        Signature(function, "apply")
    assert str(caught.value) == (
        "the annotations of apply cannot be read: NameError: name 'Nowhere' is not defined"
    )
