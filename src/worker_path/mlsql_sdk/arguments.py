"""A batch of function arguments in the shapes that predictors take.

A call's arguments are one vector, one array of numbers, several scalar columns, or one struct that stands
for its fields (`struct(*)`). A row with a NULL among them is not predicted: its result is NULL.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from . import accepted, array_columns, block_columns, call_memory, type_names, types, vectors
from .failures import ContractError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from .accepted import Accepted

# A sparse column this much wider than its entries goes to the estimator as a CSR matrix.
_DENSE_CELLS = 1 << 24
_MOST_CELLS = 1 << 28


def spread(batch: pa.RecordBatch) -> pa.RecordBatch:
    """`struct(*)` as the columns it stands for; every other batch as it is."""
    return _fields(batch) if _is_spread(batch) else batch


def _is_spread(batch: pa.RecordBatch) -> bool:
    import pyarrow as pa

    if batch.num_columns != 1:
        return False
    kind = batch.schema.field(0).type
    return pa.types.is_struct(kind) and not vectors.is_vector_type(kind)


def _fields(batch: pa.RecordBatch) -> pa.RecordBatch:
    import pyarrow as pa

    column = batch.column(0)
    if column.null_count == 0:
        return pa.RecordBatch.from_struct_array(column)
    # flatten() carries the struct's own NULLs over to its fields.
    return pa.RecordBatch.from_arrays(column.flatten(), names=[field.name for field in column.type])


class Checked:
    """Checks and shapes the batches of a function that takes `takes`, None for anything; each schema once.

    Of the batch that was shaped last, `vectors` tells whether it is one column of vectors, `arrays` whether one of
    arrays of doubles, and `numbers` whether Arrow itself may make a matrix of it.
    """

    def __init__(self, takes: Accepted | None) -> None:
        self._takes = takes
        self._schema: pa.Schema | None = None
        self._spreads = False
        self.vectors = False
        self.arrays = False
        self.numbers = False

    def spread(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with the columns that `struct(*)` stands for. Raises ContractError for what is not taken."""
        schema = batch.schema
        if self._schema is None or not schema.equals(self._schema):
            self._look_at(batch)
            self._schema = schema
        return _fields(batch) if self._spreads else batch

    def _look_at(self, batch: pa.RecordBatch) -> None:
        self._spreads = (self._takes is None or self._takes.spread) and _is_spread(batch)
        shaped = _fields(batch) if self._spreads else batch
        if self._takes is not None:
            check(shaped, self._takes)
        self.vectors = shaped.num_columns == 1 and vectors.is_vector_type(shaped.schema.field(0).type)
        self.arrays = shaped.num_columns == 1 and array_columns.is_doubles(shaped.schema.field(0).type)
        self.numbers = are_numbers(shaped)

    def check_widths(self, batch: pa.RecordBatch) -> None:
        """Raise ContractError where one vector or array holds another number of features than is taken."""
        if self._takes is not None and self._takes.most is not None and self.packed(batch):
            self.check_width(*widths(batch.column(0)))

    def packed(self, batch: pa.RecordBatch) -> bool:
        """Whether one vector or array holds all arguments."""
        if batch.num_columns != 1 or self._takes is None or not self._takes.packed:
            return False
        kind = batch.schema.field(0).type
        return vectors.is_vector_type(kind) or type_names.is_list(kind)

    def check_width(self, *found: int) -> None:
        """Raise ContractError where one of the widths is not the number of features that is taken."""
        for width in found:
            if self._takes is not None and self._takes.most is not None and width != self._takes.most:
                raise ContractError(
                    f"{self._takes.called} takes {self._takes.text}, and the query gives it {width}",
                    code=accepted.CODE,
                )

    def typed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The columns in the types that the script declares."""
        import pyarrow as pa

        if self._takes is None or self._takes.packed:
            return batch
        columns = [
            accepted.cast(column, types.parse(place.kind), f"argument {index + 1}", "declared")
            for index, (column, place) in enumerate(zip(batch.columns, self._takes.places))
        ]
        return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def check(batch: pa.RecordBatch, takes: Accepted) -> None:
    """Raise ContractError where the columns are not those that a function takes."""
    problem = takes.problem([(field.name, field.type) for field in batch.schema])
    if problem is not None:
        raise problem


def widths(column: pa.Array) -> list[int]:
    """The shortest and the longest length of vectors or arrays; none where all are NULL."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if vectors.is_vector_type(column.type):
        counts = pc.list_value_length(column.field("values"))
        found = pc.if_else(
            pc.is_valid(column), pc.coalesce(column.field("size"), counts), pa.scalar(None, pa.int32())
        )
    else:
        found = pc.list_value_length(column)
    bounds = pc.min_max(found).as_py()
    return [] if bounds["min"] is None else [bounds["min"], bounds["max"]]


