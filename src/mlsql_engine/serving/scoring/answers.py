"""Answers as MLflow writes what a model gives: {"predictions": […]}, one for each row."""

from __future__ import annotations

from typing import Final

import msgspec
import pyarrow as pa

from mlsql_engine.serving.answers import Answers
from mlsql_engine.serving.plain_values import plain

_ENCODER: Final = msgspec.json.Encoder()


def write(answers: Answers, kind: pa.DataType) -> bytes:
    """The answers of a type as JSON. NULL, NaN and the infinities are null; bytes are base64."""
    values = answers.values
    if pa.types.is_nested(kind):
        values = [plain(value, kind) for value in values]
    elif pa.types.is_decimal(kind):
        values = [None if value is None else float(value) for value in values]
    return _ENCODER.encode({"predictions": values})
