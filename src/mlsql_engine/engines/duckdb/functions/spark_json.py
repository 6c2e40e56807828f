"""Spark's functions of JSON text as macros."""

from __future__ import annotations

from typing import Final

from .arrays import Macro
from .spark_macros import bound, spark

_VALID: Final = "CASE WHEN json_valid(__j) THEN {} END"


def _of_kind(kind: str, body: str) -> str:
    """`body` where the text `j` is JSON of the kind ARRAY or OBJECT, else NULL."""
    tested = f"CASE WHEN json_type(__j) = '{kind}' THEN {body} END"
    return bound(_VALID.format(tested), j="CAST(j AS VARCHAR)")


MACROS: Final[tuple[Macro, ...]] = (
    # Fields that are NULL are left out.
    spark("to_json", ("x", "CAST(json_strip_nulls(to_json(x)) AS VARCHAR)")),
    spark("json_array_length", ("j", _of_kind("ARRAY", "json_array_length(__j)::INTEGER"))),
    spark("json_object_keys", ("j", _of_kind("OBJECT", "json_keys(__j)"))),
    # Text that is no JSON gives a struct of NULLs, but no array and no map.
    spark(
        "mlsql_json_value",
        (
            "j, form, otherwise",
            bound(
                "CASE WHEN __j IS NOT NULL THEN "
                "json_transform(CASE WHEN json_valid(__j) THEN __j ELSE otherwise END, form) END",
                j="CAST(j AS VARCHAR)",
            ),
        ),
    ),
    spark(
        "get_json_object",
        (
            "j, p",
            bound(
                _VALID.format(
                    "CASE WHEN contains(p, '[*]') THEN to_json(json_extract_string(__j, p))::VARCHAR "
                    "ELSE json_extract_string(__j, p)::VARCHAR END"
                ),
                j="CAST(j AS VARCHAR)",
            ),
        ),
    ),
)
