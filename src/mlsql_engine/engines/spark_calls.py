"""Spark's functions whose arguments decide what is written for DuckDB: patterns, types, numbers of arguments."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from mlsql_engine.engines import spark_lambdas
from mlsql_engine.engines.spark_expressions import (
    Unsupported,
    call,
    cast,
    function_of,
    infix,
    is_null,
    literal_int,
    literal_text,
    name,
    number,
    struct_of,
    text,
)
from mlsql_engine.engines.spark_patterns import (
    UnknownLetters,
    format_types,
    parsing_format,
    replacement,
    writing_parts,
)

if TYPE_CHECKING:
    from sqlglot import exp

Call = Callable[[list[Any]], "exp.Expr"]
_TIME_PATTERN: Final = "yyyy-MM-dd HH:mm:ss"


def _pattern(node: Any, convert: Callable[[str], Any]) -> Any:
    """A constant pattern in DuckDB's words."""
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

    parts = _pattern(pattern, writing_parts)
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
    return _formatted(call("make_timestamp", micros), pattern[0] if pattern else text(_TIME_PATTERN))


def _to_time(arguments: list[Any]) -> exp.Expr:
    value, *pattern = arguments
    if not pattern:
        return call("mlsql_as_time", value)
    return call("mlsql_parsed_time", value, text(_pattern(pattern[0], parsing_format)))


def _to_date(arguments: list[Any]) -> exp.Expr:
    if len(arguments) == 1:
        return call("mlsql_as_date", arguments[0])
    return cast(_to_time(arguments), "date")


def _unix_time(arguments: list[Any]) -> exp.Expr:
    if not arguments:
        return call("mlsql_epoch", now())
    return call("mlsql_epoch", _to_time([arguments[0], *(arguments[1:] or [text(_TIME_PATTERN)])]))


def now() -> exp.Expr:
    """The time, in UTC."""
    return call("timezone", text("UTC"), call("now"))


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


def _format_string(arguments: list[Any]) -> exp.Expr:
    """printf, with every argument cast to what its place in the pattern takes."""
    pattern, *values = arguments
    kinds = _pattern(pattern, format_types)
    if len(kinds) > len(values):
        raise Unsupported(f"the pattern takes {len(kinds)} values, {len(values)} are given", code="SQL")
    typed = [cast(value, kind) for kind, value in zip(kinds, values, strict=False)]
    return call("printf", pattern, *typed)


def _regexp_replace(arguments: list[Any]) -> exp.Expr:
    value, pattern, new, *place = arguments
    if place and literal_int(place[0]) != 1:
        raise Unsupported("regexp_replace from a place other than 1 is missing on DuckDB")
    if literal_text(new) is not None:
        new = text(_pattern(new, replacement))
    else:
        new = call("regexp_replace", new, text(r"\$(\d)"), text(r"\\\1"), text("g"))
    return call("regexp_replace", value, pattern, new, text("g"))


def _regexp_extract(own: str) -> Call:
    """Group 1 unless another is named."""

    def rewrite(arguments: list[Any]) -> exp.Expr:
        value, pattern, *group = arguments
        return call(own, value, pattern, group[0] if group else number(1))

    return rewrite


def _concat_ws(arguments: list[Any]) -> exp.Expr:
    separator, *values = arguments
    if not values:
        return text("")
    return call("concat_ws", separator, *(call("mlsql_joined", separator.copy(), value) for value in values))


def _elt(arguments: list[Any]) -> exp.Expr:
    from sqlglot import exp

    place, *values = arguments
    texts = exp.Array(expressions=[cast(value, "varchar") for value in values])
    positive = exp.Case(ifs=[exp.If(this=exp.GT(this=place.copy(), expression=number(0)), true=place.copy())])
    return call("list_extract", texts, positive)


def _size(arguments: list[Any]) -> exp.Expr:
    """Spark's size of NULL is -1 when it is not in its ANSI mode."""
    from sqlglot import exp

    return cast(exp.Coalesce(this=call("cardinality", arguments[0]), expressions=[number(-1)]), "integer")


def _arrays_zip(arguments: list[Any]) -> exp.Expr:
    """Structs whose fields have the columns' names, or count from 0."""
    from sqlglot import exp

    fields = [
        (argument.name if isinstance(argument, exp.Column) else str(index), index)
        for index, argument in enumerate(arguments)
    ]
    entry = struct_of(
        [(field, call("struct_extract_at", name("__z"), number(index + 1))) for field, index in fields]
    )
    return call("list_transform", call("list_zip", *arguments), function_of(["__z"], entry))


