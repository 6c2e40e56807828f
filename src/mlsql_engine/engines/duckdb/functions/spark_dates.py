"""Spark's functions of dates and times as macros. Times have no zone; the session's is UTC."""

from __future__ import annotations

from typing import Final

from .arrays import Macro
from .spark_macros import bound, spark, text

_UNITS: Final = {
    "year": ("YEAR", "YYYY", "YY", "YEARS"),
    "quarter": ("QUARTER", "QUARTERS"),
    "month": ("MONTH", "MM", "MON", "MONTHS"),
    "week": ("WEEK", "WEEKS"),
    "day": ("DAY", "DD", "DAYS"),
    "hour": ("HOUR", "HOURS"),
    "minute": ("MINUTE", "MINUTES"),
    "second": ("SECOND", "SECONDS"),
    "millisecond": ("MILLISECOND", "MILLISECONDS"),
    "microsecond": ("MICROSECOND", "MICROSECONDS"),
}
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def _date(value: str) -> str:
    return f"TRY_CAST({value} AS DATE)"


def _time(value: str) -> str:
    return f"TRY_CAST({value} AS TIMESTAMP)"


def _truncated(value: str, units: tuple[str, ...]) -> str:
    cases = []
    for unit in units:
        words = ", ".join(f"'{word}'" for word in _UNITS[unit])
        cases.append(f"WHEN upper(__f) IN ({words}) THEN date_trunc('{unit}', __d)")
    return bound(f"CASE {' '.join(cases)} END", d=value, f="f")


def _months_between() -> str:
    """Whole months on the same day or on two last days, else in months of 31 days."""
    months = "(year(__a) - year(__b)) * 12 + month(__a) - month(__b)"
    whole = "day(__a) = day(__b) OR (last_day(__a) = __a::DATE AND last_day(__b) = __b::DATE)"
    seconds = (
        "((day(__a) - day(__b)) * 86400 + (epoch(__a) - epoch(date_trunc('day', __a))) "
        "- (epoch(__b) - epoch(date_trunc('day', __b)))) / 2678400.0::DOUBLE"
    )
    exact = f"CASE WHEN {whole} THEN ({months})::DOUBLE ELSE {months} + {seconds} END"
    return bound(exact, a=_time("a"), b=_time("b"))


def _next_day() -> str:
    names = ", ".join(f"'{day}'" for day in _DAYS)
    wanted = f"list_position([{names}], upper(left(w, 2)))"
    return bound("__d + ((__w - isodow(__d) + 6) % 7 + 1)::INTEGER", d=_date("d"), w=wanted)


def _partial_date() -> str:
    """A date as Spark reads it from text: months and days may be missing, a time may follow."""
    filled = (
        "CASE WHEN regexp_full_match(__t, '[0-9]{4}') THEN __t || '-01-01' "
        "WHEN regexp_full_match(__t, '[0-9]{4}-[0-9]{1,2}') THEN __t || '-01' "
        "ELSE regexp_extract(__t, '^[+-]?[0-9]{4,7}-[0-9]{1,2}-[0-9]{1,2}(?:$|[ T])') END"
    )
    return bound(f"TRY_CAST(trim({filled}, ' T') AS DATE)", t="trim(x)")


def _partial_time() -> str:
    filled = (
        "CASE WHEN regexp_full_match(__t, '[0-9]{4}') THEN __t || '-01-01' "
        "WHEN regexp_full_match(__t, '[0-9]{4}-[0-9]{1,2}') THEN __t || '-01' "
        "WHEN regexp_full_match(__t, '[0-9-]+[ T][0-9]{1,2}(:[0-9]{1,2})?') THEN __t || "
        "CASE WHEN contains(__t, ':') THEN ':00' ELSE ':00:00' END ELSE __t END"
    )
    return bound(f"TRY_CAST({filled} AS TIMESTAMP)", t="trim(x)")


def _number_time() -> str:
    """Numbers are seconds from 1970 on."""
    kinds = "'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'FLOAT', 'DOUBLE'"
    seconds = "mlsql_local((TRY_CAST(x AS DECIMAL(38, 6)) * 1000000)::BIGINT)"
    is_number = f"typeof(x) IN ({kinds}) OR starts_with(typeof(x), 'DECIMAL')"
    return f"CASE WHEN {is_number} THEN {seconds} ELSE {_time('x')} END"


def _made_time() -> str:
    """Sixty seconds are the next minute; what is no date is NULL."""
    return (
        "TRY(make_timestamp(y::BIGINT, m::BIGINT, d::BIGINT, h::BIGINT, i::BIGINT, 0::DOUBLE) + "
        "to_microseconds(round(CASE WHEN s BETWEEN 0 AND 60 THEN s END * 1000000)::BIGINT))"
    )


