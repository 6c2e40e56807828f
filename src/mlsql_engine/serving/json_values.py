"""JSON that is read when its type is known, by decoders that are made once.

What Python's json module writes of NaN and Infinity, which is no JSON, is read too: clients in Python send it.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

import msgspec

Problem = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What reading a text may raise. A RecursionError is of one that is nested too deep."""
_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def members(content: bytes | memoryview) -> dict[str, Any]:
    """The members of an object, each for `typed`. Raises one of Problem, and ValueError."""
    try:
        return dict(_MEMBERS.decode(content))
    except msgspec.DecodeError:
        found = with_constants(bytes(content))
        if not isinstance(found, dict):
            raise
        return found


def with_constants(text: bytes) -> Any:
    """The value of a text with NaN or Infinity; None for a text without. Raises ValueError, RecursionError."""
    return json.loads(text) if b"NaN" in text or b"Infinity" in text else None


def typed(value: Any, kind: Any) -> Any:
    """The value as of a type; what `members` gave, or a part of Python's values. Raises one of Problem."""
    if isinstance(value, msgspec.Raw):
        return _decoder(kind).decode(value)
    return msgspec.convert(value, kind)


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
