"""How Spark prints a call of one of its functions: the name, and the arguments that it fills in.

The tables are those of Spark's sql-expression-schema.md, as far as they differ from `name(arguments)`.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CASTS: Final = _words(
    "bigint binary boolean date double float int smallint string timestamp timestamp_ltz tinyint"
)
_IN_CAPITALS: Final = _words(
    "acos acosh asin asinh atan atan2 atanh cbrt ceil cos cosh cot csc degrees dense_rank e exp expm1 "
    "floor hypot log log10 log1p log2 percent_rank pi power radians rank regexp regexp_like rlike sec "
    "signum sin sinh sqrt tan tanh"
)
_OTHERWISE: Final = {
    "array_agg": "collect_list",
    "curdate": "current_date",
    "current_database": "current_schema",
    "dateadd": "date_add",
    "random": "rand",
    "to_varchar": "to_char",
}
_FILLED_IN: Final = {
    "bround": (1, "0"),
    "lag": (1, "1", "NULL"),
    "lead": (1, "1", "NULL"),
    "locate": (2, "1"),
    "months_between": (2, "true"),
    "percentile": (2, "1"),
    "percentile_approx": (2, "10000"),
    "approx_percentile": (2, "10000"),
    "position": (2, "1"),
    "regexp_extract": (2, "1"),
    "regexp_extract_all": (2, "1"),
    "regexp_replace": (3, "1"),
    "round": (1, "0"),
    "sort_array": (1, "true"),
    "split": (2, "-1"),
    "str_to_map": (1, ",", ":"),
    "substr": (2, "2147483647"),
    "substring": (2, "2147483647"),
    "unix_timestamp": (1, "yyyy-MM-dd HH:mm:ss"),
}
"""From how many arguments on Spark adds which."""


def call_name(name: str, arguments: list[str]) -> str:
    """The call as a column name; `name` in lower case, the arguments by their own names."""
    if name in _CASTS and len(arguments) == 1:
        return arguments[0]
    match name, arguments:
        case "isnull", [value]:
            return f"({value} IS NULL)"
        case "isnotnull", [value]:
            return f"({value} IS NOT NULL)"
        case "if", _:
            return f"(IF({', '.join(arguments)}))"
        case "like", [text, pattern]:
            return f"{text} LIKE {pattern}"
        case "positive", [value]:
            return f"(+ {value})"
        case "log", [value]:
            return f"LOG(E(), {value})"
        case (("rank" | "dense_rank" | "percent_rank"), _):
            arguments = []
    least, *added = _FILLED_IN.get(name, (0,))
    if added and len(arguments) >= int(least):
        arguments += map(str, added[len(arguments) - int(least) :])
    name = _OTHERWISE.get(name, name)
    return f"{name.upper() if name in _IN_CAPITALS else name}({', '.join(arguments)})"