def _whole_months() -> str:
    """Months from a to b that have passed to the end, to the second."""
    months = "(year(__b) - year(__a)) * 12 + month(__b) - month(__a)"
    rest = "(__b - date_trunc('month', __b)) {} (__a - date_trunc('month', __a))"
    late, early = rest.format("<"), rest.format(">")
    cut = f"CASE WHEN __m > 0 AND {late} THEN __m - 1 WHEN __m < 0 AND {early} THEN __m + 1 ELSE __m END"
    return bound(bound(cut, m=months), a="a", b="b")


_NUMBERS_OF_TIMES: Final = tuple(
    spark(name, ("t", f"epoch_{unit}(mlsql_instant({_time('t')}))"))
    for name, unit in (("unix_millis", "ms"), ("unix_micros", "us"))
)
_PARTS: Final = tuple(
    spark(name, ("t", f"{part}({_time('t')})::INTEGER"))
    for name, part in (
        ("year", "year"),
        ("quarter", "quarter"),
        ("month", "month"),
        ("day", "day"),
        ("dayofmonth", "day"),
        ("dayofyear", "dayofyear"),
        ("weekofyear", "weekofyear"),
        ("hour", "hour"),
        ("minute", "minute"),
        ("second", "second"),
    )
)
MACROS: Final[tuple[Macro, ...]] = (
    *_PARTS,
    *_NUMBERS_OF_TIMES,
    spark("mlsql_as_date", ("x VARCHAR", _partial_date()), ("x", _date("x"))),
    spark("mlsql_as_time", ("x VARCHAR", _partial_time()), ("x", _number_time())),
    # Text by a pattern; a value that is a date or a time already needs none.
    spark(
        "mlsql_parsed_time",
        ("x VARCHAR, f", "try_strptime(x, f)"),
        ("x, f", _time("x")),
    ),
    # The session's zone stands between times as they are written and the seconds since 1970 in Greenwich.
    spark("mlsql_local", ("n", "timezone(current_setting('TimeZone'), make_timestamptz(n))")),
    spark("mlsql_instant", ("t", "timezone(current_setting('TimeZone'), CAST(t AS TIMESTAMP))")),
    spark("mlsql_epoch", ("t", "CAST(floor(epoch(mlsql_instant(t))) AS BIGINT)")),
    spark("dayofweek", ("t", f"(dayofweek({_date('t')}) + 1)::INTEGER")),
    spark("weekday", ("t", f"(isodow({_date('t')}) - 1)::INTEGER")),
    spark("dayname", ("t", f"strftime({_time('t')}, '%a')")),
    spark("monthname", ("t", f"strftime({_time('t')}, '%b')")),
    spark("last_day", ("t", f"last_day({_date('t')})")),
    spark("next_day", ("d, w", _next_day())),
    spark("add_months", ("t, n", f"CAST({_date('t')} + to_months(n::INTEGER) AS DATE)")),
    spark(
        "months_between",
        ("a, b", f"round({_months_between()}, 8)"),
        ("a, b, exact", f"CASE WHEN exact THEN round({_months_between()}, 8) ELSE {_months_between()} END"),
    ),
    spark("mlsql_months", ("a, b", _whole_months())),
    spark("trunc", ("t, f", f"CAST({_truncated(_date('t'), ('year', 'quarter', 'month', 'week'))} AS DATE)")),
    spark("date_trunc", ("f, t", f"CAST({_truncated(_time('t'), tuple(_UNITS))} AS TIMESTAMP)")),
    spark("unix_date", ("t", f"({_date('t')} - DATE '1970-01-01')::INTEGER")),
    spark("date_from_unix_date", ("n", "(DATE '1970-01-01' + n::INTEGER)")),
    spark("unix_seconds", ("t", f"mlsql_epoch({_time('t')})")),
    spark("timestamp_seconds", ("n", "mlsql_local(round(n * 1000000)::BIGINT)")),
    spark("timestamp_millis", ("n", "mlsql_local(n * 1000)")),
    spark("timestamp_micros", ("n", "mlsql_local(n)")),
    spark("make_date", ("y, m, d", "TRY(make_date(y::BIGINT, m::BIGINT, d::BIGINT))")),
    *(
        spark(start + end, ("y, m, d, h, i, s", _made_time()))
        for start in ("make_timestamp", "try_make_timestamp")
        for end in ("", "_ntz", "_ltz")
    ),
    spark("from_utc_timestamp", ("t, z", f"timezone({text('z')}, timezone('UTC', {_time('t')}))")),
    spark("to_utc_timestamp", ("t, z", f"timezone('UTC', timezone({text('z')}, {_time('t')}))")),
    spark(
        "convert_timezone",
        ("z, t", f"timezone({text('z')}, timezone('UTC', {_time('t')}))"),
        ("f, z, t", f"timezone({text('z')}, timezone({text('f')}, {_time('t')}))"),
    ),
    spark("current_timezone", ("", "current_setting('TimeZone')")),
)
