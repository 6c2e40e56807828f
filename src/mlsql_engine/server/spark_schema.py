"""The columns of a table as Spark writes them in JSON.

The form is that of pyspark.sql.types.StructType.json; a vector is pyspark.ml.linalg.VectorUDT.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pyarrow as pa

from mlsql_engine.core import vectors
from mlsql_engine.core.errors import InternalError

_VECTOR: Final[dict[str, Any]] = {
    "type": "udt",
    "class": "org.apache.spark.ml.linalg.VectorUDT",
    "pyClass": "pyspark.ml.linalg.VectorUDT",
    "sqlType": {
        "type": "struct",
        "fields": [
            {"name": "type", "type": "byte", "nullable": False, "metadata": {}},
            {"name": "size", "type": "integer", "nullable": True, "metadata": {}},
            {
                "name": "indices",
                "type": {"type": "array", "elementType": "integer", "containsNull": False},
                "nullable": True,
                "metadata": {},
            },
            {
                "name": "values",
                "type": {"type": "array", "elementType": "double", "containsNull": False},
                "nullable": True,
                "metadata": {},
            },
        ],
    },
}


def text(schema: pa.Schema) -> bytes:
    """The schema as JSON text."""
    return msgspec.json.encode(_struct(schema))


def _struct(fields: Any) -> dict[str, Any]:
    described = [
        {"name": field.name, "type": _kind(field.type), "nullable": field.nullable, "metadata": {}}
        for field in fields
    ]
    return {"type": "struct", "fields": described}


def _kind(kind: pa.DataType) -> Any:
    types = pa.types
    for is_kind, name in _PLAIN:
        if is_kind(kind):
            return name
    if types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if types.is_timestamp(kind):
        return "timestamp" if kind.tz else "timestamp_ntz"
    if types.is_map(kind):
        key, value = _kind(kind.key_type), _kind(kind.item_type)
        return {"type": "map", "keyType": key, "valueType": value, "valueContainsNull": True}
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return {"type": "array", "elementType": _kind(kind.value_type), "containsNull": True}
    if types.is_struct(kind):
        if tuple(field.name for field in kind) == vectors.PUBLIC_FIELDS:
            return _VECTOR
        return _struct(kind)
    raise InternalError(f"no name of Spark's for the type {kind}")


_PLAIN: Final = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_int8, "byte"),
    (pa.types.is_int16, "short"),
    (pa.types.is_int32, "integer"),
    (pa.types.is_int64, "long"),
    (pa.types.is_uint8, "short"),
    (pa.types.is_uint16, "integer"),
    (pa.types.is_uint32, "long"),
    (pa.types.is_uint64, "decimal(20,0)"),
    (pa.types.is_float32, "float"),
    (pa.types.is_float64, "double"),
    (pa.types.is_string, "string"),
    (pa.types.is_large_string, "string"),
    (pa.types.is_binary, "binary"),
    (pa.types.is_large_binary, "binary"),
    (pa.types.is_date, "date"),
    (pa.types.is_time, "string"),
    (pa.types.is_null, "void"),
    (pa.types.is_duration, "interval day to second"),
    (pa.types.is_interval, "interval"),
)
