"""Spark's functions of arrays as macros. Elements that are NULL equal each other, as in Spark's set functions."""

from __future__ import annotations

from typing import Final

from .arrays import Macro
from .spark_macros import bound, spark, text


def _has_null(array: str) -> str:
    return f"len(list_filter({array}, lambda e: e IS NULL)) > 0"


def _distinct(array: str) -> str:
    """Each element once, in the order of their first places."""
    return bound("list_filter(__a, lambda e, i: list_position(__a, e) = i)", a=array)


def _contains() -> str:
    """NULL where the element is not there but might be one of the NULLs."""
    return bound(
        f"CASE WHEN __a IS NULL OR __x IS NULL THEN NULL WHEN list_contains(__a, __x) THEN true "
        f"WHEN {_has_null('__a')} THEN NULL ELSE false END",
        a="a",
        x="x",
    )


def _overlap() -> str:
    common = "len(list_filter(__a, lambda e: e IS NOT NULL AND list_contains(__b, e))) > 0"
    unknown = f"len(__a) > 0 AND len(__b) > 0 AND ({_has_null('__a')} OR {_has_null('__b')})"
    return bound(
        f"CASE WHEN __a IS NULL OR __b IS NULL THEN NULL WHEN {common} THEN true "
        f"WHEN {unknown} THEN NULL ELSE false END",
        a="a",
        b="b",
    )


def _slice() -> str:
    first = "CASE WHEN __f < 0 THEN len(__a) + __f + 1 ELSE __f END"
    return bound(
        "CASE WHEN __f = 0 THEN error('slice: the start is 0, indices of arrays start at 1') "
        "WHEN __n < 0 THEN error('slice: the length must not be negative, it is ' || __n) "
        f"WHEN ({first}) < 1 AND __a IS NOT NULL AND __n IS NOT NULL THEN __a[1:0] "
        f"ELSE __a[({first}):({first}) + __n - 1] END",
        a="a",
        f="f",
        n="n",
    )


def _insert() -> str:
    """At a place from 1, or from the end if negative; the gap beyond the end is filled with NULL."""
    before = "__a[:__p - 1] || [__x] || __a[__p:]"
    beyond = "list_resize(__a, (__p - 1)::BIGINT) || [__x]"
    behind = (
        "__a[:len(__a) + __p + 1] || [__x] || CASE WHEN __p = -1 THEN __a[1:0] ELSE __a[len(__a) + __p + 2:] END"
    )
    return bound(
        "CASE WHEN __p = 0 THEN error('array_insert: the place is 0, places start at 1') "
        f"WHEN __p > len(__a) THEN {beyond} WHEN __p > 0 THEN {before} "
        f"WHEN -__p <= len(__a) + 1 THEN {behind} "
        "WHEN __p < 0 THEN [__x] || list_resize(__a[1:0], (-__p - len(__a) - 1)::BIGINT) || __a END",
        a="a",
        p="p",
        x="x",
    )


def _sequence() -> tuple[tuple[str, str], ...]:
    whole = bound(
        "CASE WHEN __a <= __b THEN generate_series(__a, __b, 1) ELSE generate_series(__a, __b, -1) END",
        a="a",
        b="b",
    )
    days = bound(
        "list_transform(generate_series(__a::TIMESTAMP, __b::TIMESTAMP, CASE WHEN __a <= __b THEN INTERVAL 1 DAY "
        "ELSE INTERVAL (-1) DAY END), lambda d: d::DATE)",
        a="a",
        b="b",
    )
    stepped = "list_transform(generate_series(a::TIMESTAMP, b::TIMESTAMP, step), lambda d: d::DATE)"
    return (
        ("a DATE, b DATE", days),
        ("a, b", whole),
        ("a DATE, b DATE, step", stepped),
        ("a, b, step", "generate_series(a, b, step)"),
    )


def _logic(decisive: str) -> str:
    """The OR (decided by true) or AND (by false) of an array of booleans, unknown ones among them."""
    other = "false" if decisive == "true" else "true"
    return bound(
        f"CASE WHEN __l IS NULL THEN NULL WHEN list_contains(__l, {decisive}) THEN {decisive} "
        f"WHEN {_has_null('__l')} THEN NULL ELSE {other} END",
        l="l",
    )


def _flatten() -> str:
    return bound(f"CASE WHEN {_has_null('__a')} THEN NULL ELSE flatten(__a) END", a="a")


def _repeat() -> str:
    return bound("list_transform(range(greatest(__n, 0)::BIGINT), lambda i: __x)", x="x", n="n")