def all_doubles(batch: pa.RecordBatch) -> bool:
    """Whether every column is of doubles."""
    import pyarrow as pa

    return set(batch.schema.types) == {pa.float64()}


def complete_rows(batch: pa.RecordBatch) -> tuple[pa.RecordBatch, pa.Array | None]:
    """The rows without NULL, and a mask of those rows (None when it is all of them)."""
    import pyarrow.compute as pc

    if batch.num_columns == 0 or all(column.null_count == 0 for column in batch.columns):
        return batch, None
    mask = pc.is_valid(batch.column(0))
    for column in batch.columns[1:]:
        mask = pc.and_(mask, pc.is_valid(column))
    return batch.filter(mask), mask


def restore(values: pa.Array, mask: pa.Array | None) -> pa.Array:
    """Put the results of the complete rows back in place, NULL elsewhere."""
    if mask is None:
        return values
    import numpy as np
    import pyarrow as pa

    valid = np.asarray(mask.to_numpy(zero_copy_only=False), dtype=bool)
    places = np.cumsum(valid) - 1
    indices = pa.array(places, mask=~valid)
    return values.take(indices)


def matrix(batch: pa.RecordBatch, called: str = "the model") -> Any:
    """The arguments as one float64 matrix, (rows, features); a very wide sparse vector column as CSR.

    At most one pass over the memory: number columns are column-major, arrays and dense vectors row-major; what is
    doubles without NULL is a view of the batch's own memory. Raises ContractError where they are no numbers;
    `called` wanted them.
    """
    if batch.num_columns == 1:
        column = batch.column(0)
        if vectors.is_vector_type(column.type):
            return _vector_matrix(column)
        if type_names.is_list(column.type):
            return _list_matrix(column, called)
    made = whole_matrix(batch) if are_numbers(batch) else None
    return _column_matrix(batch, called) if made is None else made


def dense_matrix(batch: pa.RecordBatch) -> np.ndarray[Any, Any]:
    """As `matrix`, never as CSR, and read-only.

    Raises ContractError where it would have more than 2^28 cells (2 GB).
    """
    import pyarrow.compute as pc

    if batch.num_columns == 1 and vectors.is_vector_type(batch.column(0).type):
        column = batch.column(0)
        size = pc.max(column.field("size")).as_py() or 0
        if size * len(column) > _MOST_CELLS:
            raise ContractError(
                f"{len(column)} sparse vectors of size {size} are too many numbers for a matrix",
                "python_fun.csr(batch) gives them as a sparse matrix",
            )
        made = _dense(column)
    else:
        made = matrix(batch, "python_fun.matrix")
    made.flags.writeable = False  # the batch itself may be looked at again
    return made


def csr_matrix(batch: pa.RecordBatch) -> Any:
    """The arguments as a `scipy.sparse.csr_matrix` of float64; zeros are left out."""
    if batch.num_columns == 1 and vectors.is_vector_type(batch.column(0).type):
        return vectors.to_csr(batch.column(0))
    from scipy import sparse

    return sparse.csr_matrix(matrix(batch, "python_fun.csr"))


