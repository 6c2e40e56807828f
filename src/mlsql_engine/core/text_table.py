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


def cell(value: Any, width: int = WIDEST_CELL) -> str:
    """One value on one line of at most `width`: NULL, true, a vector as Spark's JSON, others nested as JSON."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return _clip("0x" + value.hex(), width)
    if isinstance(value, dict | list):
        text = json.dumps(_plain(value), default=str, ensure_ascii=False, separators=(",", ":"))
        return _clip(text, width)
    return _clip(str(value), width)


def _plain(value: Any) -> Any:
    """A vector without the fields that its kind does not have; maps come as dicts."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        if tuple(value) == PUBLIC_FIELDS and value["type"] != SPARSE:
            return {"type": value["type"], "values": value["values"]}
        return {str(key): _plain(item) for key, item in value.items()}
    return value


def _clip(text: str, width: int = WIDEST_CELL) -> str:
    line = text.replace("\r", "").replace("\n", "\\n").replace("\t", "\\t")
    return line if len(line) <= width else line[: width - 1] + "…"
