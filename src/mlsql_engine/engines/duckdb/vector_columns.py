"""Vectors on their way in and out of DuckDB: hidden field names inside, Spark's outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from mlsql_engine.core import vectors
from mlsql_engine.engines.duckdb.quoting import identifier

if TYPE_CHECKING:
    import duckdb

_HIDDEN = list(vectors.FIELDS)
_SHOWN = dict(zip(vectors.FIELDS, vectors.PUBLIC_FIELDS, strict=True))


def is_hidden_vector(kind: pa.DataType) -> bool:
    """Whether an Arrow type is a vector as DuckDB holds it."""
    return pa.types.is_struct(kind) and [field.name for field in kind] == _HIDDEN


def public_type(kind: pa.DataType) -> pa.DataType:
    """The type with every vector in it under its public field names."""
    if pa.types.is_struct(kind):
        rename = _SHOWN if is_hidden_vector(kind) else {}
        return pa.struct(
            [
                field.with_name(rename.get(field.name, field.name)).with_type(public_type(field.type))
                for field in kind
            ]
        )
    if pa.types.is_map(kind):
        return pa.map_(public_type(kind.key_type), public_type(kind.item_type))
    if pa.types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(public_type(kind.value_type)))
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(public_type(kind.value_type)))
    return kind


def public_schema(schema: pa.Schema) -> pa.Schema:
    """The schema that others see."""
    return pa.schema([field.with_type(public_type(field.type)) for field in schema])


def relabel(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The same memory under a schema that differs only in field names (Arrow C data interface)."""
    if batch.schema == schema and batch.schema.equals(schema, check_metadata=True):
        return batch
    _, array = batch.__arrow_c_array__()
    return pa.RecordBatch._import_from_c_capsule(schema.__arrow_c_schema__(), array)


def from_public(column: str) -> str:
    """SQL that turns a struct with the public field names into a vector."""
    name = identifier(column)
    packed = ", ".join(
        f"'{hidden}': {name}.{identifier(shown)}"
        for hidden, shown in zip(vectors.FIELDS, vectors.PUBLIC_FIELDS, strict=True)
    )
    return f"CASE WHEN {name} IS NULL THEN NULL ELSE {{{packed}}}::{vectors.DUCKDB_TYPE} END AS {name}"


def is_public_vector(kind: duckdb.sqltypes.DuckDBPyType) -> bool:
    """Whether a DuckDB type is a vector as other programs write it to a parquet file."""
    if kind.id != "struct":
        return False
    children = [(name, str(child)) for name, child in kind.children]
    return children == [
        ("type", "TINYINT"),
        ("size", "INTEGER"),
        ("indices", "INTEGER[]"),
        ("values", "DOUBLE[]"),
    ]


def to_public(expression: str, kind: pa.DataType) -> str:
    """SQL for a value with its vectors as structs of the public names (parquet, arrow)."""

    def as_struct(vector: str) -> str:
        packed = ", ".join(f"'{shown}': {vector}.{identifier(hidden)}" for hidden, shown in _SHOWN.items())
        return f"CASE WHEN {vector} IS NULL THEN NULL ELSE {{{packed}}} END"

    return _convert(expression, kind, as_struct)


def to_json(expression: str, kind: pa.DataType) -> str:
    """SQL for a value with its vectors as Spark's JSON of them (json, csv)."""

    def as_json(vector: str) -> str:
        size, indices, values = (f"{vector}.{identifier(name)}" for name in vectors.FIELDS[1:])
        sparse = f"to_json({{'type': 0, 'size': {size}, 'indices': {indices}, 'values': {values}}})"
        dense = f"to_json({{'type': 1, 'values': {values}}})"
        kind_of = f"{vector}.{identifier(vectors.TYPE)}"
        return f"CASE WHEN {vector} IS NULL THEN NULL WHEN {kind_of} = 0 THEN {sparse} ELSE {dense} END"

    return _convert(expression, kind, as_json)


def _convert(expression: str, kind: pa.DataType, vector: _Conversion, depth: int = 0) -> str:
    """Apply a conversion to every vector inside a value of the type; other values stay as they are."""
    if is_hidden_vector(kind):
        return vector(expression)
    if public_type(kind) == kind:
        return expression
    if pa.types.is_struct(kind):
        packed = ", ".join(
            f"{identifier(field.name)} := "
            + _convert(f"{expression}.{identifier(field.name)}", field.type, vector, depth + 1)
            for field in kind
        )
        return f"CASE WHEN {expression} IS NULL THEN NULL ELSE struct_pack({packed}) END"
    if pa.types.is_list(kind):
        item = f"item_{depth}"
        return f"list_transform({expression}, lambda {item}: {_convert(item, kind.value_type, vector, depth + 1)})"
    return expression


if TYPE_CHECKING:
    from collections.abc import Callable

    _Conversion = Callable[[str], str]
