"""Types as a user writes them in returnType and `python_fun.batch`: `bigint`, `array<double>`, `vector`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import vectors

if TYPE_CHECKING:
    import pyarrow as pa

_ARRAY = re.compile(r"(?:array|list)\s*[<(](.+)[>)]\Z", re.DOTALL)
NAMES = (
    "double",
    "float",
    "bigint",
    "int",
    "smallint",
    "tinyint",
    "boolean",
    "string",
    "date",
    "timestamp",
    "binary",
    "vector",
    "array<…>",
)


def parse(text: str) -> pa.DataType:
    """The Arrow type that a Spark SQL type name means. Raises ValueError that lists the names it knows."""
    import pyarrow as pa

    name = text.strip().lower()
    nested = _ARRAY.match(name)
    if nested:
        return pa.list_(parse(nested.group(1)))
    simple = {
        "double": pa.float64,
        "float": pa.float32,
        "real": pa.float32,
        "bigint": pa.int64,
        "long": pa.int64,
        "int": pa.int32,
        "integer": pa.int32,
        "smallint": pa.int16,
        "short": pa.int16,
        "tinyint": pa.int8,
        "byte": pa.int8,
        "boolean": pa.bool_,
        "bool": pa.bool_,
        "string": pa.string,
        "varchar": pa.string,
        "date": pa.date32,
        "timestamp": lambda: pa.timestamp("us"),
        "binary": pa.binary,
        "vector": vectors.arrow_type,
    }
    if name not in simple:
        raise ValueError("'{}' is not a type; known: {}".format(text.strip(), ", ".join(NAMES)))
    return simple[name]()
