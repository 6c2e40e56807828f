"""Schemas as Spark writes them."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from mlsql_engine.core.errors import InternalError
from mlsql_engine.server import spark_schema


def kind(of: pa.DataType) -> Any:
    (field,) = json.loads(spark_schema.text(pa.schema([("c", of)])))["fields"]
    assert (field["name"], field["nullable"], field["metadata"]) == ("c", True, {})
    return field["type"]


@pytest.mark.parametrize(
    ("of", "name"),
    [
        (pa.bool_(), "boolean"),
        (pa.int8(), "byte"),
        (pa.int16(), "short"),
        (pa.int32(), "integer"),
        (pa.int64(), "long"),
        (pa.float32(), "float"),
        (pa.float64(), "double"),
        (pa.string(), "string"),
        (pa.binary(), "binary"),
        (pa.date32(), "date"),
        (pa.timestamp("us"), "timestamp_ntz"),
        (pa.timestamp("us", "UTC"), "timestamp"),
        (pa.decimal128(10, 2), "decimal(10,2)"),
        (pa.null(), "void"),
        (pa.list_(pa.int32()), {"type": "array", "elementType": "integer", "containsNull": True}),
        (
            pa.map_(pa.string(), pa.float64()),
            {"type": "map", "keyType": "string", "valueType": "double", "valueContainsNull": True},
        ),
        (
            pa.struct([("a", pa.int32())]),
            {"type": "struct", "fields": [{"name": "a", "type": "integer", "nullable": True, "metadata": {}}]},
        ),
    ],
)
def test_types(of: pa.DataType, name: Any) -> None:
    assert kind(of) == name


def test_a_vector_is_a_user_defined_type() -> None:
    vector = pa.struct(
        [
            ("type", pa.int8()),
            ("size", pa.int32()),
            ("indices", pa.list_(pa.int32())),
            ("values", pa.list_(pa.float64())),
        ]
    )
    made = kind(vector)
    assert made["class"] == "org.apache.spark.ml.linalg.VectorUDT"
    assert [field["name"] for field in made["sqlType"]["fields"]] == ["type", "size", "indices", "values"]


def test_an_unknown_type() -> None:
    with pytest.raises(InternalError, match="no name of Spark's for the type"):
        kind(pa.dictionary(pa.int8(), pa.string()))
