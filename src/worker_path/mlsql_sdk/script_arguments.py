"""The columns of a call in the types and shapes that a script's function asks for, and its answers as a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import accepted, signatures, values, vectors
from .failures import ContractError
from .signatures import Annotation
from .type_names import type_name

if TYPE_CHECKING:
    import pyarrow as pa

_LONGEST_SHOWN = 80


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


def answer_column(answer: Any, rows: int, kind: pa.DataType, called: str) -> pa.Array:
    """What a function of columns returned: `rows` values of the declared type. Raises ContractError."""
    import pyarrow as pa

    if isinstance(answer, pa.ChunkedArray):
        answer = answer.combine_chunks()
    if isinstance(answer, (str, bytes, dict)) or not hasattr(answer, "__len__"):
        raise ContractError(f"{called} returned {shown(answer)}, not one value for each row")
    if len(answer) != rows:
        raise ContractError(f"{called} returned {len(answer)} values for {rows} rows")
    if isinstance(answer, pa.Array):
        return _cast_answer(answer, kind, called)
    if type(answer).__name__ == "ndarray":
        if answer.ndim == 2 and vectors.is_vector_type(kind):
            return vectors.from_matrix(answer)
        if answer.ndim == 1 and answer.dtype != object:
            return _cast_answer(pa.array(answer), kind, called)
    elif hasattr(answer, "to_numpy"):  # pandas, for whom NaN is NULL
        plain = pa.Array.from_pandas(answer) if answer.dtype != object else None
        if plain is not None:
            return _cast_answer(plain, kind, called)
        missing = answer.isna().tolist()
        answer = [None if gone else value for value, gone in zip(answer.tolist(), missing)]
    return answer_rows(list(answer), kind, called)


def _cast_answer(answer: pa.Array, kind: pa.DataType, called: str) -> pa.Array:
    import pyarrow as pa

    if answer.type == kind:
        return answer
    if not accepted.fits(answer.type, kind):
        raise ContractError(
            f"{called} returned values of type {type_name(answer.type)}, and its type is {type_name(kind)}"
        )
    try:
        return answer.cast(kind)
    except pa.ArrowInvalid:
        # Row by row, so that the error names the row.
        return answer_rows(values.to_python(answer), kind, called)


def answer_rows(answers: list[Any], kind: pa.DataType, called: str) -> pa.Array:
    """What a function returned row by row. Raises ContractError, which carries the row's place as `mlsql_row`."""
    try:
        return values.to_arrow(answers, kind)
    except values.UnfitError as error:
        problem = ContractError(f"{called} returned {shown(error.value)}, which is no {type_name(kind)}: {error}")
        problem.mlsql_row = error.place  # type: ignore[attr-defined]
        raise problem from None


def shown(value: Any) -> str:
    """A value in an error: on one line, and not too long."""
    text = " ".join(repr(value).split("\n"))
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."
