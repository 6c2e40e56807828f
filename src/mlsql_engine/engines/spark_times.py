"""Spark's functions of dates and times whose patterns, units and numbers of arguments decide what is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from mlsql_engine.engines.spark_expressions import (
    Unsupported,
    call,
    cast,
    function_of,
    infix,
    literal_text,
    name,
    number,
    text,
)
from mlsql_engine.engines.spark_patterns import UnknownLetters, parsing_format, writing_parts

if TYPE_CHECKING:
    from sqlglot import exp

Call = Callable[[list[Any]], "exp.Expr"]
_TIME_PATTERN: Final = "yyyy-MM-dd HH:mm:ss"


def constant_pattern(node: Any, convert: Callable[[str], Any]) -> Any:
    """A constant pattern in DuckDB's words. Raises Unsupported for any other."""
    written = literal_text(node)
    if written is None:
        raise Unsupported("the pattern must be a constant string on DuckDB")
    try:
        return convert(written)
    except UnknownLetters as error:
        raise Unsupported(f"'{error}' in the pattern '{written}' cannot be had on DuckDB") from None


def _formatted(time: exp.Expr, pattern: Any) -> exp.Expr:
    """A time as text, by a pattern of Java's."""
    from sqlglot import exp

    parts = constant_pattern(pattern, writing_parts)
    if len(parts) == 1 and parts[0][0] == "format":
        return call("strftime", time, text(parts[0][1]))
    pieces = [_formatted_part(kind, value) for kind, value in parts] or [text("")]
    body = pieces[0]
    for piece in pieces[1:]:
        body = exp.DPipe(this=body, expression=piece)
    return call("invoke", function_of(["__t"], body), time)


def _formatted_part(kind: str, value: str) -> exp.Expr:
    time = name("__t")
    match kind:
        case "format":
            return call("strftime", time, text(value))
        case "quarter":
            return call("lpad", cast(call("quarter", time), "varchar"), number(int(value)), text("0"))
        case "fraction":
            digits = call("rpad", call("strftime", time, text("%f")), number(9), text("0"))
            return call("substring", digits, number(1), number(int(value)))
    hour = infix("Mod", call("hour", time), number(12 if kind == "K" else 24))
    if kind == "k":
        hour = infix("Add", infix("Mod", infix("Add", call("hour", time), number(23)), number(24)), number(1))
    return call("lpad", cast(hour, "varchar"), number(int(value)), text("0"))


def _date_format(arguments: list[Any]) -> exp.Expr:
    time, pattern = arguments
    return _formatted(call("mlsql_as_time", time), pattern)


def _from_unixtime(arguments: list[Any]) -> exp.Expr:
    seconds, *pattern = arguments
    micros = infix("Mul", cast(seconds, "bigint"), number(1_000_000))
    return _formatted(call("mlsql_local", micros), pattern[0] if pattern else text(_TIME_PATTERN))


def _to_time(arguments: list[Any]) -> exp.Expr:
    value, *pattern = arguments
    if not pattern:
        return call("mlsql_as_time", value)
    return call("mlsql_parsed_time", value, text(constant_pattern(pattern[0], parsing_format)))


def _to_date(arguments: list[Any]) -> exp.Expr:
    if len(arguments) == 1:
        return call("mlsql_as_date", arguments[0])
    return cast(_to_time(arguments), "date")


def _unix_time(arguments: list[Any]) -> exp.Expr:
    if not arguments:
        return call("mlsql_epoch", now())
    return call("mlsql_epoch", _to_time([arguments[0], *(arguments[1:] or [text(_TIME_PATTERN)])]))


def now() -> exp.Expr:
    """The time, in the session's zone."""
    return call("timezone", call("current_setting", text("TimeZone")), call("now"))


def _date_moved(operator: str) -> Call:
    """date_add and date_sub of days, or of a unit that is named first."""

    def rewrite(arguments: list[Any]) -> exp.Expr:
        if len(arguments) == 3:
            return _time_moved(arguments)
        date, days = arguments
        return infix(operator, call("mlsql_as_date", date), cast(days, "integer"))

    return rewrite


_INTERVALS: Final = {
    "microsecond": "to_microseconds",
    "millisecond": "to_milliseconds",
    "second": "to_seconds",
    "minute": "to_minutes",
    "hour": "to_hours",
    "day": "to_days",
    "dayofyear": "to_days",
    "week": "to_weeks",
    "month": "to_months",
    "quarter": "to_quarters",
    "year": "to_years",
}


