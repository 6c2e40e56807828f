"""The table that train gives: one row per parameter group."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from mlsql_engine.models.manifest import without_secrets
from mlsql_engine.models.store import ModelVersion

if TYPE_CHECKING:
    import pyarrow as pa


def schema() -> pa.Schema:
    """The columns; times are UTC, metrics and trainParams are maps."""
    import pyarrow as pa

    time = pa.timestamp("ms")
    return pa.schema(
        [
            ("modelPath", pa.string()),
            ("algIndex", pa.int32()),
            ("alg", pa.string()),
            ("score", pa.float64()),
            ("metrics", pa.map_(pa.string(), pa.float64())),
            ("status", pa.string()),
            ("message", pa.string()),
            ("startTime", time),
            ("endTime", time),
            ("trainParams", pa.map_(pa.string(), pa.string())),
            ("execDesc", pa.string()),
        ]
    )


def _entries(values: Mapping[str, object]) -> list[dict[str, object]]:
    return [{"key": key, "value": value} for key, value in values.items()]


def _time(when: datetime) -> str:
    """To the millisecond, as pyarrow reads it."""
    return when.replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")


def result_table(version: ModelVersion) -> pa.Table:
    """The groups of a version as that table; modelPath is absolute."""
    rows: list[dict[str, object]] = [
        {
            "modelPath": str(version.model_path(group)),
            "algIndex": group.alg_index,
            "alg": group.alg,
            "score": group.score,
            "metrics": _entries(group.metrics),
            "status": group.status,
            "message": group.message,
            "startTime": _time(group.start_time),
            "endTime": _time(group.end_time),
            "trainParams": _entries(without_secrets(group.train_params)),
            "execDesc": group.exec_desc,
        }
        for group in version.manifest.groups
    ]
    return _table(rows, schema())


def _table(rows: list[dict[str, object]], columns: pa.Schema) -> pa.Table:
    """The rows as a table, without the import of pandas that every conversion from Python objects makes."""
    import pyarrow as pa
    from pyarrow import json as arrow_json

    entries = {field.name: field.type for field in columns if pa.types.is_map(field.type)}
    read_as = pa.schema(
        [field.with_type(_entry_list(field.type)) if field.name in entries else field for field in columns]
    )
    text = "\n".join(json.dumps(row, default=str) for row in rows).encode()
    parse = arrow_json.ParseOptions(explicit_schema=read_as)
    whole = arrow_json.ReadOptions(block_size=len(text) + 1)
    table = arrow_json.read_json(io.BytesIO(text), whole, parse).combine_chunks()
    for name, kind in entries.items():
        lists = table.column(name).chunk(0)
        pairs = lists.values
        maps = pa.MapArray.from_arrays(lists.offsets, pairs.field("key"), pairs.field("value"), type=kind)
        table = table.set_column(columns.get_field_index(name), columns.field(name), maps)
    return table.select(columns.names)


def _entry_list(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    return pa.list_(pa.struct([("key", kind.key_type), ("value", kind.item_type)]))