def _joined() -> tuple[tuple[str, str], ...]:
    with_nulls = "array_to_string(list_transform(a, lambda e: coalesce(CAST(e AS VARCHAR), n)), s)"
    return ("a, s", f"array_to_string(a::VARCHAR[], {text('s')})"), ("a, s, n", with_nulls)


MACROS: Final[tuple[Macro, ...]] = (
    spark("array_append", ("a, x", bound("CASE WHEN __a IS NOT NULL THEN list_append(__a, x) END", a="a"))),
    spark("array_prepend", ("a, x", bound("CASE WHEN __a IS NOT NULL THEN list_prepend(x, __a) END", a="a"))),
    spark("array_compact", ("a", "list_filter(a, lambda e: e IS NOT NULL)")),
    spark("array_contains", ("a, x", _contains())),
    spark("array_distinct", ("a", _distinct("a"))),
    spark("array_union", ("a, b", _distinct("(a || b)"))),
    spark(
        "array_except",
        (
            "a, b",
            bound(
                "list_filter(__a, lambda e, i: list_position(__a, e) = i AND list_position(__b, e) IS NULL)",
                a="a",
                b="b",
            ),
        ),
    ),
    spark("array_insert", ("a, p, x", _insert())),
    spark("array_join", *_joined()),
    spark("array_max", ("a", "list_max(a)")),
    spark("array_min", ("a", "list_min(a)")),
    spark(
        "array_position",
        (
            "a, x",
            bound(
                "CASE WHEN __a IS NOT NULL AND __x IS NOT NULL "
                "THEN coalesce(list_position(__a, __x), 0)::BIGINT END",
                a="a",
                x="x",
            ),
        ),
    ),
    spark(
        "array_remove",
        (
            "a, x",
            bound(
                "CASE WHEN __x IS NOT NULL THEN list_filter(__a, lambda e: e IS DISTINCT FROM __x) END",
                a="a",
                x="x",
            ),
        ),
    ),
    spark("array_repeat", ("x, n", _repeat())),
    spark("array_size", ("a", "len(a)::INTEGER")),
    spark(
        "sort_array",
        ("a", "list_sort(a, 'ASC', 'NULLS FIRST')"),
        (
            "a, up",
            "CASE WHEN up THEN list_sort(a, 'ASC', 'NULLS FIRST') ELSE list_sort(a, 'DESC', 'NULLS LAST') END",
        ),
    ),
    spark("arrays_overlap", ("a, b", _overlap())),
    spark("get", ("a, i", bound("CASE WHEN __i >= 0 THEN a[__i + 1] END", i="i"))),
    *(spark(name, ("a, k", "a[k]")) for name in ("element_at", "try_element_at")),
    spark("flatten", ("a", _flatten())),
    spark("sequence", *_sequence()),
    spark(
        "shuffle",
        ("a", "list_transform(list_sort(list_transform(a, lambda e: {'k': random(), 'v': e})), lambda e: e.v)"),
    ),
    spark("slice", ("a, f, n", _slice())),
    spark("mlsql_some_true", ("l", _logic("true"))),
    spark("mlsql_all_true", ("l", _logic("false"))),
    # The key of `x[k]`: elements of arrays count from 0, and there is none before.
    spark(
        "mlsql_key",
        ("x, k VARCHAR", "k"),
        ("x, k", "CASE WHEN typeof(x) NOT LIKE 'MAP%' THEN CASE WHEN k >= 0 THEN k + 1 ELSE 0 END ELSE k END"),
    ),
    spark("map_concat", ("a, b", "map_concat(a, b)"), ("a, b, c", "map_concat(a, b, c)")),
    spark("map_contains_key", ("m, k", "map_contains(m, k)")),
    spark("map_from_arrays", ("k, v", "map(k, v)")),
    spark(
        "str_to_map",
        ("s", "mlsql_text_map(s, ',', ':')"),
        ("s, p", "mlsql_text_map(s, p, ':')"),
        ("s, p, k", "mlsql_text_map(s, p, k)"),
    ),
    spark(
        "mlsql_text_map",
        (
            "s, p, k",
            "map_from_entries(list_transform(regexp_split_to_array(s, p), lambda e: "
            "{'k': regexp_split_to_array(e, k)[1], 'v': CASE WHEN regexp_matches(e, k) THEN "
            "substring(e, length(regexp_split_to_array(e, k)[1]) + length(regexp_extract(e, k)) + 1) END}))",
        ),
    ),
)
