"""Arrow's types by Spark's names."""

from __future__ import annotations

import pyarrow as pa
import pytest

from mlsql_engine.core.type_names import is_number, type_name

VECTOR = pa.struct(
    [
        ("type", pa.int8()),
        ("size", pa.int32()),
        ("indices", pa.list_(pa.int32())),
        ("values", pa.list_(pa.float64())),
    ]
)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (pa.bool_(), "boolean"),
        (pa.int8(), "tinyint"),
        (pa.int16(), "smallint"),
        (pa.int32(), "int"),
        (pa.int64(), "bigint"),
        (pa.uint8(), "smallint"),
        (pa.uint16(), "int"),
        (pa.uint32(), "bigint"),
        (pa.uint64(), "decimal(20,0)"),
        (pa.float16(), "float"),
        (pa.float32(), "float"),
        (pa.float64(), "double"),
        (pa.decimal128(10, 2), "decimal(10,2)"),
        (pa.string(), "string"),
        (pa.large_string(), "string"),
        (pa.string_view(), "string"),
        (pa.binary(), "binary"),
        (pa.large_binary(), "binary"),
        (pa.date32(), "date"),
        (pa.timestamp("us"), "timestamp"),
        (pa.timestamp("ns", "UTC"), "timestamp"),
        (pa.duration("s"), "interval"),
        (pa.month_day_nano_interval(), "interval"),
        (pa.null(), "void"),
        (pa.list_(pa.int32()), "array<int>"),
        (pa.large_list(pa.list_(pa.string())), "array<array<string>>"),
        (pa.list_(pa.float64(), 3), "array<double>"),
        (pa.map_(pa.string(), pa.list_(pa.int64())), "map<string,array<bigint>>"),
        (
            pa.struct([("a", pa.int32()), ("b", pa.struct([("c", pa.null())]))]),
            "struct<a:int,b:struct<c:void>>",
        ),
        (VECTOR, "vector"),
        (pa.list_(VECTOR), "array<vector>"),
    ],
    ids=str,
)
def test_names(kind: pa.DataType, name: str) -> None:
    assert type_name(kind) == name


def test_numbers() -> None:
    for kind in (pa.int8(), pa.uint64(), pa.float16(), pa.float64(), pa.decimal128(3, 1), pa.decimal256(40, 2)):
        assert is_number(kind), kind
    for kind in (pa.bool_(), pa.string(), pa.date32(), pa.timestamp("s"), pa.null(), pa.list_(pa.int32()), VECTOR):
        assert not is_number(kind), kind
