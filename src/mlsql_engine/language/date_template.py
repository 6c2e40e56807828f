"""`${date.plusDays(1).toString("yyyy-MM-dd")}`: the time in the form that a pattern of Java's gives."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from mlsql_engine.core.errors import BadValue, suggestion

_TEMPLATE = re.compile(r"date\s*\.")
_CALL = re.compile(
    r"\s*\.\s*(?P<method>[A-Za-z]+)\s*\(\s*(?:(?P<number>-?\d{1,9})|\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)')?\s*\)"
)
_PATTERN = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+|'")


def is_date_template(name: str) -> bool:
    """Whether `name`, between the braces, is an expression of the built-in `date`."""
    return _TEMPLATE.match(name) is not None


def date_text(template: str, now: datetime) -> str:
    """What the template stands for. Raises BadValue for a method or pattern that there is not."""
    moment, position = now, len("date")
    while position < len(template):
        found = _CALL.match(template, position)
        if found is None:
            raise BadValue(f"'{template}' is not a date template", hint=_FORM)
        method, number = found["method"], found["number"]
        position = found.end()
        if method == "toString":
            if position != len(template) or number is not None:
                raise BadValue("toString comes last and takes a pattern in quotes", hint=_FORM)
            pattern = found["double"] if found["single"] is None else found["single"]
            return moment.isoformat(timespec="milliseconds") if pattern is None else format_date(moment, pattern)
        moment = _moved(moment, method, number)
    raise BadValue(f"'{template}' does not end in toString", hint=_FORM)


_FORM: Final = "as in: ${date.minusDays(1).toString('yyyy-MM-dd')}"


def _moved(moment: datetime, method: str, number: str | None) -> datetime:
    step = _STEPS.get(method)
    if step is None:
        raise BadValue(
            f"a date has no method '{method}'", hint=suggestion(method, [*sorted(_STEPS), "toString"], "method")
        )
    if number is None:
        raise BadValue(f"{method} takes a whole number", hint=_FORM)
    try:
        return step(moment, int(number))
    except (OverflowError, ValueError):
        raise BadValue(f"{method}({number}) leaves the years 1 to 9999") from None


def _months(moment: datetime, number: int) -> datetime:
    month = moment.year * 12 + moment.month - 1 + number
    year, month = divmod(month, 12)
    if not 1 <= year <= 9999:
        raise ValueError(year)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def _with_day(moment: datetime, number: int) -> datetime:
    days = monthrange(moment.year, moment.month)[1]
    if not 1 <= number <= days:
        month = f"{_MONTHS[moment.month - 1]} {moment.year}"
        raise BadValue(f"withDayOfMonth({number}): {month} has the days 1 to {days}")
    return moment.replace(day=number)


def _with_month(moment: datetime, number: int) -> datetime:
    if not 1 <= number <= 12:
        raise BadValue(f"withMonthOfYear({number}): a year has the months 1 to 12")
    return _months(moment, number - moment.month)


_UNITS: Final[dict[str, Callable[[datetime, int], datetime]]] = {
    "Years": lambda moment, number: _months(moment, 12 * number),
    "Months": _months,
    "Weeks": lambda moment, number: moment + timedelta(weeks=number),
    "Days": lambda moment, number: moment + timedelta(days=number),
    "Hours": lambda moment, number: moment + timedelta(hours=number),
    "Minutes": lambda moment, number: moment + timedelta(minutes=number),
    "Seconds": lambda moment, number: moment + timedelta(seconds=number),
}


def _backwards(step: Callable[[datetime, int], datetime]) -> Callable[[datetime, int], datetime]:
    return lambda moment, number: step(moment, -number)


_STEPS: Final[dict[str, Callable[[datetime, int], datetime]]] = {
    **{f"plus{unit}": step for unit, step in _UNITS.items()},
    **{f"minus{unit}": _backwards(step) for unit, step in _UNITS.items()},
    "withDayOfMonth": _with_day,
    "withMonthOfYear": _with_month,
}
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def format_date(moment: datetime, pattern: str) -> str:
    """The moment by a pattern of Java's `DateTimeFormatter`, with English names.

    Raises BadValue for a letter that has no meaning.
    """
    parts: list[str] = []
    for found in _PATTERN.finditer(pattern):
        run = found.group()
        if found.group(1):
            parts.append(_field(moment, run[0], len(run)))
        elif run == "'":
            raise BadValue(f"the pattern '{pattern}' has a quote that is not closed")
        elif run.startswith("'"):
            parts.append("'" if run == "''" else run[1:-1].replace("''", "'"))
        else:
            parts.append(run)
    return "".join(parts)


def _field(moment: datetime, letter: str, width: int) -> str:
    match letter:
        case "M" | "L" if width > 2:
            return _MONTHS[moment.month - 1] if width > 3 else _MONTHS[moment.month - 1][:3]
        case "E":
            return _DAYS[moment.weekday()] if width > 3 else _DAYS[moment.weekday()][:3]
        case "a":
            return "AM" if moment.hour < 12 else "PM"
        case "S":
            return f"{moment.microsecond:06d}"[:width].ljust(width, "0")
        case "z":
            return moment.tzname() or ""
        case "Z" | "X" | "x":
            offset = moment.strftime("%z")
            colon = (letter == "Z" and width == 2) or (letter in "Xx" and width == 3)
            return f"{offset[:3]}:{offset[3:5]}" if colon else offset[:5]
        case "y" | "Y" | "u" if width == 2:
            return f"{moment.year % 100:02d}"
    number = _NUMBERS.get(letter)
    if number is None:
        raise BadValue(
            f"'{letter * width}' means nothing in the pattern of a date",
            hint="put letters that stand for themselves in single quotes; "
            "known: y M d H h m s S a E D Z z, as in yyyy-MM-dd HH:mm:ss",
        )
    return str(number(moment)).rjust(width, "0")


_NUMBERS: Final[dict[str, Callable[[datetime], int]]] = {
    "y": lambda moment: moment.year,
    "Y": lambda moment: moment.year,
    "u": lambda moment: moment.year,
    "M": lambda moment: moment.month,
    "L": lambda moment: moment.month,
    "d": lambda moment: moment.day,
    "D": lambda moment: moment.timetuple().tm_yday,
    "H": lambda moment: moment.hour,
    "k": lambda moment: moment.hour or 24,
    "h": lambda moment: moment.hour % 12 or 12,
    "K": lambda moment: moment.hour % 12,
    "m": lambda moment: moment.minute,
    "s": lambda moment: moment.second,
}
