"""The columns of a call in the types and shapes that a script's function asks for, and its answers as a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import signatures, type_names, values, vectors
from .failures import ContractError
from .signatures import Annotation
from .type_names import type_name

if TYPE_CHECKING:
    import pyarrow as pa

_LONGEST_SHOWN = 80


def of_type(column: pa.Array, annotation: Annotation, argument: str) -> pa.Array:
    """The column in the type that the annotation names; `argument` is what errors call it.

    A number becomes another kind of number where it is the same number. Raises ContractError where it does not.
    """
    import pyarrow as pa

    kind = annotation.kind
    if kind is None or column.type == kind or (pa.types.is_decimal(kind) and pa.types.is_decimal(column.type)):
        return column
    if not pa.types.is_null(column.type) and not _fits(column.type, kind):
        raise ContractError(
            f"{argument} is annotated as {type_name(kind)}, and the query gives it {type_name(column.type)}",
            f"cast(… as {type_name(kind)}) in the query, or change the annotation",
        )
    try:
        return column.cast(kind)
    except pa.ArrowInvalid as error:
        raise ContractError(f"{argument} is annotated as {type_name(kind)}: {error}") from None


def _fits(given: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether values of one type are values of the other."""
    import pyarrow as pa

    test = pa.types
    if given == wanted:
        return True
    if vectors.is_vector_type(given) or vectors.is_vector_type(wanted):
        return vectors.is_vector_type(given) and vectors.is_vector_type(wanted)
    if type_names.is_list(given) and type_names.is_list(wanted):
        return _fits(given.value_type, wanted.value_type)
    if test.is_map(given) and test.is_map(wanted):
        return _fits(given.key_type, wanted.key_type) and _fits(given.item_type, wanted.item_type)
    if test.is_struct(given) and test.is_struct(wanted):
        pairs = list(zip(given, wanted))
        same_names = [field.name for field in given] == [field.name for field in wanted]
        return same_names and all(_fits(one.type, other.type) for one, other in pairs)
    families = (
        (test.is_integer, test.is_floating, test.is_decimal),
        (test.is_string, test.is_large_string),
        (test.is_binary, test.is_large_binary),
        (test.is_timestamp,),
        (test.is_null,),
    )
    return any(any(is_a(given) for is_a in family) and any(is_a(wanted) for is_a in family) for family in families)


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
    if not pa.types.is_null(answer.type) and not _fits(answer.type, kind):
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
