"""Rows of Python as an Arrow table."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def entries(values: Mapping[str, object]) -> list[dict[str, object]]:
    """A mapping as the value of a map column."""
    return [{"key": key, "value": value} for key, value in values.items()]


def timestamp(when: datetime | None) -> str | None:
    """A time as the value of a timestamp column, to the millisecond."""
    return None if when is None else when.replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")


def arrow_table(rows: Sequence[Mapping[str, object]], columns: pa.Schema) -> pa.Table:
    """The rows as a table; times are given by `timestamp`, maps by `entries`.

    Without the import of pandas that every conversion from Python objects by pyarrow makes. Half a surrogate pair,
    which a script's text may hold and Arrow's may not, becomes a question mark.
    """
    import pyarrow as pa
    from pyarrow import json as arrow_json

    if not rows:
        return columns.empty_table()
    maps = {field.name: field.type for field in columns if pa.types.is_map(field.type)}
    read_as = pa.schema(
        [field.with_type(_entry_list(field.type)) if field.name in maps else field for field in columns]
    )
    lines = (json.dumps(row, default=str, ensure_ascii=False) for row in rows)
    text = "\n".join(lines).encode(errors="replace")
    parse = arrow_json.ParseOptions(explicit_schema=read_as)
    whole = arrow_json.ReadOptions(block_size=len(text) + 1)
    table = arrow_json.read_json(io.BytesIO(text), whole, parse).combine_chunks()
    for name, kind in maps.items():
        lists = table.column(name).chunk(0)
        pairs = lists.values
        array = pa.MapArray.from_arrays(
            lists.offsets, pairs.field("key"), pairs.field("value"), type=kind, mask=lists.is_null()
        )
        table = table.set_column(columns.get_field_index(name), columns.field(name), array)
    return table.select(columns.names)


def _entry_list(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    return pa.list_(pa.struct([("key", kind.key_type), ("value", kind.item_type)]))
