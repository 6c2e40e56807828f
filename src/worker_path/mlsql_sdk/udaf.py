"""An aggregate of a script: one value for the rows of a group, which come as one list.

A class that keeps its state itself

    update(self, *arguments)    merge(self, other)    evaluate(self)

or, as MLSQL always had it, in a buffer that it is given

    initialize(self, buffer)    update(self, buffer, input)    merge(self, buffer, other)    evaluate(self, buffer)

or a function of the lists of all values, `aggregate(values)`. Where a class has `merge`, a long group is taken in
pieces, whose states are merged from the first to the last.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from . import script_arguments, type_names, values
from .accepted import Accepted
from .answers import by_rows, shown
from .buffers import Buffer, Row
from .call_forms import ARGUMENT, NO_ARGUMENTS
from .failures import ContractError
from .script_functions import Found, instance
from .signatures import ROW, Annotation, Signature
from .udf import declared_type, note_row

if TYPE_CHECKING:
    import pyarrow as pa

    from .contracts import Loaded

PIECE = 1_024


class UdafContract:
    """The contract of `register ScriptUDF` with udfType udaf."""

    name = "udaf"
    form = "udaf"
    pure = False

    def __init__(self, found: Found) -> None:
        self._called = found.called
        self._steps: Any = _steps(found)
        self._type: Any = None

    def load(self, loaded: Loaded) -> None:
        """Take down the type of the values."""
        name = loaded.return_type or self._steps.type_name()
        self._type = declared_type(name, self._steps.returns, self._called)

    def return_type(self) -> pa.DataType:
        """The type of the values."""
        return self._type

    def accepted(self) -> Accepted | None:
        """The arguments of one row, None where nothing tells."""
        found: Accepted | None = self._steps.accepted()
        return found

    def predict(self, batch: pa.RecordBatch) -> pa.Array:
        """One value per group. An error carries `mlsql_row`, the group's place in the batch."""
        columns, bounds = _groups(batch.column(0))
        columns = self._steps.arguments(columns)
        answers: list[Any] = []
        try:
            for start, end in zip(bounds, bounds[1:]):
                answers.append(self._steps.value(columns, start, end))
        except Exception as error:
            note_row(error, len(answers), ())
            raise
        return by_rows(answers, self._type, self._called)


def _steps(found: Found) -> Any:
    """How groups are aggregated.

    It has `returns`, `type_name()`, `accepted()`, `arguments(columns)` and `value(columns, start, end)`.
    """
    if not isinstance(found.what, type):
        return _Function(found)
    return _Buffered(found.what) if callable(getattr(found.what, "initialize", None)) else _Stateful(found.what)


def _groups(lists: pa.Array) -> tuple[list[pa.Array], list[int]]:
    """The arguments of all rows of all groups as columns, and where each group starts and the last one ends.

    A group without rows is NULL.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    bounds = [0]
    if pa.types.is_null(lists.type):
        return [], bounds * (len(lists) + 1)
    for length in pc.fill_null(pc.list_value_length(lists), 0).to_pylist():
        bounds.append(bounds[-1] + length)
    rows = lists.flatten()
    if pa.types.is_struct(rows.type) and rows.type.num_fields:
        name = rows.type.field(0).name
        if name == NO_ARGUMENTS:
            return [], bounds
        if name.startswith(ARGUMENT):
            return list(rows.flatten()), bounds
    return [rows], bounds


class _Function:
    """`aggregate(values)`: the values of each argument, as a list or as a column."""

    def __init__(self, found: Found) -> None:
        self._function: Any = found.what
        self._called = found.called
        self._signature = Signature(self._function, found.called)
        self.returns = self._signature.returns

    def type_name(self) -> None:
        """What a method says of the type: there is none."""

    def accepted(self) -> Accepted | None:
        """The arguments by the signature, whose annotations are of all values of a group."""
        return self._signature.accepted(_element)

    def arguments(self, columns: list[pa.Array]) -> list[Column]:
        """The arguments, as the function's annotations want them."""
        taken = self._signature.arguments(len(columns))
        lists = [(name, _element(annotation)) for name, annotation in taken]
        return [Column(column, *one, self._called) for column, one in zip(columns, lists)]

    def value(self, columns: list[Column], start: int, end: int) -> Any:
        """The value of one group."""
        return self._function(*(column.part(start, end) for column in columns))


