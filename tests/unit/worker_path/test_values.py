"""Python values of Arrow arrays, and back: nothing is bent on the way."""

from __future__ import annotations

import datetime
from collections import namedtuple
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlsql_sdk import types, values

NOON = datetime.datetime(2024, 2, 29, 12)  # noqa: DTZ001 - SQL's timestamps have no zone
Point = namedtuple("Point", "x y")


def test_maps_are_dicts_wherever_they_stand() -> None:
    kind = types.parse("struct<a:array<map<string,int>>,b:map<string,map<string,int>>>")
    row = {"a": [[("x", 1)], None], "b": [("y", [("z", 2)]), ("w", None)]}
    assert values.to_python(pa.array([row, None], kind)) == [
        {"a": [{"x": 1}, None], "b": {"y": {"z": 2}, "w": None}},
        None,
    ]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("bigint", 3.0, 3),
        ("int", np.int8(4), 4),
        ("bigint", Decimal("5.0"), 5),
        ("double", 1, 1.0),
        ("double", np.float32(0.5), 0.5),
        ("double", Decimal("1.5"), 1.5),
        ("double", 2**60 + 1, float(2**60)),
        ("boolean", np.bool_(True), True),
        ("decimal(10,2)", 1.005, Decimal("1.01")),
        ("decimal(2,2)", 0.25, Decimal("0.25")),
        ("decimal(10,2)", 7, Decimal("7.00")),
        ("decimal(10,2)", Decimal("1.234"), Decimal("1.23")),
        ("date", datetime.date(2024, 2, 29), datetime.date(2024, 2, 29)),
        ("timestamp", NOON, NOON),
        ("binary", bytearray(b"ab"), b"ab"),
        ("array<double>", np.array([1, 2]), [1.0, 2.0]),
        ("array<string>", ("a", None), ["a", None]),
        ("map<string,double>", {"a": 1, "b": None}, [("a", 1.0), ("b", None)]),
        ("struct<x:int,y:double>", Point(1, 2), {"x": 1, "y": 2.0}),
        ("struct<x:int,y:double>", {"y": 2}, {"x": None, "y": 2.0}),
    ],
)
def test_what_may_stand_for_a_type(kind: str, value: Any, expected: Any) -> None:
    assert values.to_arrow([None, value], types.parse(kind)).to_pylist() == [None, expected]


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        ("bigint", 1.5, "it is no whole number"),
        ("bigint", "1", "it is of the type str, not a whole number"),
        ("bigint", True, "it is of the type bool, not a whole number"),
        ("bigint", float("nan"), "cannot convert float NaN to integer"),
        ("tinyint", 300, "Value 300 too large to fit in C integer type"),
        ("bigint", 2**63, "Python int too large to convert to C long"),
        ("double", "1.5", "it is of the type str, not a number"),
        ("double", True, "it is of the type bool, not a number"),
        ("boolean", 1, "it is of the type int, not bool"),
        ("string", 1, "it is of the type int, not str"),
        ("string", b"a", "it is of the type bytes, not str"),
        ("binary", "a", "it is of the type str, not bytes"),
        ("date", NOON, "it is of the type datetime, not date"),
        (
            "timestamp",
            datetime.date(2024, 1, 1),
            "it is of the type date, not datetime",
        ),
        (
            "decimal(4,2)",
            100,
            "it has more than 2 digits before the point",
        ),
        ("decimal(4,2)", float("inf"), "a decimal has no NaN and no infinity"),
        ("array<string>", "abc", "it is of the type str, not list"),
        ("array<int>", [1, "x"], "an element: it is of the type str, not a whole number"),
        ("map<string,int>", [1], "it is of the type list, not dict"),
        ("map<string,int>", {"a": "b"}, "the value of 'a': it is of the type str, not a whole number"),
        ("map<string,int>", {None: 1}, "Invalid Map: key field cannot contain null values"),
        ("struct<x:int,y:int>", {"x": 1, "z": 2}, "there is no field 'z'; the fields are x, y"),
        ("struct<x:int,y:int>", (1,), "it has 1 values for the 2 fields x, y"),
        ("struct<x:int,y:int>", {"x": "a"}, "the field 'x': it is of the type str, not a whole number"),
        ("struct<x:int>", 5, "it is of the type int, not dict"),
    ],
)
def test_what_may_not(kind: str, value: Any, why: str) -> None:
    with pytest.raises(values.UnfitError) as caught:
        values.to_arrow([None, value, value], types.parse(kind))
    error = caught.value
    assert error.place == 1
    assert repr(error.value) == repr(value)
    assert str(error).startswith(why)
