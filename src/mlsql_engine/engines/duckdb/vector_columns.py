"""Vectors on their way in and out of DuckDB: hidden field names inside, Spark's outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from mlsql_engine.core import vectors
from mlsql_engine.engines.quoting import identifier

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


def size(batch: pa.RecordBatch) -> int:
    """The bytes that the rows of a batch take; where Arrow cannot tell, those of its buffers."""
    try:
        return int(batch.nbytes)
    except (pa.ArrowNotImplementedError, pa.ArrowTypeError):
        return int(batch.get_total_buffer_size())


def is_public_vector(kind: pa.DataType) -> bool:
    """Whether an Arrow type is a vector as other programs write it to a parquet file."""
    fields = [(field.name, field.type) for field in kind] if pa.types.is_struct(kind) else []
    lists = all(pa.types.is_list(item) for _, item in fields[2:])
    return (
        [name for name, _ in fields] == list(vectors.PUBLIC_FIELDS)
        and lists
        and (fields[0][1], fields[1][1]) == (pa.int8(), pa.int32())
        and (fields[2][1].value_type, fields[3][1].value_type) == (pa.int32(), pa.float64())
    )


def with_hidden_names(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows for DuckDB, whose columns of vectors have their hidden field names."""
    kinds = [
        pa.struct([field.with_name(hidden) for field, hidden in zip(kind, _HIDDEN, strict=True)])
        if is_public_vector(kind)
        else kind
        for kind in batch.schema.types
    ]
    fields = [field.with_type(kind) for field, kind in zip(batch.schema, kinds, strict=True)]
    return relabel(batch, pa.schema(fields))


def from_public(expression: str, kind: pa.DataType) -> str:
    """SQL for a value of a parquet file, with the structs of the public field names as vectors.

    It is the expression itself where there are none.
    """

    def as_vector(struct: str) -> str:
        packed = ", ".join(
            f"'{hidden}': {struct}.{identifier(shown)}"
            for hidden, shown in zip(vectors.FIELDS, vectors.PUBLIC_FIELDS, strict=True)
        )
        return f"CASE WHEN {struct} IS NULL THEN NULL ELSE {{{packed}}}::{vectors.DUCKDB_TYPE} END"

    return _convert(expression, kind, _Conversion(is_public_vector, as_vector))


def to_public(expression: str, kind: pa.DataType) -> str:
    """SQL for a value with its vectors as structs of the public names (parquet, arrow)."""

    def as_struct(vector: str) -> str:
        packed = ", ".join(f"'{shown}': {vector}.{identifier(hidden)}" for hidden, shown in _SHOWN.items())
        return f"CASE WHEN {vector} IS NULL THEN NULL ELSE {{{packed}}} END"

    return _convert(expression, kind, _Conversion(is_hidden_vector, as_struct))


def to_json(expression: str, kind: pa.DataType) -> str:
    """SQL for a value with its vectors as Spark's JSON of them (json, csv)."""

    def as_json(vector: str) -> str:
        size, indices, values = (f"{vector}.{identifier(name)}" for name in vectors.FIELDS[1:])
        sparse = f"to_json({{'type': 0, 'size': {size}, 'indices': {indices}, 'values': {values}}})"
        dense = f"to_json({{'type': 1, 'values': {values}}})"
        kind_of = f"{vector}.{identifier(vectors.TYPE)}"
        return f"CASE WHEN {vector} IS NULL THEN NULL WHEN {kind_of} = 0 THEN {sparse} ELSE {dense} END"

    return _convert(expression, kind, _Conversion(is_hidden_vector, as_json))


@dataclass(frozen=True)
class _Conversion:
    """What is a vector, and the SQL that makes something else of one."""

    found: Callable[[pa.DataType], bool]
    convert: Callable[[str], str]


def _convert(expression: str, kind: pa.DataType, vector: _Conversion, depth: int = 0) -> str:
    """Apply a conversion to every vector inside a value of the type; other values stay as they are."""
    if vector.found(kind):
        return vector.convert(expression)
    item = f"item_{depth}"
    if pa.types.is_struct(kind):
        parts = [(field.name, f"{expression}.{identifier(field.name)}", field.type) for field in kind]
    elif pa.types.is_map(kind):
        parts = [("key", f"{item}.key", kind.key_type), ("value", f"{item}.value", kind.item_type)]
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        parts = [("", item, kind.value_type)]
    else:
        return expression
    converted = [(name, old, _convert(old, inner, vector, depth + 1)) for name, old, inner in parts]
    if all(old == new for _, old, new in converted):
        return expression
    packed = f"struct_pack({', '.join(f'{identifier(name)} := {new}' for name, _, new in converted)})"
    if pa.types.is_struct(kind):
        return f"CASE WHEN {expression} IS NULL THEN NULL ELSE {packed} END"
    if pa.types.is_map(kind):
        return f"map_from_entries(list_transform(map_entries({expression}), lambda {item}: {packed}))"
    return f"list_transform({expression}, lambda {item}: {converted[0][2]})"
