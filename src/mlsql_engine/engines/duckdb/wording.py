"""DuckDB's words in Spark's: its types, and no names or settings that only it or we know."""

from __future__ import annotations

import re
from typing import Final

from mlsql_engine.engines.session_functions import NAME

VECTOR_TYPE: Final = re.compile(
    r'STRUCT\("?__type"? TINYINT, "?__size"? INTEGER, "?__indices"? INTEGER\[\], "?__values"? DOUBLE\[\]\)'
)
_MACRO: Final = re.compile(r"\bmlsql_(?=[a-z])", re.IGNORECASE)
_INTERNAL_VIEW: Final = re.compile(r'"?mlsql_relation_\d+(?:_rows|_parsed)?"?\.?')
_LISTING: Final = re.compile(r"\n\s*(?:LINE \d+:|Candidate functions:|Candidate macros:|Please try|Did you mean)")
_ADVICE: Final = re.compile(
    r"\s*(?: - an explicit cast is required|You might need to |Use \"?(?:SET|TRY)|Use TRY|Possible |Try setting"
    r"|Try increasing| - scalar subqueries can only|, or SET | Either add it to ).*"
)
_TYPES: Final = {
    "VARCHAR": "string",
    "STRING_LITERAL": "string",
    "BOOLEAN": "boolean",
    "BOOL": "boolean",
    "TINYINT": "tinyint",
    "INT8": "tinyint",
    "SMALLINT": "smallint",
    "INT16": "smallint",
    "INTEGER": "int",
    "INT32": "int",
    "INTEGER_LITERAL": "int",
    "BIGINT": "bigint",
    "INT64": "bigint",
    "HUGEINT": "decimal(38,0)",
    "INT128": "decimal(38,0)",
    "FLOAT": "float",
    "DOUBLE": "double",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMPTZ": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "BLOB": "binary",
}
_NAMES: Final = "|".join(sorted(map(re.escape, _TYPES), key=len, reverse=True))
_TYPE: Final = re.compile(rf"\b(?:(?P<name>{_NAMES})\b|(?P<decimal>DECIMAL\(\d+,\d+\))|(?P<nested>STRUCT|MAP)\()")


def readable(text: str) -> str:
    """The message without DuckDB's own listings, advice and types, and without names that only we know."""
    text = _LISTING.split(text)[0]
    text = VECTOR_TYPE.sub("vector", NAME.sub(r"\1", _INTERNAL_VIEW.sub("", text)))
    text = _MACRO.sub("", text)
    text = " ".join(line.strip() for line in text.strip().split("\n") if line.strip())
    text = spark_types(_ADVICE.sub("", text)).rstrip("!.")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def spark_types(text: str) -> str:
    """The text with DuckDB's types in Spark's words: `INTEGER[]` is `array<int>`, a struct just `struct`."""
    done, position = "", 0
    while found := _TYPE.search(text, position):
        done += text[position : found.start()]
        position = found.end()
        if found["nested"]:
            name, position = found["nested"].lower(), _closing(text, position)
        else:
            name = _TYPES.get(found["name"]) or found["decimal"].lower()
        while text.startswith("[]", position):
            name, position = f"array<{name}>", position + 2
        done += name
    return done + text[position:]


def _closing(text: str, position: int) -> int:
    """The end of the brackets that are open at `position`."""
    depth = 1
    while depth and position < len(text):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        position += 1
    return position


def with_article(kind: str) -> str:
    """`an int`, `a string`."""
    return f"{'an' if kind[:1] in 'aeiou' else 'a'} {kind}"
