"""What scripts for the first MLSQL, whose Python ran inside Java, import of Java and of Spark.

    import java.lang.Long as l
    from org.apache.spark.sql.types import DataTypes, StructType
    from org.apache.spark.sql.expressions import MutableAggregationBuffer, UserDefinedAggregateFunction
    from org.apache.spark.sql import Row

Numbers and texts of Java are those of Python. Anything else of `java` and `org.apache.spark` is an ImportError.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any, NoReturn

from .buffers import Buffer, Row

_BOXES = {
    "Long": int,
    "Integer": int,
    "Short": int,
    "Byte": int,
    "Double": float,
    "Float": float,
    "Boolean": bool,
    "String": str,
    "Object": object,
}
_TYPES = {
    "StringType": "string",
    "BinaryType": "binary",
    "BooleanType": "boolean",
    "DateType": "date",
    "TimestampType": "timestamp",
    "DoubleType": "double",
    "FloatType": "float",
    "ByteType": "tinyint",
    "IntegerType": "int",
    "LongType": "bigint",
    "ShortType": "smallint",
}


class DataType:
    """A type of Spark's, by its name in SQL."""

    def __init__(self, name: str) -> None:
        self._name = name

    def simpleString(self) -> str:  # noqa: N802 - Spark's name, as are those below
        return self._name


class StructType(DataType):
    """Fields that are added one by one."""

    def __init__(self) -> None:
        super().__init__("struct")
        self._fields: list[str] = []

    def add(self, name: str, kind: Any, nullable: bool = True) -> StructType:  # noqa: ARG002
        """One more field; the same object."""
        self._fields.append(f"`{name}`:{kind if isinstance(kind, str) else kind.simpleString()}")
        return self

    def simpleString(self) -> str:  # noqa: N802
        return "struct<{}>".format(",".join(self._fields))


class DataTypes:
    """Spark's types by their names in Java; those without arguments are attributes."""

    @staticmethod
    def createArrayType(element: Any, containsNull: bool = True) -> DataType:  # noqa: N802, N803, ARG004
        return DataType(f"array<{element.simpleString()}>")

    @staticmethod
    def createMapType(key: Any, value: Any, valueContainsNull: bool = True) -> DataType:  # noqa: N802, N803, ARG004
        return DataType(f"map<{key.simpleString()},{value.simpleString()}>")

    @staticmethod
    def createDecimalType(precision: int = 10, scale: int = 0) -> DataType:  # noqa: N802
        return DataType(f"decimal({precision},{scale})")


for _name, _sql in _TYPES.items():
    setattr(DataTypes, _name, DataType(_sql))


class UserDefinedAggregateFunction:
    """What an aggregate may be derived of; it adds nothing."""


_CONTENT: dict[str, dict[str, Any]] = {
    "java": {},
    "java.lang": dict(_BOXES),
    "org": {},
    "org.apache": {},
    "org.apache.spark": {},
    "org.apache.spark.sql": {"Row": Row},
    "org.apache.spark.sql.types": {"DataTypes": DataTypes, "StructType": StructType},
    "org.apache.spark.sql.expressions": {
        "MutableAggregationBuffer": Buffer,
        "UserDefinedAggregateFunction": UserDefinedAggregateFunction,
    },
}


def install(text: str) -> None:
    """Offer these modules to a script that names them, unless the interpreter has packages `java` or `org`."""
    for package, mark in (("java", "java.lang"), ("org", "org.apache.spark")):
        if mark in text and package not in sys.modules and find_spec(package) is None:
            for name, content in _CONTENT.items():
                if name.split(".")[0] == package:
                    _offer(name, content)


def _offer(name: str, content: dict[str, Any]) -> None:
    def missing(wanted: str) -> NoReturn:
        if wanted.startswith("__"):
            raise AttributeError(wanted)
        raise ImportError(
            f"{name}.{wanted}: this is Python, not Jython, and mlsql has only {known} of {name}", name=name
        )

    known = ", ".join(content) or "nothing"
    module = ModuleType(name, __doc__)
    vars(module).update(content, __path__=[], __getattr__=missing)
    sys.modules[name] = module
    parent, _, own = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], own, module)
    for inner, value in content.items():
        # `import java.lang.Long as l` asks for a module of that name.
        sys.modules[f"{name}.{inner}"] = value
