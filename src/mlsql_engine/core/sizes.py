"""Amounts of memory as users write and read them: `500m`, `2 GB`, `1.5g`, `1048576`."""

from __future__ import annotations

import re
from typing import NewType

Size = NewType("Size", int)
"""Bytes."""

_FORM = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:(k|m|g|t)?i?b?)\s*\Z", re.IGNORECASE | re.ASCII)
_UNITS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}


def parse_size(text: str) -> Size:
    """Bytes of a size's text; k, m, g and t are powers of 1,024. Raises ValueError for anything else, and for 0."""
    found = _FORM.match(text)
    if found is None:
        raise ValueError(text)
    size = int(float(found.group(1)) * (1 << _UNITS[(found.group(2) or "").lower()]))
    if size <= 0:
        raise ValueError(text)
    return Size(size)


def shown_size(size: int) -> str:
    """A number of bytes as people read it: `512 MiB`, `1.5 GiB`."""
    for unit, shift in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if size >= 1 << shift:
            return f"{size / (1 << shift):.4g} {unit}"
    return f"{size} bytes"
