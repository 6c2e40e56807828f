"""What scripts of the first MLSQL import of Java and of Spark."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from mlsql_sdk import buffers, jvm_stand_in


@pytest.fixture
def offered() -> Iterator[None]:
    before = set(sys.modules)
    jvm_stand_in.install("import java.lang.Long\nfrom org.apache.spark.sql import Row")
    yield
    for name in set(sys.modules) - before:
        if name.split(".")[0] in ("java", "org"):
            del sys.modules[name]


def run(text: str) -> dict[str, Any]:
    content: dict[str, Any] = {}
    exec(text, content)
    return content


@pytest.mark.usefixtures("offered")
def test_what_aggregates_import() -> None:
    content = run(
        "import java.lang.Long as l, java.lang.Integer as i\n"
        "from java.lang import Double\n"
        "from org.apache.spark.sql.types import DataTypes, StructType\n"
        "from org.apache.spark.sql.expressions import MutableAggregationBuffer, UserDefinedAggregateFunction\n"
        "from org.apache.spark.sql import Row\n"
        "schema = StructType().add('a', DataTypes.LongType).add('b', 'string')\n"
        "kinds = [schema, DataTypes.createArrayType(DataTypes.IntegerType), DataTypes.createDecimalType(10, 2),\n"
        "  DataTypes.createMapType(DataTypes.StringType, DataTypes.DoubleType)]\n"
    )
    assert (content["l"], content["i"], content["Double"]) == (int, int, float)
    assert (content["Row"], content["MutableAggregationBuffer"]) == (buffers.Row, buffers.Buffer)
    assert [kind.simpleString() for kind in content["kinds"]] == [
        "struct<`a`:bigint,`b`:string>",
        "array<int>",
        "decimal(10,2)",
        "map<string,double>",
    ]


@pytest.mark.usefixtures("offered")
def test_what_there_is_not() -> None:
    message = (
        r"^org\.apache\.spark\.sql\.types\.ArrayType: this is Python, not Jython, and mlsql has only DataTypes, "
        r"StructType of org\.apache\.spark\.sql\.types$"
    )
    with pytest.raises(ImportError, match=message):
        run("from org.apache.spark.sql.types import ArrayType")


def test_a_script_that_names_neither_gets_nothing() -> None:
    jvm_stand_in.install("import json")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("java.lang")
