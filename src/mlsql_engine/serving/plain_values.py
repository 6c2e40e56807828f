"""Answers as JSON has them: objects for maps and structs, arrays for vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from mlsql_sdk import vectors


def plain(value: Any, kind: pa.DataType) -> Any:
    """A value of a type of Arrow's, as Python has it, as JSON has it."""
    if value is None or not pa.types.is_nested(kind):
        return value
    if vectors.is_vector_type(kind):
        return _numbers(value)
    if pa.types.is_map(kind):
        return {str(key): plain(item, kind.item_type) for key, item in value}
    if pa.types.is_struct(kind) and isinstance(value, Mapping):
        return {field.name: plain(value[field.name], field.type) for field in kind}
    return [plain(item, kind.value_type) for item in value]


def _numbers(vector: Mapping[str, Any]) -> list[float]:
    """All numbers of a vector, those that a sparse one leaves out among them."""
    if vector["indices"] is None:
        return list(vector["values"])
    made = [0.0] * vector["size"]
    for index, value in zip(vector["indices"], vector["values"], strict=True):
        made[index] = value
    return made
