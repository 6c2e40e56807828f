"""Rows as text that is read on a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from mlsql_engine.core.vectors import PUBLIC_FIELDS, SPARSE

if TYPE_CHECKING:
    import pyarrow as pa

WIDEST_CELL = 72


def render(schema: pa.Schema, rows: Sequence[Iterable[Any]]) -> str:
    """A table with column names and a line between; numbers to the right, long values cut."""
    import pyarrow as pa
    from tabulate import tabulate

    numbers = [
        pa.types.is_integer(field.type) or pa.types.is_floating(field.type) or pa.types.is_decimal(field.type)
        for field in schema
    ]
    return tabulate(
        [[cell(value) for value in row] for row in rows],
        headers=[_clip(name) for name in schema.names],
        tablefmt="simple",
        colalign=["right" if number else "left" for number in numbers] if rows else None,
        disable_numparse=True,
    )


def cell(value: Any) -> str:
    """One value on one line: NULL, true, a vector as Spark's JSON, other nested values as JSON."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return _clip("0x" + value.hex())
    if isinstance(value, dict | list):
        return _clip(json.dumps(_plain(value), default=str, ensure_ascii=False, separators=(",", ":")))
    return _clip(str(value))


def _plain(value: Any) -> Any:
    """A vector without the fields that its kind does not have, and maps as objects."""
    if isinstance(value, list):
        if value and all(isinstance(item, tuple) and len(item) == 2 for item in value):
            return {str(key): _plain(item) for key, item in value}
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        if tuple(value) == PUBLIC_FIELDS and value["type"] != SPARSE:
            return {"type": value["type"], "values": value["values"]}
        return {key: _plain(item) for key, item in value.items()}
    return value


def _clip(text: str) -> str:
    line = text.replace("\r", "").replace("\n", "\\n").replace("\t", "\\t")
    return line if len(line) <= WIDEST_CELL else line[: WIDEST_CELL - 1] + "…"
