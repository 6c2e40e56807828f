"""Functions of scripts, by rows and by columns."""

# ruff: noqa: E501

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from mlsql_sdk.failures import ContractError
from unit.worker_path.script_contracts import udf


def batch(*columns: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [pa.array(column) for column in columns], names=[f"a{i}" for i, _ in enumerate(columns)]
    )


def test_a_row_function_gets_none_for_null_and_may_return_it() -> None:
    contract = udf("def apply(x, y): return None if y is None else (x is None, y)", "struct<a:boolean,b:string>")
    assert contract.name == "udf"
    assert contract.predict(batch([1, None, 2], ["a", "b", None])).to_pylist() == [
        {"a": False, "b": "a"},
        {"a": True, "b": "b"},
        None,
    ]


def test_types_of_annotations() -> None:
    contract = udf("def apply(x: float, y: int = 3) -> 'list[str]': return [repr(x), repr(y)]")
    assert contract.return_type() == pa.list_(pa.string())
    assert contract.predict(batch([Decimal("1.5")], [2.0])).to_pylist() == [["1.5", "2"]]
    assert contract.predict(batch([7])).to_pylist() == [["7.0", "3"]]


def test_data_type_wins_over_the_annotation() -> None:
    assert udf("def apply(x) -> float: return 1", "int").return_type() == pa.int32()


def test_decimals_keep_their_scale() -> None:
    contract = udf("import decimal\ndef apply(x: decimal.Decimal) -> str: return str(x)")
    assert contract.predict(batch([Decimal("1.50")])).to_pylist() == ["1.50"]


def test_a_function_without_arguments_is_called_for_each_row() -> None:
    contract = udf("n = 0\ndef apply() -> int:\n  global n\n  n += 1\n  return n")
    empty = pa.RecordBatch.from_struct_array(pa.array([{}] * 3, pa.struct([])))
    assert contract.predict(empty).to_pylist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("script", "given", "expected"),
    [
        ("import pyarrow as pa\ndef apply(x: pa.Array, y): return [x.null_count, len(y)]", [1, None], [1, 2]),
        ("import pyarrow as pa\ndef apply(x: pa.ChunkedArray, y): return x", [1, None], [1, None]),
        # numpy has no NULL: it gets the other rows, as numbers of their own type.
        ("import numpy as np\ndef apply(x: np.ndarray, y): return x * len(x)", [5, None], [5, None]),
        ("import pandas as pd\ndef apply(x: pd.Series, y): return x.fillna(9) + y", [5, None], [6, 11]),
        # For pandas NaN is NULL.
        ("import pandas as pd\ndef apply(x: pd.Series, y): return x", [5, None], [5, None]),
        ("import pandas as pd\ndef apply(x: pd.Series, y): return x.astype(object)", [5, None], [5, None]),
        ("import numpy as np\ndef apply(x, y) -> np.ndarray: return np.array([8, 9], object)", [1, 2], [8, 9]),
    ],
)
def test_columns(script: str, given: list[Any], expected: list[Any]) -> None:
    contract = udf(script, "bigint")
    assert contract.name == "vectorised udf"
    assert contract.predict(batch(given, [1, 2])).to_pylist() == expected


def test_the_element_type_of_numpy_is_the_type() -> None:
    script = """
        import numpy as np, numpy.typing as npt
        def apply(x: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
            return (x.dtype == np.float64) + np.zeros(len(x), np.int32)
    """
    contract = udf(script)
    assert contract.return_type() == pa.int32()
    assert contract.predict(batch([1, 2])).to_pylist() == [1, 1]
    assert contract.predict(pa.RecordBatch.from_arrays([pa.nulls(2)], names=["x"])).to_pylist() == [None, None]


COLUMNS = "import numpy as np, pandas as pd, pyarrow as pa\n"


@pytest.mark.parametrize(
    ("script", "kind", "message", "row"),
    [
        ("def apply(x): return 'abc' if x == 2 else 1", "double", "apply returned 'abc', which is no double: it is of the type str, not a number", 1),
        ("def apply(x, y): return 1", "double", "apply takes the arguments (x, y), and the query gives it 1 argument", None),
        ("def apply(x: str): return 1", "double", "the argument 'x' of apply is annotated as string, and the query gives it bigint", None),
        (COLUMNS + "def apply(x: pa.Array): return x[:1]", "double", "apply returned 1 values for 2 rows", None),
        (COLUMNS + "def apply(x: pa.Array): return 5", "double", "apply returned 5, not one value for each row", None),
        (COLUMNS + "def apply(x: pa.Array): return pa.array(['a', 'b'])", "double", "apply returned values of type string, and its type is double", None),
        (COLUMNS + "def apply(x: np.ndarray): return x + 0.5", "bigint", "apply returned 1.5, which is no bigint: it is no whole number", 0),
        (COLUMNS + "def apply(x: pd.Series): return ['a', 1]", "string", "apply returned 1, which is no string: it is of the type int, not str", 1),
    ],
)  # fmt: skip
def test_what_does_not_fit(script: str, kind: str, message: str, row: int | None) -> None:
    contract = udf(script, kind)
    with pytest.raises(ContractError) as caught:
        contract.predict(batch([1, 2]))
    assert (str(caught.value), getattr(caught.value, "mlsql_row", None)) == (message, row)


def test_a_number_that_is_not_whole_for_an_int() -> None:
    with pytest.raises(
        ContractError, match=r"^the argument 'x' of apply is annotated as bigint: Float value 1.500000 was"
    ):
        udf("def apply(x: int) -> int: return x").predict(batch([1.5]))


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("def apply(x): return 1", "nothing says which type apply returns"),
        (COLUMNS + "def apply(x: pa.Array, y: np.ndarray) -> float: return 1", "the annotations of apply mix columns of different libraries"),
    ],
)  # fmt: skip
def test_what_is_told_at_register(script: str, message: str) -> None:
    with pytest.raises(ContractError) as caught:
        udf(script)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ([None], "a NULL comes as None"),
        ([Decimal("1.5")], "a number such as 1.5 is a decimal in SQL, and comes as decimal.Decimal: annotate the argument as float"),
        (["a"], None),
    ],
)  # fmt: skip
def test_what_often_causes_an_error(given: list[Any], hint: str | None) -> None:
    with pytest.raises(TypeError) as caught:
        udf("def apply(x): return x * 1.5", "double").predict(batch(given))
    assert getattr(caught.value, "mlsql_hint", None) == hint
    assert caught.value.mlsql_row == 0  # type: ignore[attr-defined]
