"""What the dialect writes for casts and for functions of values of any type."""

from __future__ import annotations

from typing import Final

from .arrays import Macro, java_text
from .spark_macros import bound, spark

_DIGITS: Final = r"^([+-]?[0-9]+)(?:\.[0-9]*)?$"
_TYPES: Final = (
    ("VARCHAR", "string"),
    ("BOOLEAN", "boolean"),
    ("TINYINT", "tinyint"),
    ("SMALLINT", "smallint"),
    ("BIGINT", "bigint"),
    ("HUGEINT", "decimal(38,0)"),
    ("INTEGER", "int"),
    ("FLOAT", "float"),
    ("DOUBLE", "double"),
    ("DECIMAL", "decimal"),
    ("TIMESTAMP( WITH TIME ZONE)?", "timestamp"),
    ("DATE", "date"),
    ("BLOB", "binary"),
    ('"NULL"', "void"),
)


def _type_name() -> str:
    """DuckDB's name of a type in Spark's words, three levels deep."""
    name = "typeof(x)"
    for duckdb, spark_name in _TYPES:
        word = rf"\b{duckdb}\b" if duckdb[0] != '"' else duckdb
        name = f"regexp_replace({name}, '{word}', '{spark_name}', 'g')"
    for _ in range(3):
        name = rf"regexp_replace({name}, '((?:\w|<[^<>]*>|\(\d+,\d+\))+)\[\]', 'array<\1>', 'g')"
        name = rf"regexp_replace({name}, 'MAP\(([^()]+), ([^()]+)\)', 'map<\1,\2>', 'g')"
    name = rf"regexp_replace({name}, 'STRUCT\((.*)\)', 'struct<\1>', 'g')"
    return f"replace(replace({name}, ', ', ','), ' ', ':')"


def _text() -> str:
    """Text as Spark writes it: doubles with its exponents, bytes as UTF-8."""
    number = java_text("TRY_CAST(__x AS DOUBLE)", "__t")
    written = bound(f"CASE WHEN __x IS NOT NULL THEN {number} END", x="x", t="CAST(x AS VARCHAR)")
    return f"CASE WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN {written} ELSE CAST(x AS VARCHAR) END"


MACROS: Final[tuple[Macro, ...]] = (
    # A second parameter list takes what is no text; the value itself comes to stand once.
    spark("mlsql_number", ("x VARCHAR", "CAST(x AS DOUBLE)"), ("x", "x")),
    spark("mlsql_as_text", ("x BLOB", "decode(x)"), ("x", _text())),
    # Times are numbers of seconds from 1970 on; as a number of another type they would be NULL.
    spark("mlsql_seconds", ("x", "floor(epoch(mlsql_instant(TRY_CAST(x AS TIMESTAMP))))")),
    spark(
        "mlsql_as_double",
        (
            "x",
            "CASE WHEN typeof(x) = 'TIMESTAMP' THEN epoch(mlsql_instant(TRY_CAST(x AS TIMESTAMP))) "
            "ELSE TRY_CAST(x AS DOUBLE) END",
        ),
    ),
    spark("mlsql_bytes", ("x VARCHAR", "encode(x)"), ("x", "TRY_CAST(x AS BLOB)")),
    # The whole number that text says, without its fraction.
    spark(
        "mlsql_digits",
        ("x", r"nullif(regexp_extract(trim(CAST(x AS VARCHAR)), '^([+-]?[0-9]+)(?:\.[0-9]*)?$', 1), '')"),
    ),
    spark(
        "mlsql_moved",
        ("d DATE, i", "CAST(d + i AS DATE)"),
        ("d VARCHAR, i", "(CAST(d AS TIMESTAMP) + i)"),
        ("d, i", "(d + i)"),
    ),
    spark("mlsql_start", ("n", "coalesce(nullif(n, 0), 1)")),
    spark("typeof", ("x", _type_name())),
)
