"""The binary form of BYTES tensors: each element after its length, four bytes, little-endian."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

from mlsql_engine.core.errors import BadValue

_LENGTH: Final = struct.Struct("<I")


def read(name: str, data: memoryview) -> list[bytes]:
    """The elements of the input of that name. Raises BadValue where they do not fill the data exactly."""
    found = []
    place, end = 0, data.nbytes
    while place < end:
        if end - place < _LENGTH.size:
            raise BadValue(f"the input '{name}' ends within the length of an element", code="REQUEST")
        start = place + _LENGTH.size
        place = start + _LENGTH.unpack_from(data, place)[0]
        if place > end:
            raise BadValue(
                f"the input '{name}' has an element of {place - start} bytes, and {end - start} are left",
                code="REQUEST",
                hint="each element of BYTES follows its length, four bytes, little-endian",
            )
        found.append(bytes(data[start:place]))
    return found


def write(elements: Iterable[bytes]) -> bytes:
    """The elements, each after its length."""
    return b"".join(piece for element in elements for piece in (_LENGTH.pack(len(element)), element))
