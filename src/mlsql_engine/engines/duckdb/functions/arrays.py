"""How macros are built, and the array helpers of the language and `onehot` as DuckDB macros.

- A parameter stands exactly once, in a list of one element that a lambda then takes: `list_transform([v],
  lambda __v: ...)[1]` is DuckDB's way to bind a value. A macro is text: a parameter used five times would be
  evaluated five times (a model call, or rand()), and nested calls would grow exponentially.
- Lambda parameters start with two underscores, because a table alias of the same name would win over them.
- Parameters have no declared type: DuckDB binds a typed one twice, which doubles the time per nesting level.
  They are cast instead, so integer and decimal array literals are welcome.
- Indices that a script writes or reads count from 0, those of DuckDB's lists from 1.
- Rows are handled by list functions only; there is no unnest and no subquery.

`array_slice` and `array_concat` are stored under other names: DuckDB binds `x[1:2]` to whatever is called
`array_slice`, and its own `array_concat` has another meaning. RENAMED says how; the dialect applies it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mlsql_engine.core.vectors import INDICES, SIZE, SPARSE, TYPE, VALUES

RENAMED: Final[Mapping[str, str]] = MappingProxyType(
    {"array_slice": "mlsql_array_slice", "array_concat": "mlsql_array_concat"}
)
"""From the name in a script to the macro's."""


@dataclass(frozen=True)
class Macro:
    """One SQL function of the language; `sql` is its CREATE MACRO statement, without a semicolon."""

    name: str
    signature: str
    description: str
    sql: str


def macro(signature: str, description: str, *overloads: tuple[str, str], stored_as: str = "") -> Macro:
    """A macro of (parameters, body) pairs; `stored_as` when DuckDB needs the name for itself."""
    name = signature.partition("(")[0]
    bodies = ", ".join(f"({parameters}) AS {body}" for parameters, body in overloads)
    return Macro(name, signature, description, f"CREATE OR REPLACE MACRO {stored_as or name}{bodies}")


def let(variable: str, value: str, body: str) -> str:
    """`body`, the rest of a CASE, in which `variable` is `value`, evaluated once; NULL when that is NULL."""
    case = f"CASE WHEN {variable} IS NULL THEN NULL {body} END"
    return f"list_transform([{value}], lambda {variable}: {case})[1]"


def let_all(body: str, **values: str) -> str:
    """`body`, in which `__v.name` is each of the values, evaluated once; NULL when any of them is NULL."""
    tests = " OR ".join(f"__v.{name} IS NULL" for name in values)
    struct = ", ".join(f"'{name}': {value}" for name, value in values.items())
    return f"list_transform([{{{struct}}}], lambda __v: CASE WHEN {tests} THEN NULL {body} END)[1]"


def fail_when(condition: str, message: str) -> str:
    """A branch of CASE that raises; `{…}` in the message are SQL expressions."""
    text = message.replace("{", "' || ").replace("}", " || '")
    return f"WHEN {condition} THEN error('{text}') "


def sparse(size: str, indices: str, values: str) -> str:
    """A sparse vector; `indices` is anything that casts to INTEGER[] and ascends strictly."""
    rest = f"'{SIZE}': ({size})::INTEGER, '{INDICES}': ({indices})::INTEGER[], '{VALUES}': {values}"
    return f"{{'{TYPE}': {SPARSE}::TINYINT, {rest}}}"


def java_text(number: str, text: str) -> str:
    """A floating-point number as Spark writes it (Java's Double.toString). `text` is DuckDB's, which has the
    same digits, but other words for what is not finite and other limits for the exponent form (1e-3, 1e7)."""
    sign = f"CASE WHEN {number} < 0 THEN '-' ELSE '' END"
    head = f"ltrim(split_part({text}, 'e', 1), '-')"
    digits = "trim(__h.w || __h.f, '0')"
    mantissa = f"{digits}[1] || '.' || CASE WHEN len({digits}) > 1 THEN {digits}[2:] ELSE '0' END"
    below_one = "len(ltrim(__h.f, '0')) - len(__h.f) - 1"
    shift = f"CASE WHEN __h.w = '0' THEN {below_one} ELSE len(__h.w) - 1 END"
    parts = (
        f"{{'w': split_part({head}, '.', 1), 'f': split_part({head}, '.', 2), "
        f"'e': coalesce(TRY_CAST(split_part({text}, 'e', 2) AS INTEGER), 0)}}"
    )
    scientific = let("__h", parts, f"ELSE {mantissa} || 'E' || (({shift}) + __h.e)")
    return (
        f"CASE WHEN isnan({number}) THEN 'NaN' WHEN isinf({number}) THEN ({sign}) || 'Infinity' "
        f"WHEN {number} = 0 OR (abs({number}) >= 1e-3 AND abs({number}) < 1e7) THEN {text} "
        f"ELSE ({sign}) || {scientific} END"
    )


