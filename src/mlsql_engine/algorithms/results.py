"""The table that train gives: one row per parameter group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsql_engine.core.arrow_rows import arrow_table, entries, timestamp
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


def result_table(version: ModelVersion) -> pa.Table:
    """The groups of a version as that table; modelPath is absolute, and NULL where the group failed."""
    rows: list[dict[str, object]] = [
        {
            "modelPath": str(version.model_path(group)) if group.status == "success" else None,
            "algIndex": group.alg_index,
            "alg": group.alg,
            "score": group.score,
            "metrics": entries(group.metrics),
            "status": group.status,
            "message": group.message,
            "startTime": timestamp(group.start_time),
            "endTime": timestamp(group.end_time),
            "trainParams": entries(without_secrets(group.train_params)),
            "execDesc": group.exec_desc,
        }
        for group in version.manifest.groups
    ]
    return arrow_table(rows, schema())
