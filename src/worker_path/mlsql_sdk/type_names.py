"""Arrow's types by the names that Spark SQL gives them; `types` reads such names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import vectors

if TYPE_CHECKING:
    import pyarrow as pa

_NAMES = {
    "bool": "boolean",
    "int8": "tinyint",
    "int16": "smallint",
    "int32": "int",
    "int64": "bigint",
    "uint8": "smallint",
    "uint16": "int",
    "uint32": "bigint",
    "uint64": "decimal(20,0)",
    "halffloat": "float",
    "float": "float",
    "double": "double",
    "string": "string",
    "large_string": "string",
    "string_view": "string",
    "binary": "binary",
    "large_binary": "binary",
    "binary_view": "binary",
    "date32[day]": "date",
    "null": "void",
}


def type_name(kind: pa.DataType) -> str:
    """`bigint`, `array<double>`, `struct<a:int,b:string>`, `vector`."""
    import pyarrow as pa

    if pa.types.is_struct(kind):
        fields = [kind.field(index) for index in range(kind.num_fields)]
        if [field.name for field in fields] == [field.name for field in vectors.arrow_type()]:
            return "vector"
        return "struct<{}>".format(",".join(f"{field.name}:{type_name(field.type)}" for field in fields))
    if pa.types.is_map(kind):
        return f"map<{type_name(kind.key_type)},{type_name(kind.item_type)}>"
    if is_list(kind):
        return f"array<{type_name(kind.value_type)}>"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_duration(kind) or pa.types.is_interval(kind):
        return "interval"
    return _NAMES.get(str(kind), str(kind))


def is_list(kind: pa.DataType) -> bool:
    """Whether it is an array, however Arrow keeps its elements."""
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))