def _unit(node: Any) -> str:
    unit = str(getattr(node, "name", "")).lower()
    if unit not in _INTERVALS:
        raise Unsupported(f"there is no unit of time '{unit}'", code="SQL", hint=f"known: {', '.join(_INTERVALS)}")
    return unit


def _time_moved(arguments: list[Any]) -> exp.Expr:
    unit, amount, time = arguments
    step = call(_INTERVALS[_unit(unit)], cast(amount, "integer"))
    return infix("Add", call("mlsql_as_time", time), step)


def _days_between(arguments: list[Any]) -> exp.Expr:
    """datediff(end, start) counts days; with a unit first, whole units from start to end."""
    if len(arguments) == 3:
        return _units_between(arguments)
    end, start = arguments
    days = infix("Sub", call("mlsql_as_date", end), call("mlsql_as_date", start))
    return cast(days, "integer")


def _units_between(arguments: list[Any]) -> exp.Expr:
    unit, start, end = arguments
    name_of_unit = "day" if _unit(unit) == "dayofyear" else _unit(unit)
    months = {"month": 1, "quarter": 3, "year": 12}.get(name_of_unit)
    if months:
        whole = call("mlsql_months", call("mlsql_as_time", start), call("mlsql_as_time", end))
        return cast(call("trunc", infix("Div", whole, number(months))), "bigint")
    return call("date_sub", text(name_of_unit), call("mlsql_as_time", start), call("mlsql_as_time", end))


def _date_part(arguments: list[Any]) -> exp.Expr:
    part, time = arguments
    return part_of_time(literal_text(part) or part.name, time)


_PARTS: Final = {
    "YEAR": "year",
    "Y": "year",
    "YEARS": "year",
    "YR": "year",
    "YRS": "year",
    "YEAROFWEEK": "isoyear",
    "QUARTER": "quarter",
    "QTR": "quarter",
    "MONTH": "month",
    "MON": "month",
    "MONS": "month",
    "MONTHS": "month",
    "WEEK": "week",
    "W": "week",
    "WEEKS": "week",
    "DAY": "day",
    "D": "day",
    "DAYS": "day",
    "DAYOFMONTH": "day",
    "DOY": "dayofyear",
    "DAYOFYEAR": "dayofyear",
    "DAYOFWEEK_ISO": "isodow",
    "DOW_ISO": "isodow",
    "HOUR": "hour",
    "H": "hour",
    "HOURS": "hour",
    "MINUTE": "minute",
    "M": "minute",
    "MIN": "minute",
    "MINUTES": "minute",
}


def part_of_time(part: str, time: exp.Expr) -> exp.Expr:
    """A part of a date, a time or an interval. Raises Unsupported for one that Spark does not know."""
    part = part.upper()
    time = time.copy()
    if part in ("DAYOFWEEK", "DOW"):
        return infix("Add", call("date_part", text("dow"), time), number(1))
    if part in ("SECOND", "S", "SEC", "SECS", "SECONDS"):
        micros = cast(call("date_part", text("microseconds"), time), "decimal(18, 6)")
        return cast(infix("Div", micros, number(1_000_000)), "decimal(8, 6)")
    if part not in _PARTS:
        raise Unsupported(f"there is no part of time '{part.lower()}'", code="SQL")
    return cast(call("date_part", text(_PARTS[part]), time), "integer")


CALLS: Final[dict[str, Call]] = {
    "date_add": _date_moved("Add"),
    "date_diff": _days_between,
    "date_format": _date_format,
    "date": _to_date,
    "date_part": _date_part,
    "date_sub": _date_moved("Sub"),
    "dateadd": _date_moved("Add"),
    "datepart": _date_part,
    "datediff": _days_between,
    "from_unixtime": _from_unixtime,
    "localtimestamp": lambda _: now(),
    "now": lambda _: now(),
    "timestamp": _to_time,
    "timestampadd": _time_moved,
    "timestampdiff": _units_between,
    "to_date": _to_date,
    "to_timestamp": _to_time,
    "to_timestamp_ltz": _to_time,
    "to_timestamp_ntz": _to_time,
    "to_unix_timestamp": _unix_time,
    "try_to_date": _to_date,
    "try_to_timestamp": _to_time,
    "unix_timestamp": _unix_time,
}
"""The rewriting of calls, by Spark's names, from their arguments."""