def _trimmed(own: str) -> Call:
    """ltrim(text) and ltrim(signs, text), which Spark has in that order."""

    def rewrite(arguments: list[Any]) -> exp.Expr:
        if len(arguments) == 1:
            return call(own, cast(arguments[0], "varchar"), text(" "))
        return call(own, cast(arguments[1], "varchar"), arguments[0])

    return rewrite


def _map_entries_of(arguments: list[Any]) -> exp.Expr:
    from sqlglot import exp

    return exp.Map(keys=exp.Array(expressions=arguments[::2]), values=exp.Array(expressions=arguments[1::2]))


def _from_json(arguments: list[Any]) -> exp.Expr:
    """Text as a value of a type that a constant tells in Spark's words."""
    from sqlglot import exp
    from sqlglot.errors import ParseError

    value, schema, *_ = arguments
    written = literal_text(schema)
    if written is None:
        raise Unsupported("the schema of from_json must be a constant string on DuckDB")
    whole = re.match(r"(?i)\s*(?:struct|array|map)\s*<", written)
    try:
        kind = exp.DataType.build(written if whole else f"struct<{written}>", dialect="spark")
    except ParseError:
        raise Unsupported(
            f"'{written}' is not a schema", code="SQL", hint="write it as 'a INT, b STRING'"
        ) from None
    otherwise = text("{}") if kind.this.name == "STRUCT" else exp.Null()
    return call("mlsql_json_value", value, text(json.dumps(_json_form(kind))), otherwise)


def _json_form(kind: Any) -> Any:
    """The type as DuckDB's json_transform wants it: objects and lists of the names of types."""
    match kind.this.name:
        case "STRUCT":
            return {field.name: _json_form(field.args["kind"]) for field in kind.expressions}
        case "ARRAY":
            return [_json_form(kind.expressions[0])]
        case "TIMESTAMPTZ" | "TIMESTAMPLTZ" | "TIMESTAMPNTZ":
            return "TIMESTAMP"
    return kind.sql("duckdb")


def _is_null(arguments: list[Any]) -> exp.Expr:
    (value,) = arguments
    return is_null(value)


def _is_not_null(arguments: list[Any]) -> exp.Expr:
    from sqlglot import exp

    (value,) = arguments
    return exp.Not(this=is_null(value))


def _date_part(arguments: list[Any]) -> exp.Expr:
    part, time = arguments
    return part_of_time(literal_text(part) or part.name, time)


def _nvl2(arguments: list[Any]) -> exp.Expr:
    from sqlglot import exp

    value, present, absent = arguments
    return exp.Case(ifs=[exp.If(this=is_null(value), true=absent)], default=present)


def _missing(what: str, hint: str | None = None) -> Call:
    def refuse(_arguments: list[Any]) -> exp.Expr:
        raise Unsupported(what, hint=hint)

    return refuse


CALLS: Final[dict[str, Call]] = {
    **spark_lambdas.CALLS,
    "arrays_zip": _arrays_zip,
    "cardinality": _size,
    "concat_ws": _concat_ws,
    "date_add": _date_moved("Add"),
    "date_diff": _days_between,
    "date_format": _date_format,
    "date": _to_date,
    "date_part": _date_part,
    "date_sub": _date_moved("Sub"),
    "dateadd": _date_moved("Add"),
    "datepart": _date_part,
    "datediff": _days_between,
    "elt": _elt,
    "format_string": _format_string,
    "from_json": _from_json,
    "from_unixtime": _from_unixtime,
    "isnotnull": _is_not_null,
    "isnull": _is_null,
    "ltrim": _trimmed("ltrim"),
    "nvl2": _nvl2,
    "printf": _format_string,
    "regexp_extract": _regexp_extract("regexp_extract"),
    "regexp_extract_all": _regexp_extract("regexp_extract_all"),
    "regexp_replace": _regexp_replace,
    "rtrim": _trimmed("rtrim"),
    "size": _size,
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


def rewritten(node: exp.Anonymous, spark_name: str) -> exp.Expr:
    """What stands in the place of the call. Raises MlsqlError, without a place."""
    try:
        return CALLS[spark_name]([argument.copy() for argument in node.expressions])
    except (ValueError, TypeError) as error:
        if isinstance(error, TypeError) and "argument" not in str(error):
            raise
        count = len(node.expressions)
        what = f"{count} argument{'' if count == 1 else 's'}"
        raise Unsupported(f"{spark_name} does not take {what}", code="SQL") from None


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
