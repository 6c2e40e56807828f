"""What a predictor or a script's function returned, as an Arrow array of the declared type.

It has a value for each row: an Arrow array, a numpy array or matrix, a series or frame of pandas, a sparse matrix
of SciPy, or a list. A NaN in a series of pandas is NULL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from . import accepted, values, vectors
from .failures import ContractError
from .type_names import type_name

if TYPE_CHECKING:
    import pyarrow as pa

    Cast = Callable[[pa.Array, pa.DataType, str], pa.Array]

_LONGEST_SHOWN = 80


def predicted(answer: Any, rows: int, kind: pa.DataType, called: str = "predict") -> pa.Array:
    """The answer of a model, cast to the type where Arrow can.

    Raises ContractError where it has another length or does not fit; where a single value does not, the error has
    its row's place as `mlsql_row`.
    """
    return _column(answer, (rows, kind, called), _cast)


def computed(answer: Any, rows: int, kind: pa.DataType, called: str) -> pa.Array:
    """The answer of a script's function of columns, which has to be of the type, or another kind of number."""
    return _column(answer, (rows, kind, called), _cast_what_fits)


def by_rows(answers: list[Any], kind: pa.DataType, called: str) -> pa.Array:
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


def _column(answer: Any, wanted: tuple[int, pa.DataType, str], cast: Cast) -> pa.Array:
    import numpy as np
    import pyarrow as pa

    rows, kind, called = wanted
    if isinstance(answer, pa.ChunkedArray):
        answer = answer.combine_chunks()
    _check_length(answer, rows, called)
    if isinstance(answer, np.ndarray):
        return _of_array(answer, wanted, cast)
    if isinstance(answer, pa.Array):
        return cast(answer, kind, called)
    if hasattr(answer, "tocsr"):
        return (
            vectors.from_matrix(answer)
            if vectors.is_vector_type(kind)
            else _of_array(answer.toarray(), wanted, cast)
        )
    if hasattr(answer, "to_numpy"):
        return _of_pandas(answer, wanted, cast)
    return by_rows(list(answer), kind, called)


def _check_length(answer: Any, rows: int, called: str) -> None:
    shape = getattr(answer, "shape", None)  # a sparse matrix has no len()
    if shape is None:
        single = isinstance(answer, (str, bytes, dict)) or not hasattr(answer, "__len__")
        count = None if single else len(answer)
    else:
        count = shape[0] if shape else None
    if count is None:
        raise ContractError(f"{called} returned {shown(answer)}, not one value for each row")
    if count != rows:
        raise ContractError(f"{called} returned {count} values for {rows} rows")


def _of_array(answer: Any, wanted: tuple[int, pa.DataType, str], cast: Cast) -> pa.Array:
    import pyarrow as pa

    _, kind, called = wanted
    if answer.ndim == 2:
        if vectors.is_vector_type(kind) and answer.dtype.kind in "biuf":
            return vectors.from_matrix(answer)
        if answer.shape[1] == 1 and not pa.types.is_nested(kind):
            answer = answer.ravel()
    if answer.ndim > 1 or answer.dtype.kind not in "biufSUM":
        return by_rows(answer.tolist(), kind, called)
    return cast(pa.array(answer), kind, called)


def _of_pandas(answer: Any, wanted: tuple[int, pa.DataType, str], cast: Cast) -> pa.Array:
    """A series or an index, for which NaN is NULL; or a frame, whose columns are a struct's fields or a matrix."""
    import pyarrow as pa

    rows, kind, called = wanted
    if hasattr(answer, "columns"):
        if not pa.types.is_struct(kind) or vectors.is_vector_type(kind):
            return _of_array(answer.to_numpy(), wanted, cast)
        lacking = [field.name for field in kind if field.name not in answer.columns]
        if lacking:
            raise ContractError(f"{called} returned a frame without the column '{lacking[0]}' of {type_name(kind)}")
        parts = [_column(answer[field.name], (rows, field.type, called), cast) for field in kind]
        return pa.StructArray.from_arrays(parts, fields=list(kind))
    if answer.dtype != object:
        made = pa.Array.from_pandas(answer)
        return cast(made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made, kind, called)
    missing = answer.isna().tolist()
    return by_rows([None if gone else value for value, gone in zip(answer.tolist(), missing)], kind, called)


def _cast(answer: pa.Array, kind: pa.DataType, called: str) -> pa.Array:
    import pyarrow as pa

    if answer.type == kind:
        return answer
    if pa.types.is_integer(answer.type) and pa.types.is_floating(kind):
        return answer.cast(kind, safe=False)  # to the nearest one, as SQL has it
    if vectors.is_vector_type(kind):
        return by_rows(values.to_python(answer), kind, called)
    try:
        return answer.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        # Row by row, so that the error names the row.
        return by_rows(values.to_python(answer), kind, called)


def _cast_what_fits(answer: pa.Array, kind: pa.DataType, called: str) -> pa.Array:
    if not accepted.fits(answer.type, kind):
        raise ContractError(
            f"{called} returned values of type {type_name(answer.type)}, and its type is {type_name(kind)}"
        )
    return _cast(answer, kind, called)