def slice_between() -> str:
    return let_all(
        "WHEN __v.t = -1 THEN __v.a[greatest(__v.f, 0) + 1:] ELSE __v.a[greatest(__v.f, 0) + 1:greatest(__v.t, 0)]",
        a="a",
        f="CAST(first AS BIGINT)",
        t="CAST(last AS BIGINT)",
    )


def flattened(array: str) -> str:
    holds_null = "list_position(list_transform(__v, lambda __e: __e IS NULL), true) IS NOT NULL"
    return let("__v", array, f"WHEN {holds_null} THEN NULL ELSE flatten(__v)")


def intersection() -> str:
    first = "list_position(__v.a, __x) = __i"
    return let_all(
        f"ELSE list_filter(__v.a, lambda __x, __i: {first} AND list_position(__v.b, __x) IS NOT NULL)",
        a="a",
        b="b",
    )


def number_texts() -> str:
    written = java_text("TRY_CAST(__x AS DOUBLE)", "__x")
    return let(
        "__v",
        "a",
        "WHEN typeof(__v) IN ('DOUBLE[]', 'FLOAT[]') THEN list_transform(CAST(__v AS VARCHAR[]), lambda __x: "
        f"CASE WHEN __x IS NOT NULL THEN {written} END) ELSE CAST(__v AS VARCHAR[])",
    )


def parsed(name: str, target: str, pattern: str = "") -> str:
    """Every text as a number. `pattern`, if any, is what the text must look like besides."""
    guard = f"regexp_full_match(trim(__x), '{pattern}')" if pattern else "true"
    number = f"CASE WHEN {guard} THEN TRY_CAST(trim(__x) AS {target}) END"
    kind = "an integer" if target == "INTEGER" else "a number"
    return (
        f"list_transform(CAST(a AS VARCHAR[]), lambda __x: CASE WHEN __x IS NULL THEN NULL ELSE "
        f"coalesce({number}, error('{name}: ''' || __x || ''' is not {kind}')) END)"
    )


def onehot() -> str:
    return let_all(
        fail_when("__v.n < 0", "onehot: the size must not be negative, it is {__v.n}")
        + fail_when("__v.i < 0", "onehot: the index must not be negative, it is {__v.i}")
        + f"WHEN __v.i < __v.n THEN {sparse('__v.n', '[__v.i]', '[1.0::DOUBLE]')} "
        f"ELSE {sparse('__v.n', '[]', '[]::DOUBLE[]')}",
        i="CAST(trunc(CAST(i AS DOUBLE)) AS INTEGER)",
        n="CAST(n AS INTEGER)",
    )


MACROS: Final = (
    macro(
        "onehot(index, size)",
        "A sparse vector of zeros with a 1 at the index, from 0; all zeros if the index is beyond the size.",
        ("i, n", onehot()),
    ),
    macro(
        "array_intersect(a, b)",
        "The elements of a that b has too, each once, in a's order; NULL equals NULL, as in Spark.",
        ("a, b", intersection()),
    ),
    macro(
        "array_index(array, element)",
        "The index, from 0, of the first element that equals the second argument; -1 if there is none.",
        ("a, x", let_all("ELSE coalesce(list_position(__v.a, __v.x) - 1, -1)::INTEGER", a="a", x="x")),
    ),
    macro(
        "array_slice(array, from, to)",
        "The elements from index `from`, from 0, to before `to`, where -1 is the end; others are left out.",
        ("a, first, last", slice_between()),
        stored_as=RENAMED["array_slice"],
    ),
    macro(
        "array_concat(array of arrays)",
        "One array of all; NULL if one of them is NULL. Also array_concat(a, b), of up to four.",
        ("arrays", flattened("arrays")),
        ("a, b", flattened("[a, b]")),
        ("a, b, c", flattened("[a, b, c]")),
        ("a, b, c, d", flattened("[a, b, c, d]")),
        stored_as=RENAMED["array_concat"],
    ),
    macro(
        "array_number_concat(array of arrays)",
        "One array<double> of several arrays of numbers; NULL if one of them is NULL.",
        ("arrays", flattened("CAST(arrays AS DOUBLE[][])")),
    ),
    macro(
        "array_number_to_string(array)",
        "Every number as text, as Spark writes it; NULL stays NULL.",
        ("a", number_texts()),
    ),
    macro(
        "array_string_to_double(array)",
        "Every text as double; NULL stays NULL, what is no number is an error.",
        ("a", parsed("array_string_to_double", "DOUBLE")),
    ),
    macro(
        "array_string_to_float(array)",
        "Every text as float; NULL stays NULL, what is no number is an error.",
        ("a", parsed("array_string_to_float", "FLOAT")),
    ),
    macro(
        "array_string_to_int(array)",
        "Every text as int; NULL stays NULL, what is no integer of 32 bits is an error.",
        ("a", parsed("array_string_to_int", "INTEGER", "[+-]?[0-9]+")),
    ),
)
