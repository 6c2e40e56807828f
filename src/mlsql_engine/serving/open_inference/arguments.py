"""What the tensors of a request are as arguments of a function."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from mlsql_engine.serving.inputs import Inputs
from mlsql_engine.serving.open_inference.tensors import Tensor, text, wrong
from mlsql_engine.serving.parts import Part


def part(tensors: Sequence[Tensor], inputs: Inputs) -> Part:
    """The rows of a request. Raises MlsqlError where the tensors are not what the function takes.

    One tensor [n, k] of numbers is one array of numbers a row, or all features of a model; several tensors are
    columns.
    """
    first = tensors[0]
    shape = first.shape
    if len(tensors) == 1 and len(shape) > 1 and first.datatype.is_number:
        width = shape[1] if len(shape) == 2 else math.prod(shape[1:])
        if inputs.takes_matrix(width):
            values = first.values
            if not isinstance(values, list) and values.dtype != np.float64:
                values = values.astype(np.float64)
            return inputs.matrix(values, width, shape[0])
    for tensor in tensors:
        if tensor.shape[0] != shape[0]:
            raise wrong(tensor.name, f"has {tensor.shape[0]} rows, and '{first.name}' has {shape[0]}")
    return inputs.columns({tensor.name: _column(tensor, inputs) for tensor in tensors})


def _column(tensor: Tensor, inputs: Inputs) -> pa.Array:
    """The rows of a tensor as values, or as arrays where it has several for each or the function takes an array."""
    if len(tensor.shape) > 2:
        raise wrong(tensor.name, f"has the shape {text(tensor.shape)}, and a column is [n] or [n, k]")
    values = _values(tensor, inputs)
    if len(tensor.shape) == 1:
        return values
    rows, width = tensor.shape
    if width == 1 and not inputs.takes_array(tensor.name):
        return values
    return pa.ListArray.from_arrays(np.arange(rows + 1, dtype=np.int32) * width, values)


def _values(tensor: Tensor, inputs: Inputs) -> pa.Array:
    """The values as Arrow has them, without rows."""
    if tensor.datatype.is_number:
        # SQL has no half of a float.
        values = tensor.values.astype(np.float32) if tensor.datatype.name == "FP16" else tensor.values
        return pa.array(values, pa.float64() if isinstance(values, list) else None)
    try:
        if tensor.values and isinstance(tensor.values[0], bytes):
            column = pa.array(tensor.values, pa.binary())
            return column if inputs.takes_binary(tensor.name) else column.cast(pa.string())
        return pa.array(tensor.values, pa.string())
    except (pa.ArrowInvalid, UnicodeError):
        raise wrong(tensor.name, "has an element that is not UTF-8 text") from None
