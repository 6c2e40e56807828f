"""Which types the answers of a model can be made."""

from __future__ import annotations

import pyarrow as pa
import pytest

from mlsql_sdk import return_types, types
from mlsql_sdk.failures import ContractError
from mlsql_sdk.return_types import Given


@pytest.mark.parametrize(
    ("given", "wanted", "can"),
    [
        ("bigint", "double", True),
        ("bigint", "float", True),
        ("int", "bigint", True),
        ("bigint", "int", False),
        ("bigint", "decimal(19,0)", True),
        ("bigint", "decimal(18,0)", False),
        ("bigint", "string", True),
        ("double", "float", True),
        ("double", "bigint", False),
        ("double", "string", True),
        ("double", "vector", False),
        ("double", "array<double>", False),
        ("boolean", "int", True),
        ("boolean", "double", True),
        ("bigint", "boolean", False),
        ("string", "double", False),
        ("string", "date", False),
        ("array<bigint>", "array<double>", True),
        ("array<bigint>", "vector", True),
        ("array<string>", "vector", False),
        ("array<double>", "string", False),
        ("array<double>", "double", False),
    ],
)
def test_what_can_always_be_cast(given: str, wanted: str, can: bool) -> None:
    assert return_types.can_be(types.parse(given), types.parse(wanted)) is can


def test_without_a_name_it_is_what_is_given_or_double() -> None:
    assert return_types.chosen(None, Given(pa.string())) == pa.string()
    assert return_types.chosen(None, None) == pa.float64()
    assert return_types.chosen("date", None) == pa.date32()


def test_all_classes_are_tried() -> None:
    assert return_types.chosen("bigint", Given(pa.float64(), [0.0, 1.0])) == pa.int64()
    assert return_types.chosen("int", Given(pa.string(), ["10", "20"])) == pa.int32()
    with pytest.raises(ContractError) as caught:
        return_types.chosen("bigint", Given(pa.float64(), [0.5, 1.0]))
    assert str(caught.value) == "the model gives double, which cannot always be made bigint"
    assert caught.value.code == "RETURN_TYPE"
    assert caught.value.hint == "leave returnType out, and cast what the function gives in the query"


def test_a_name_of_no_type() -> None:
    with pytest.raises(ContractError, match=r"^'doubel' is not a type; known: double, float") as caught:
        return_types.chosen("doubel", None)
    assert caught.value.code == "RETURN_TYPE"
