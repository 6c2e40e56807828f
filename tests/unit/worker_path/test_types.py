"""Names of types as Spark SQL and as MLSQL write them."""

from __future__ import annotations

import pyarrow as pa
import pytest

from mlsql_sdk import type_names, types, vectors

KNOWN = (
    "known: double, float, bigint, int, smallint, tinyint, decimal(…), boolean, string, date, timestamp, binary, "
    "vector, array<…>, map<…>, struct<…>, st(field(…))"
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("double", pa.float64()),
        (" BIGINT ", pa.int64()),
        ("integer", pa.int32()),
        ("varchar(10)", pa.string()),
        ("decimal", pa.decimal128(10, 0)),
        ("decimal( 38 , 18 )", pa.decimal128(38, 18)),
        ("vector", vectors.arrow_type()),
        ("timestamp", pa.timestamp("us")),
        ("array(array(int))", pa.list_(pa.list_(pa.int32()))),
        ("map(string,string)", pa.map_(pa.string(), pa.string())),
        (
            "array(array(map(string,array(string))))",
            pa.list_(pa.list_(pa.map_(pa.string(), pa.list_(pa.string())))),
        ),
        ("map<string, decimal(10,2)>", pa.map_(pa.string(), pa.decimal128(10, 2))),
        ("st(field(Name,string),field(age,integer))", pa.struct([("Name", pa.string()), ("age", pa.int32())])),
        (
            "st(field(column1,map(string,array(st(field(columnx,string))))))",
            pa.struct([("column1", pa.map_(pa.string(), pa.list_(pa.struct([("columnx", pa.string())]))))]),
        ),
        ("struct<A:int, `b c`: array<double>>", pa.struct([("A", pa.int32()), ("b c", pa.list_(pa.float64()))])),
        ("struct<a int>", pa.struct([("a", pa.int32())])),
        ("array<st(field(a,float))>", pa.list_(pa.struct([("a", pa.float32())]))),
    ],
)
def test_types(text: str, kind: pa.DataType) -> None:
    assert types.parse(text) == kind


@pytest.mark.parametrize(
    ("text", "message", "wrong"),
    [
        ("array", f"'array' is not a type; {KNOWN}", "array"),
        ("map(string,strin)", f"'strin' (character 12 of 'map(string,strin)') is not a type; {KNOWN}", "strin"),
        (" a % b", f"'a' (character 1 of 'a % b') is not a type; {KNOWN}", "a"),
        ("", "a type is missing", ""),
        ("array<>", "a type is missing before '>' (character 7 of 'array<>')", ">"),
        ("array<int)", "'>' is missing (character 10 of 'array<int)')", ")"),
        ("array<int", "'>' is missing (character 10 of 'array<int')", ""),
        ("array<int>>", "the type ends before '>' (character 11 of 'array<int>>')", ">"),
        ("map<string>", "',' and the type of the map's values are missing (character 11 of 'map<string>')", ">"),
        ("st(name string)", "st(…) holds field(name,type) (character 4 of 'st(name string)')", "name"),
        ("st(field a)", "st(…) holds field(name,type) (character 10 of 'st(field a)')", "a"),
        ("st(field(a))", "',' and the type of the field 'a' are missing (character 11 of 'st(field(a))')", ")"),
        ("struct<:int>", "the name of a field is missing (character 8 of 'struct<:int>')", ":"),
        ("struct<a:int,A:int>", "the field 'A' is there twice (character 14 of 'struct<a:int,A:int>')", "A"),
        (
            "decimal(39,2)",
            "a decimal has 1 to 38 digits, and no more of them behind the point (character 9 of 'decimal(39,2)')",
            "39",
        ),
        ("decimal(x)", "here comes how many digits it has, a whole number (character 9 of 'decimal(x)')", "x"),
    ],
)
def test_what_is_no_type(text: str, message: str, wrong: str) -> None:
    with pytest.raises(types.TypeNameError) as caught:
        types.parse(text)
    error = caught.value
    assert (str(error), text[error.start : error.end]) == (message, wrong)


def test_a_type_that_is_nested_too_deeply() -> None:
    with pytest.raises(types.TypeNameError, match=r"^types are nested at most 50 deep \(character 307 of "):
        types.parse("array<" * 10_000)


@pytest.mark.parametrize(
    "name",
    ["array<map<string,decimal(10,2)>>", "struct<a:int,b:struct<c:boolean>>", "vector", "timestamp", "binary"],
)
def test_names_are_read_back(name: str) -> None:
    assert type_names.type_name(types.parse(name)) == name
