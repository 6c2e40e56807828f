"""The columns of a call in the types and shapes that a script's function asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import accepted, signatures, values, vectors
from .signatures import Annotation

if TYPE_CHECKING:
    import pyarrow as pa


def of_type(column: pa.Array, annotation: Annotation, argument: str) -> pa.Array:
    """The column in the type that the annotation names; `argument` is what errors call it. See `accepted.cast`."""
    return column if annotation.kind is None else accepted.cast(column, annotation.kind, argument, "annotated")


def in_shape(column: pa.Array, shape: str) -> Any:
    """The column as the container that the function asks for."""
    import pyarrow as pa

    kind = column.type
    if shape == signatures.ARROW:
        return column
    if shape == signatures.CHUNKED:
        return pa.chunked_array([column])
    if pa.types.is_decimal(kind):
        column = column.cast(pa.float64())
    if shape == signatures.NUMPY:
        return vectors.to_matrix(column) if vectors.is_vector_type(kind) else column.to_numpy(zero_copy_only=False)
    if pa.types.is_nested(kind):
        import pandas as pd

        return pd.Series(values.to_python(column), dtype=object)
    return column.to_pandas()