class _Stateful:
    """A class whose objects are the states of groups."""

    def __init__(self, cls: type) -> None:
        self._class: Any = cls
        state = instance(cls)
        self._update = Signature(state.update, f"{cls.__name__}.update")
        self._by_columns = bool(self._update.shapes)
        self._merges = callable(getattr(cls, "merge", None))
        self.returns = Signature(state.evaluate, f"{cls.__name__}.evaluate").returns

    def type_name(self) -> None:
        """What a method says of the type: there is none."""

    def accepted(self) -> Accepted | None:
        """The arguments by the signature of `update`."""
        return self._update.accepted()

    def arguments(self, columns: list[pa.Array]) -> list[Column]:
        """The arguments, as the annotations of `update` want them."""
        taken = self._update.arguments(len(columns))
        return [Column(column, *one, self._update.called) for column, one in zip(columns, taken)]

    def value(self, columns: list[Column], start: int, end: int) -> Any:
        """The value of one group."""
        states = (self._state(columns, *piece) for piece in _pieces(start, end, merges=self._merges))
        merged = next(states)
        for state in states:
            answer = merged.merge(state)
            if answer is not None:
                self._check_merged(answer)
                merged = answer
        return merged.evaluate()

    def _state(self, columns: list[Column], start: int, end: int) -> Any:
        state = instance(self._class)
        parts = [column.part(start, end) for column in columns]
        if self._by_columns:
            if end > start:
                state.update(*parts)
        elif not parts:
            for _ in range(start, end):
                state.update()
        else:
            for row in zip(*parts):
                state.update(*row)
        return state

    def _check_merged(self, answer: Any) -> None:
        if not isinstance(answer, self._class):
            name = self._class.__name__
            raise ContractError(
                f"{name}.merge returned {shown(answer)}, which is no {name}",
                "merge(self, other) takes the other state in and returns nothing, or returns the state of both",
            )


class _Buffered:
    """A class whose one object changes buffers, which are the states of groups."""

    def __init__(self, cls: type) -> None:
        self._object = instance(cls)
        self._merges = callable(getattr(cls, "merge", None))
        self._called = cls.__name__
        self.returns = Signature(self._object.evaluate, f"{cls.__name__}.evaluate").returns

    def type_name(self) -> str | None:
        """What the method dataType says: the name of a type, or a type of Spark's."""
        if not callable(getattr(self._object, "dataType", None)):
            return None
        kind = self._object.dataType()
        return str(kind.simpleString() if hasattr(kind, "simpleString") else kind)

    def accepted(self) -> None:
        """Nothing tells: it reads from each row what it likes."""

    def arguments(self, columns: list[pa.Array]) -> list[Column]:
        """The arguments as they come."""
        return [Column(column, "", Annotation(ROW, None), self._called) for column in columns]

    def value(self, columns: list[Column], start: int, end: int) -> Any:
        """The value of one group."""
        buffers = (self._buffer(columns, *piece) for piece in _pieces(start, end, merges=self._merges))
        merged = next(buffers)
        for buffer in buffers:
            self._object.merge(merged, buffer)
        return self._object.evaluate(merged)

    def _buffer(self, columns: list[Column], start: int, end: int) -> Buffer:
        buffer = Buffer()
        self._object.initialize(buffer)
        parts = [column.part(start, end) for column in columns]
        rows: Iterable[Any] = zip(*parts) if parts else [()] * (end - start)
        for row in rows:
            self._object.update(buffer, Row(row))
        return buffer


def _pieces(start: int, end: int, *, merges: bool) -> list[tuple[int, int]]:
    """From and to which row the pieces of a group go; a group without rows is one piece."""
    if not merges or end - start <= PIECE:
        return [(start, end)]
    return [(first, min(first + PIECE, end)) for first in range(start, end, PIECE)]


class Column:
    """The values of one argument for all rows, typed and shaped as an annotation asks."""

    def __init__(self, column: pa.Array, name: str, annotation: Annotation, called: str) -> None:
        typed = script_arguments.of_type(column, annotation, f"the argument '{name}' of {called}")
        self._shape = annotation.shape
        self._values: Any = values.to_python(typed) if self._shape == ROW else typed

    def part(self, start: int, end: int) -> Any:
        """Those of some rows."""
        part = self._values[start:end]
        return part if self._shape == ROW else script_arguments.in_shape(part, self._shape)


def _element(annotation: Annotation) -> Annotation:
    """What `values: list[float]` says of a single value."""
    kind = annotation.kind
    if annotation.shape != ROW or kind is None:
        return annotation
    return Annotation(ROW, kind.value_type if type_names.is_list(kind) else None)
