"""A block's columns as numpy arrays: features as float64, labels as what they are.

numpy's view of Arrow's memory is taken by hand, since pyarrow's own conversion imports pandas.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from . import vectors
from .failures import ContractError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, Any]


class ArrowBlock:
    """Some rows of the data in an Arrow record batch."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch
        self.rows = int(batch.num_rows)

    def feature(self, name: str) -> Array:
        """The column as float64: (rows,) of numbers, (rows, width) of vectors or arrays; NaN where NULL."""
        return feature(self._column(name), name)

    def filled(self, name: str) -> float:
        """The share of a column's cells that it stores; 1 unless it is a column of sparse vectors."""
        column = self._column(name)
        if not vectors.is_vector_type(column.type):
            return 1.0
        import pyarrow.compute as pc

        sizes = pc.sum(column.field("size")).as_py()
        return len(column.field("values").flatten()) / sizes if sizes else 1.0

    def width(self, name: str) -> int:
        """How many features the column's sparse vectors have."""
        import pyarrow.compute as pc

        return int(pc.max(self._column(name).field("size")).as_py() or 0)

    def sparse(self, name: str) -> Any:
        """A column of vectors as a CSR matrix. Raises ContractError where one is NULL."""
        column = self._column(name)
        if column.null_count:
            raise ContractError(
                f"the column '{name}' has NULLs among its sparse vectors",
                f"leave those rows out: select * from … where {name} is not null",
            )
        return vectors.to_csr(column)

    def label(self, name: str) -> tuple[Array, int]:
        """The column's values and how many of them are NULL. See `label`."""
        return label(self._column(name))

    def _column(self, name: str) -> Any:
        return self._batch.column(self._batch.schema.get_field_index(name))


def feature(column: Any, name: str) -> Array:
    """See ArrowBlock.feature. Raises ContractError when the column holds no numbers."""
    import pyarrow as pa

    kind = column.type
    if vectors.is_vector_type(kind):
        return vectors.to_matrix(column, null_rows="nan")
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _lists(column, name)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _from_text(column, name)
    if not _is_number(kind):
        raise ContractError(
            f"the feature column '{name}' is {kind}, and an estimator takes numbers",
            "make numbers of it, or name the feature columns by fitParam.0.featureCol",
        )
    return numbers(column)


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    test = pa.types
    return bool(
        test.is_floating(kind)
        or test.is_integer(kind)
        or test.is_decimal(kind)
        or test.is_boolean(kind)
        or test.is_null(kind)
    )


def numbers(column: Any) -> Array:
    """Numbers or booleans as float64, NaN where NULL; Arrow's own memory where that is what it holds."""
    import numpy as np
    import pyarrow as pa

    if not len(column):
        return np.empty(0)
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    if pa.types.is_boolean(column.type):
        values = bits(column.buffers()[1], column.offset, len(column)).astype(np.float64)
    else:
        made = column if column.type == pa.float64() else column.cast(pa.float64(), safe=False)
        values = np.frombuffer(made.buffers()[1], np.float64, len(made), made.offset * 8)
    if column.null_count:
        values = np.where(valid(column), values, np.nan)
    return values


def bits(buffer: Any, offset: int, count: int) -> Array:
    """`count` bits of an Arrow bitmap as booleans."""
    import numpy as np

    whole = np.frombuffer(buffer, np.uint8)
    return np.unpackbits(whole, count=offset + count, bitorder="little")[offset:].astype(bool)


def valid(column: Any) -> Array:
    """Which values are not NULL."""
    import numpy as np

    if not column.null_count:
        return np.ones(len(column), dtype=bool)
    made = column.is_valid()
    return bits(made.buffers()[1], made.offset, len(made))


def _lists(column: Any, name: str) -> Array:
    """Arrays of one length as the rows of a matrix; a NULL row is NaN throughout."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if not _is_number(column.type.value_type):
        raise ContractError(
            f"the feature column '{name}' is {column.type}, and an estimator takes numbers",
            "make arrays of numbers of it",
        )
    lengths = pc.unique(pc.list_value_length(column).drop_null()).to_pylist()
    if len(lengths) > 1:
        raise ContractError(
            f"the arrays of the feature column '{name}' have different lengths: {sorted(lengths)[:5]}",
            "an estimator takes the same number of features in every row",
        )
    width = lengths[0] if lengths else 0
    if pa.types.is_fixed_size_list(column.type) and column.null_count:
        flat = column.drop_null().flatten()
    else:
        flat = column.flatten()  # the elements of NULL rows are left out
    inside = numbers(flat).reshape(-1, width)
    if not column.null_count:
        return inside
    matrix = np.full((len(column), width), np.nan)
    matrix[valid(column)] = inside
    return matrix


def _from_text(column: Any, name: str) -> Array:
    """Text of csv files as numbers; true and false are 1 and 0."""
    import pyarrow as pa
    import pyarrow.compute as pc

    with suppress(pa.ArrowInvalid):
        return numbers(pc.cast(column, pa.float64()))
    try:
        return numbers(pc.cast(column, pa.bool_()))
    except pa.ArrowInvalid:
        raise not_numbers(name, next(text for text in column.to_pylist() if text and not _reads(text))) from None


def _reads(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def is_missing(values: Array) -> Array:
    """Which labels stand for a NULL in what `label` gives."""
    import numpy as np

    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind == "O":
        # A block of nothing but NULLs has no texts to tell that None is meant.
        return np.array([value is None or isinstance(value, float) for value in values], dtype=bool)
    return np.zeros(len(values), dtype=bool)


def not_numbers(name: str, text: str) -> ContractError:
    """The error of a feature column that holds text."""
    shown = text if len(text) <= 40 else text[:37] + "..."
    return ContractError(
        f"the feature column '{name}' holds text ('{shown}'), and an estimator takes numbers",
        "make numbers of it, or name the feature columns by fitParam.0.featureCol",
    )


def label(column: Any) -> tuple[Array, int]:
    """Integers, floats and booleans in their own type, text as an array of str objects; and the number of NULLs.

    A NULL is NaN among numbers and booleans, which are float64 then, and None among texts.
    """
    import numpy as np
    import pyarrow as pa

    kind, missing = column.type, int(column.null_count)
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _texts(column), missing
    if not _is_number(kind):
        return column.to_numpy(zero_copy_only=False), missing
    if missing or pa.types.is_decimal(kind) or not len(column):
        return numbers(column).copy(), missing
    if pa.types.is_boolean(kind):
        return bits(column.buffers()[1], column.offset, len(column)), 0
    dtype = np.dtype(kind.to_pandas_dtype())
    values = np.frombuffer(column.buffers()[1], dtype, len(column), column.offset * dtype.itemsize)
    return values.copy(), 0  # a view would keep the whole block


def _texts(column: Any) -> Array:
    """Each text once, however many rows have it."""
    import numpy as np

    encoded = column.dictionary_encode()
    known = np.array([*encoded.dictionary.to_pylist(), None], dtype=object)
    codes = encoded.indices.fill_null(len(known) - 1)
    found: Array = known[np.frombuffer(codes.buffers()[1], np.int32, len(codes), codes.offset * 4)]
    return found
