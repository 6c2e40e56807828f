"""Values that JSON has no form of, as the text that DuckDB makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlsql_engine.core.errors import InternalError

_A_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_YEAR_1 = -719_162
_YEAR_10000 = 2_932_897
"""The days from 1970 to the first day of the year."""
_PRINTABLE = frozenset(range(32, 127)) - frozenset(b"\\'\"")


def texts(array: pa.Array) -> list[Any]:
    """Each value as text, None for NULL. Raises InternalError for a type that has none."""
    kind = array.type
    types = pa.types
    if types.is_string(kind) or types.is_large_string(kind):
        return array.to_pylist()  # type: ignore[no-any-return]
    if types.is_timestamp(kind) or types.is_date32(kind) or types.is_time(kind):
        return _times(array)
    return [None if value is None else _text(value, kind) for value in array.to_pylist()]


def _text(value: Any, kind: pa.DataType) -> str:
    types = pa.types
    if types.is_boolean(kind):
        return "true" if value else "false"
    if types.is_integer(kind):
        return str(value)
    if types.is_float32(kind):
        return str(np.float32(value))
    if types.is_floating(kind):
        return repr(value)
    if types.is_decimal(kind):
        return format(value, "f")
    if types.is_binary(kind) or types.is_large_binary(kind):
        return "".join(chr(byte) if byte in _PRINTABLE else f"\\x{byte:02X}" for byte in value)
    if types.is_interval(kind):
        return _interval(*value)
    if types.is_list(kind):
        return f"[{', '.join(_inner(item, kind.value_type) for item in value)}]"
    if types.is_struct(kind):
        fields = (f"'{field.name}': {_inner(value[field.name], field.type)}" for field in kind)
        return "{" + ", ".join(fields) + "}"
    raise InternalError(f"a value of type {kind} has no form in JSON")


def _inner(value: Any, kind: pa.DataType) -> str:
    """A value within another one, where NULL is a word."""
    return "NULL" if value is None else str(texts(pa.array([value], kind))[0])


def _times(array: pa.Array) -> list[Any]:
    """Dates, times and timestamps; a fraction of a second without zeros at its end."""
    kind = array.type
    if pa.types.is_time(kind):
        return _trimmed(array.cast(pa.string()), kind.unit)
    zone = "+00" if pa.types.is_timestamp(kind) and kind.tz is not None else ""
    if zone:
        array = array.cast(pa.timestamp(kind.unit))
    if not _usual(array):
        return [None if value is None else _unusual(*value, zone) for value in _counts(array)]
    shown = array.cast(pa.string())
    if pa.types.is_date(kind):
        return shown.to_pylist()  # type: ignore[no-any-return]
    made = _trimmed(shown, kind.unit)
    return [None if text is None else text + zone for text in made] if zone else made


def _trimmed(shown: pa.Array, unit: str) -> list[Any]:
    if unit != "s":
        shown = pc.replace_substring_regex(shown, r"\.?0*$", "")
    return shown.to_pylist()  # type: ignore[no-any-return]


def _usual(array: pa.Array) -> bool:
    """Whether all years have four digits, so that Arrow's text is DuckDB's."""
    days = array.drop_null().cast(pa.int32() if array.type == pa.date32() else pa.int64()).to_numpy()
    if array.type != pa.date32():
        days = days // _A_DAY[array.type.unit]
    return not days.size or bool(days.min() >= _YEAR_1 and days.max() < _YEAR_10000)


def _counts(array: pa.Array) -> list[tuple[int, str] | None]:
    """Each value as a number and its unit."""
    unit = "D" if array.type == pa.date32() else array.type.unit
    numbers = array.cast(pa.int32() if unit == "D" else pa.int64()).to_pylist()
    return [None if number is None else (number, unit) for number in numbers]


def _unusual(number: int, unit: Any, zone: str) -> str:
    """A time of any year, or the end of time; before the year 1 with the era."""
    most = (1 << 31) - 1 if unit == "D" else (1 << 63) - 1
    if abs(number) == most:
        return "infinity" if number > 0 else "-infinity"
    text = str(np.datetime64(number, unit)).replace("T", " ")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    before, _, rest = text.lstrip("-").partition("-")
    year = -int(before) if text.startswith("-") else int(before)
    if year > 0:
        return f"{year:04d}-{rest}{zone}"
    return f"{1 - year:04d}-{rest} (BC){zone}"


def _interval(months: int, days: int, nanoseconds: int) -> str:
    years, months = int(months / 12), months - 12 * int(months / 12)
    parts = [
        f"{number} {word}{'' if abs(number) == 1 else 's'}"
        for number, word in ((years, "year"), (months, "month"), (days, "day"))
        if number
    ]
    if nanoseconds or not parts:
        seconds, microseconds = divmod(abs(nanoseconds) // 1_000, 1_000_000)
        sign = "-" if nanoseconds < 0 else ""
        clock = f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        parts.append(f"{clock}.{microseconds:06d}".rstrip("0") if microseconds else clock)
    return " ".join(parts)
