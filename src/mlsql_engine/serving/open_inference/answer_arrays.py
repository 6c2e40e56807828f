"""Answers that no tensor has as they are: vectors and arrays as rows of numbers, nested values as text."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlsql_engine.core.errors import DataProblem
from mlsql_engine.serving.open_inference.datatypes import Datatype
from mlsql_engine.serving.plain_values import plain
from mlsql_sdk import vectors

_MOST_NUMBERS: Final = 1 << 24
_JSON: Final = msgspec.json.Encoder()


def rows_of(array: pa.Array, datatype: Datatype) -> tuple[pa.Array, list[int]]:
    """The flat values of vectors or arrays of one length, and their shape [n, k]; NaN where a row is NULL.

    Raises DataProblem for rows of different lengths, and for a NULL row that is not of floating point.
    """
    if vectors.is_vector_type(array.type):
        return _vectors(array)
    lengths = pc.unique(pc.list_value_length(array).drop_null()).to_pylist()
    if len(lengths) > 1:
        raise _ragged(sorted(lengths))
    width = lengths[0] if lengths else 0
    flat = array.flatten()
    if not array.null_count:
        return flat, [len(array), width]
    if datatype.element is not float:
        raise DataProblem(
            f"an answer is NULL, and a tensor of rows of {datatype.name} has none",
            code="ANSWER",
            hint="POST /model/predict answers with JSON that has",
        )
    made = np.full((len(array), width), np.nan, datatype.little)
    made[array.is_valid().to_numpy(zero_copy_only=False)] = flat.to_numpy(zero_copy_only=False).reshape(-1, width)
    return pa.array(made.ravel()), [len(array), width]


def _vectors(array: pa.StructArray) -> tuple[pa.Array, list[int]]:
    widest = pc.max(array.field("size")).as_py() or 0
    if widest * len(array) > _MOST_NUMBERS:
        raise DataProblem(
            f"{len(array)} sparse vectors of size {widest} are too many numbers for a tensor", code="ANSWER"
        )
    try:
        made = vectors.to_matrix(array, "nan")
    except ValueError as error:
        raise DataProblem(f"the answers are no tensor: {error}", code="ANSWER", hint=_ELSE) from None
    return pa.array(made.ravel()), list(made.shape)


_ELSE: Final = "POST /model/predict answers with rows of any length"


def _ragged(lengths: list[int]) -> DataProblem:
    told = ", ".join(map(str, lengths[:5]))
    return DataProblem(f"the answers are arrays of different lengths: {told}", code="ANSWER", hint=_ELSE)


def texts(array: pa.Array) -> list[str | None]:
    """The values as text: strings as they are, nested values as JSON. Raises DataProblem for other bytes."""
    kind = array.type
    values = array.to_pylist()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return values  # type: ignore[no-any-return]
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return [None if value is None else _text(value) for value in values]
    if pa.types.is_nested(kind):
        return [None if value is None else _JSON.encode(plain(value, kind)).decode() for value in values]
    return [None if value is None else str(value) for value in values]


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise DataProblem(
            "an answer is of bytes that are no UTF-8 text, which JSON has not",
            code="ANSWER",
            hint="ask for the output as binary data: parameters: {binary_data_output: true}",
        ) from None
