"""Spark's functions of numbers as macros. Where Spark gives NULL for what has no result, so do they."""

from __future__ import annotations

from typing import Final

from .arrays import Macro
from .spark_macros import bound, spark

_LONGS: Final = "18446744073709551616"


def _positive_remainder() -> str:
    """The remainder, moved by the divisor where it is negative."""
    body = bound("CASE WHEN __r < 0 THEN (__r + __b) % __b ELSE __r END", r="__a % nullif(__b, 0)")
    return bound(body, a="a", b="b")


def _bucket() -> str:
    part = "1 + floor(__n * (__v - __l) / (__h - __l))"
    up = f"CASE WHEN __v < __l THEN 0 WHEN __v >= __h THEN __n + 1 ELSE {part} END"
    down = f"CASE WHEN __v > __l THEN 0 WHEN __v <= __h THEN __n + 1 ELSE {part} END"
    return bound(
        f"CASE WHEN __n <= 0 OR __l = __h THEN NULL WHEN __l < __h THEN {up} ELSE {down} END::BIGINT",
        v="v::DOUBLE",
        l="low::DOUBLE",
        h="high::DOUBLE",
        n="n::BIGINT",
    )


def _log(value: str) -> str:
    return bound("CASE WHEN __x > 0 THEN ln(__x) END", x=f"CAST({value} AS DOUBLE)")


def _of_double(name: str, expression: str) -> Macro:
    """A function of one double `__x`."""
    return spark(name, ("x", bound(expression, x="CAST(x AS DOUBLE)")))


def _shift_left() -> tuple[tuple[str, str], ...]:
    """What leaves a number's bits is lost."""
    narrow = "((__x::BIGINT * (1::BIGINT << (__n & 31)) + 2147483648) & 4294967295) - 2147483648"
    half = "9223372036854775808"
    long = f"((__x::HUGEINT * (1::HUGEINT << (__n & 63)) + {half}) % {_LONGS} + {_LONGS}) % {_LONGS} - {half}"
    return (
        ("x INTEGER, n", bound(f"({narrow})::INTEGER", x="x", n="n")),
        ("x, n", bound(f"({long})::BIGINT", x="x", n="n")),
    )


def _shift_right_unsigned() -> tuple[tuple[str, str], ...]:
    wide = "CASE WHEN __x >= 0 OR __n = 0 THEN __x >> __n ELSE ((__x::HUGEINT + {}) >> __n)::BIGINT END"
    narrow, long = wide.format("4294967296"), wide.format(_LONGS)
    return (
        ("x INTEGER, n", bound(f"({narrow})::INTEGER", x="x", n="(n & 31)")),
        ("x, n", bound(long, x="x", n="(n & 63)")),
    )


MACROS: Final[tuple[Macro, ...]] = (
    spark("bround", ("x", "round_even(x, 0)"), ("x, d", "round_even(x, d)")),
    spark("pmod", ("a, b", _positive_remainder())),
    spark("try_mod", ("a, b", bound("CASE WHEN __b <> 0 THEN __a % __b END", a="a", b="b"))),
    spark("width_bucket", ("v, low, high, n", _bucket())),
    # Whole numbers of doubles are bigint; decimals stay decimals.
    *(
        spark(f"mlsql_{way}_of", ("x DOUBLE", f"CAST({way}(x) AS BIGINT)"), ("x", f"{way}(x)"))
        for way in ("ceil", "floor")
    ),
    spark("e", ("", "exp(1.0)")),
    _of_double("expm1", "CASE WHEN abs(__x) < 1e-5 THEN __x + __x * __x / 2 ELSE exp(__x) - 1 END"),
    _of_double(
        "log1p", "CASE WHEN __x <= -1 THEN NULL WHEN abs(__x) < 1e-5 THEN __x - __x * __x / 2 ELSE ln(1 + __x) END"
    ),
    _of_double("sec", "1 / cos(__x)"),
    _of_double("csc", "1 / sin(__x)"),
    _of_double("rint", "round_even(__x, 0)"),
    _of_double("signum", "CASE WHEN isnan(__x) THEN __x ELSE sign(__x)::DOUBLE END"),
    _of_double("sign", "CASE WHEN isnan(__x) THEN __x ELSE sign(__x)::DOUBLE END"),
    _of_double("acosh", "CASE WHEN __x >= 1 THEN acosh(__x) WHEN __x IS NOT NULL THEN 'NaN'::DOUBLE END"),
    _of_double("atanh", "CASE WHEN abs(__x) <= 1 THEN atanh(__x) WHEN __x IS NOT NULL THEN 'NaN'::DOUBLE END"),
    spark("ln", ("x", _log("x"))),
    spark("log", ("x", _log("x")), ("b, x", f"({_log('x')} / {_log('b')})")),
    spark("log2", ("x", bound("CASE WHEN __x > 0 THEN log2(__x) END", x="CAST(x AS DOUBLE)"))),
    spark("log10", ("x", bound("CASE WHEN __x > 0 THEN log10(__x) END", x="CAST(x AS DOUBLE)"))),
    spark("hypot", ("a, b", "sqrt(CAST(a AS DOUBLE) ** 2 + CAST(b AS DOUBLE) ** 2)")),
    spark("factorial", ("n", bound("CASE WHEN __n BETWEEN 0 AND 20 THEN factorial(__n)::BIGINT END", n="n"))),
    spark("positive", ("x", "x")),
    spark("negative", ("x", "-x")),
    spark("shiftleft", *_shift_left()),
    spark("shiftright", ("x INTEGER, n", "(x >> (n & 31))"), ("x, n", "(x >> (n & 63))")),
    spark("shiftrightunsigned", *_shift_right_unsigned()),
    spark("bit_get", ("x, n", "((x >> n) & 1)::TINYINT")),
    spark("getbit", ("x, n", "((x >> n) & 1)::TINYINT")),
    spark("nanvl", ("a, b", bound("CASE WHEN isnan(__a::DOUBLE) THEN b ELSE __a END", a="a"))),
    spark("isnan", ("x", "coalesce(isnan(CAST(x AS DOUBLE)), false)")),
    spark("nullifzero", ("x", "nullif(x, 0)")),
    spark("zeroifnull", ("x", "coalesce(x, 0)")),
    spark("equal_null", ("a, b", "(a IS NOT DISTINCT FROM b)")),
    spark("try_add", ("a, b", "TRY(a + b)")),
    spark("try_subtract", ("a, b", "TRY(a - b)")),
    spark("try_multiply", ("a, b", "TRY(a * b)")),
    spark("try_divide", ("a, b", bound("CASE WHEN __b <> 0 THEN TRY(a / __b) END", b="b"))),
)
