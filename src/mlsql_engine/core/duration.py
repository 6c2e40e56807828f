"""Lengths of time as users write them: `30` and `30s`, `500ms`, `10m`, `2h`, `1d`."""

from __future__ import annotations

import re
from typing import NewType

Duration = NewType("Duration", float)
"""Seconds."""

_FORM = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?\s*\Z")
_SECONDS = {None: 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_duration(text: str) -> Duration:
    """Seconds of a duration's text. Raises ValueError for anything else, and for nothing at all."""
    found = _FORM.match(text)
    if found is None:
        raise ValueError(text)
    seconds = float(found.group(1)) * _SECONDS[found.group(2)]
    if seconds <= 0:
        raise ValueError(text)
    return Duration(seconds)


def shown_duration(seconds: float) -> str:
    """A length of time as users write it, in the largest unit of which it is a whole number."""
    for unit in ("d", "h", "m"):
        if seconds >= _SECONDS[unit] and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:g}{unit}"
    return f"{seconds:g}s"