def matrix_of(features: Any, kind: str) -> np.ndarray[Any, Any]:
    """Features, dense or sparse or a frame, as a row-major matrix of numpy's type `kind`.

    Raises ContractError where that is of whole numbers, and one of the features is none.
    """
    import numpy as np

    given = features.toarray() if hasattr(features, "toarray") else np.asarray(features)
    with np.errstate(invalid="ignore"):  # of a NaN, which is no whole number
        made = np.ascontiguousarray(given, dtype=kind)
    if made.dtype.kind in "iu" and not (made == given).all():
        wrong = float(given[made != given][0])
        raise ContractError(f"the model takes whole numbers, and the query gives it {wrong!r}", code=accepted.CODE)
    return made


def whole_matrix(batch: pa.RecordBatch) -> np.ndarray[Any, Any] | None:
    """Columns that `are_numbers` as a column-major matrix; None where there is a NULL.

    Of doubles that lie as in an Arrow IPC message it is a view, which may be written to.
    """
    import numpy as np
    import pyarrow as pa

    quick = call_memory.matrix(batch)
    if quick is not None:
        return quick
    try:
        made = batch.to_tensor(null_to_nan=False, row_major=False).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return None
    doubles: np.ndarray[Any, Any] = made if made.dtype == np.float64 else made.astype(np.float64)
    return doubles


def are_numbers(batch: pa.RecordBatch) -> bool:
    """Whether all columns are of numbers that Arrow makes one matrix of."""
    # It takes the widest type of them, which beside uint64 is no number that all of them are.
    return hasattr(batch, "to_tensor") and _tensor_types().issuperset(batch.schema.types)


@cache
def _tensor_types() -> frozenset[pa.DataType]:
    import pyarrow as pa

    whole = (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32())
    return frozenset((*whole, pa.float32(), pa.float64()))


def _column_matrix(batch: pa.RecordBatch, called: str) -> np.ndarray[Any, Any]:
    """Columns of every kind of number, column-major, NaN where NULL."""
    import numpy as np

    check(batch, accepted.features(None, called=called))
    result = np.empty((batch.num_rows, batch.num_columns), order="F")
    for index, column in enumerate(batch.columns):
        result[:, index] = block_columns.numbers(column)
    return result


def _vector_matrix(column: pa.StructArray) -> Any:
    import pyarrow.compute as pc

    quick = vectors.shared_matrix(column)
    if quick is not None:
        return quick
    sizes = pc.max(column.field("size")).as_py()
    if sizes is not None and sizes * len(column) > _DENSE_CELLS:
        return vectors.to_csr(column)
    return _dense(column)


def _dense(column: pa.StructArray) -> np.ndarray[Any, Any]:
    try:
        return vectors.to_matrix(column)
    except ValueError as error:  # vectors of different sizes, for one
        raise ContractError(str(error)) from None


def _list_matrix(column: pa.Array, called: str) -> np.ndarray[Any, Any]:
    problem = accepted.features(None, called=called).problem([("", column.type)])
    if problem is not None:
        raise problem
    lengths = _lengths(column)
    if len(lengths) and not (lengths == lengths[0]).all():
        raise ContractError(f"the arrays have different lengths: {sorted(set(lengths.tolist()))[:5]}")
    flat = column.flatten()
    if flat.null_count:
        raise ContractError("an array has NULL elements")
    values = block_columns.numbers(flat).reshape(len(column), int(lengths[0]) if len(lengths) else 0)
    values.flags.writeable = False  # it may be Arrow's memory
    return values


def _lengths(column: pa.Array) -> Any:
    """How many elements each of the arrays has; none is NULL."""
    import numpy as np
    import pyarrow as pa

    if pa.types.is_fixed_size_list(column.type):
        return np.full(len(column), column.type.list_size)
    return np.diff(column.offsets.to_numpy())


def serialised_rows(batch: pa.RecordBatch) -> Iterator[Any]:
    """What the row contract pickles for each row: the vector's tuple, or the value of one other argument.

    Arrays of numbers and several number columns become dense vectors.
    """
    column = batch.column(0)
    if batch.num_columns == 1 and vectors.is_vector_type(column.type):
        return vectors.to_tuples(column)
    if batch.num_columns == 1 and not type_names.is_list(column.type) and not accepted.is_number(column.type):
        return iter(column.to_pylist())
    rows: list[list[float]] = matrix(batch).tolist()
    return ((1, None, None, row) for row in rows)
