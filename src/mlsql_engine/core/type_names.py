"""Arrow's types by the names that Spark SQL gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsql_sdk.type_names import type_name

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["is_number", "type_name"]


def is_number(kind: pa.DataType) -> bool:
    """Whether arithmetic can be done with it."""
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
