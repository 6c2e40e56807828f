"""What the rows of a request are as arguments of a function."""

from __future__ import annotations

import base64
import binascii
from array import array
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from mlsql_engine.core.errors import BadValue, InternalError
from mlsql_engine.serving.inputs import Inputs, Values
from mlsql_engine.serving.parts import Part
from mlsql_engine.serving.scoring.frames import Frame, column, wrong

_FEW = 512


def part(frame: Frame, inputs: Inputs) -> Part:
    """The rows of a request. Raises MlsqlError where they are not what the function takes.

    Where both have names, columns go by them, and what the function does not take is left out, as MLflow does.
    Else they go in order.
    """
    if frame.columns is not None:
        return _columns({name: frame.columns[name] for name in inputs.among(frame.columns)}, inputs)
    if frame.rows is None:
        raise InternalError("a frame of neither rows nor columns")
    rows: Sequence[list[Any]] = frame.rows
    names = frame.names
    if names is not None and inputs.named:
        wanted = inputs.among(names)
        rows, names = _chosen(rows, names, wanted), wanted
    width = len(rows[0]) if rows else len(names or ())
    if not width:
        raise wrong("the rows have no values" if rows else "the body has no rows")
    if frame.doubles and inputs.takes_matrix(width) and (inputs.packed or names is None):
        return inputs.matrix(_flat(rows), width, len(rows))
    if names is not None:
        return _by_columns(rows, names, inputs)
    return _nameless(rows, width, inputs)


def _chosen(rows: Sequence[list[Any]], names: Sequence[str], wanted: list[str]) -> Sequence[list[Any]]:
    """The values of the wanted columns, in their order."""
    if list(names) == wanted:
        return rows
    found = {name: place for place, name in enumerate(names)}
    places = [found[name] for name in wanted]
    return [[row[place] for place in places] for row in rows]


def _nameless(rows: Sequence[list[Any]], width: int, inputs: Inputs) -> Part:
    """Rows of lists are tensors, other rows are the only argument where that is an array, else the arguments."""
    nested = bool(rows) and isinstance(rows[0][0], list)
    if nested and inputs.packed:
        return _tensor(rows, inputs)
    if not nested and len(inputs.places) == 1 and inputs.places[0].is_array:
        return inputs.columns({inputs.places[0].name: column(inputs.places[0].name, rows)})
    return _by_columns(rows, inputs.names(width), inputs)


def _by_columns(rows: Sequence[list[Any]], names: Sequence[str], inputs: Inputs) -> Part:
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return _columns({name: column(name, values) for name, values in zip(names, columns, strict=True)}, inputs)


def _columns(columns: Mapping[str, pa.Array], inputs: Inputs) -> Part:
    return inputs.columns({name: _bytes(values, name, inputs) for name, values in columns.items()})


def _flat(rows: Sequence[Sequence[float]]) -> Values:
    if len(rows) == 1 and isinstance(rows[0], list):
        return rows[0]
    flat = array("d", chain.from_iterable(rows))
    return flat.tolist() if len(flat) <= _FEW else np.frombuffer(flat)


def _tensor(rows: Sequence[Sequence[Any]], inputs: Inputs) -> Part:
    """Rows of matrices and higher tensors, flattened row by row."""
    try:
        made = np.array(rows, np.float64)
    except (TypeError, ValueError) as error:
        raise BadValue(f"the rows are no tensor: {error}", code="REQUEST") from None
    return inputs.matrix(made.ravel(), made[0].size, len(made))


def _bytes(values: pa.Array, name: str, inputs: Inputs) -> pa.Array:
    """Text as the bytes that it stands for in base64, where the function takes bytes, as MLflow does."""
    if not inputs.takes_binary(name) or not pa.types.is_string(values.type):
        return values
    try:
        decoded = [None if text is None else base64.b64decode(text, validate=True) for text in values.to_pylist()]
    except (binascii.Error, ValueError):
        raise BadValue(f"the column '{name}' is bytes, and has a text that is no base64", code="REQUEST") from None
    return pa.array(decoded, pa.binary())
