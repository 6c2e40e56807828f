"""A function of a script, called for every row, or with whole columns where its annotations ask for them."""

from __future__ import annotations

import decimal
import itertools
from typing import TYPE_CHECKING, Any

from . import arguments, script_arguments, signatures, types, values
from .accepted import Accepted
from .answers import by_rows, computed
from .failures import ContractError
from .script_functions import Found
from .signatures import ROW, Annotation, Signature

if TYPE_CHECKING:
    import pyarrow as pa

    from .contracts import Loaded


def declared_type(name: str | None, annotation: Annotation, called: str) -> pa.DataType:
    """The type of a function's values: what register says, else what is annotated. Raises ContractError."""
    if name is not None:
        try:
            return types.parse(name)
        except types.TypeNameError as error:
            raise ContractError(str(error)) from None
    if annotation.kind is None:
        raise ContractError(
            f"nothing says which type {called} returns",
            'give it at register, dataType="double", or annotate the function: -> float',
        )
    return annotation.kind


class UdfContract:
    """The contract of `register ScriptUDF` with udfType udf."""

    form = "udf"
    pure = False

    def __init__(self, found: Found) -> None:
        self._function: Any = found.what
        self._called = found.called
        self._signature = Signature(self._function, found.called)
        self._shape = _shape(self._signature.shapes, found.called)
        self._type: Any = None
        self.name = "udf" if self._shape == ROW else "vectorised udf"

    def load(self, loaded: Loaded) -> None:
        """Take down the type of the values."""
        self._type = declared_type(loaded.return_type, self._signature.returns, self._called)

    def return_type(self) -> pa.DataType:
        """The type of the values."""
        return self._type

    def accepted(self) -> Accepted | None:
        """The arguments by the function's signature, None where it has none."""
        return self._signature.accepted()

    def predict(self, batch: pa.RecordBatch) -> pa.Array:
        """One value per row. An error of a row carries `mlsql_row`, its place in the batch."""
        taken = self._signature.arguments(batch.num_columns)
        columns = [
            script_arguments.of_type(column, annotation, f"the argument '{name}' of {self._called}")
            for column, (name, annotation) in zip(batch.columns, taken)
        ]
        if self._shape == ROW:
            return self._by_rows(columns, batch.num_rows)
        return self._by_columns(columns, [annotation for _, annotation in taken])

    def _by_rows(self, columns: list[pa.Array], count: int) -> pa.Array:
        answers: list[Any] = []
        rows: Any = zip(*map(values.to_python, columns)) if columns else itertools.repeat((), count)
        row: tuple[Any, ...] = ()
        try:
            for row in rows:
                answers.append(self._function(*row))
        except Exception as error:
            note_row(error, len(answers), row)
            raise
        return by_rows(answers, self._type, self._called)

    def _by_columns(self, columns: list[pa.Array], taken: list[Annotation]) -> pa.Array:
        import pyarrow as pa

        if not columns:
            raise ContractError(
                f"{self._called} works on columns, and the query gives it none",
                "a function without arguments is called for each row: leave out the annotations of columns",
            )
        batch = pa.RecordBatch.from_arrays(columns, names=[str(index) for index in range(len(columns))])
        # numpy has no NULL.
        complete, mask = arguments.complete_rows(batch) if self._shape == signatures.NUMPY else (batch, None)
        if complete.num_rows == 0:
            return pa.nulls(batch.num_rows, self._type)
        shapes = [self._shape if one.shape == ROW else one.shape for one in taken]
        answer = self._function(*map(script_arguments.in_shape, complete.columns, shapes))
        column = computed(answer, complete.num_rows, self._type, self._called)
        return arguments.restore(column, mask)


def _shape(shapes: set[str], called: str) -> str:
    """The shape of a function's columns, ROW for none."""
    families = {signatures.ARROW if shape == signatures.CHUNKED else shape for shape in shapes}
    if len(families) > 1:
        raise ContractError(
            f"the annotations of {called} mix columns of different libraries",
            "annotate all with those of pyarrow, or of numpy, or of pandas",
        )
    return next(iter(families), ROW)


def note_row(error: Any, place: int, row: tuple[Any, ...]) -> None:
    """Have an exception tell the row that it came of, and what often causes it."""
    error.mlsql_row = place
    guessed = isinstance(error, (TypeError, AttributeError))
    if guessed and any(value is None for value in row):
        error.mlsql_hint = "a NULL comes as None"
    elif guessed and any(isinstance(value, decimal.Decimal) for value in row):
        error.mlsql_hint = (
            "a number such as 1.5 is a decimal in SQL, and comes as decimal.Decimal: annotate the argument as float"
        )
