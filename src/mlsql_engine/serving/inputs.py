"""What a function takes, as requests give it: a matrix of numbers, or columns by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from mlsql_engine.core.errors import BadValue, MlsqlError, UnknownName
from mlsql_engine.core.functions import Described
from mlsql_engine.serving.parts import Columns, Numbers, Part
from mlsql_sdk import type_names, types, vectors
from mlsql_sdk.accepted import NUMBER, Accepted
from mlsql_sdk.failures import ContractError

Values = Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float64]]
_DOUBLES: Final = pa.list_(pa.float64())


@dataclass(frozen=True)
class Input:
    """An argument: `kind` is the Arrow type of its values, None for anything, and NUMBER for any kind of number."""

    name: str
    kind: pa.DataType | str | None

    @property
    def is_array(self) -> bool:
        """Whether it is an array or a vector."""
        kind = self.kind
        return isinstance(kind, pa.DataType) and (type_names.is_list(kind) or vectors.is_vector_type(kind))


class Inputs:
    """The arguments of one function, and the parts of requests for it.

    `places` are the arguments, none where nothing tells. `width` is how many numbers one array holds that stands
    for all arguments, None for any number of them; only where `packed`.
    """

    def __init__(self, described: Described) -> None:
        takes = described.accepted
        self._described = described
        self._takes = takes
        self.packed = takes is not None and takes.packed
        self.width = takes.most if takes is not None and takes.packed else None
        self.places = () if takes is None else _places(takes, described.feature_names)
        # Of arguments that may be repeated, the last name stands for several.
        self.named = bool(self.places) and all(place.name for place in self.places)
        self.named = self.named and takes is not None and takes.most is not None
        self._known = [place.name for place in self.places]
        self._least_width = self._matrix_width()

    def _matrix_width(self) -> int | None:
        """From how many numbers a row on one array of doubles is what the function takes; None for none."""
        if self._described.form == "udaf":
            return None
        if self._takes is not None and self._takes.problem([("arg0", _DOUBLES)]) is not None:
            return None
        return 1 if self.packed or any(place.is_array for place in self.places[:1]) else 2

    def takes_matrix(self, width: int) -> bool:
        """Whether rows of so many doubles, as one array, may be what the function takes."""
        return self._least_width is not None and width >= self._least_width

    @property
    def numeric(self) -> bool:
        """Whether all that is taken is doubles, or any kind of number."""
        if self.packed:
            return all(place.kind == NUMBER for place in self.places)
        return len(self.places) == 1 and self.places[0].kind == _DOUBLES

    def among(self, given: Iterable[str]) -> list[str]:
        """Those of the given columns that are arguments, in their order; all, as they come, where those lack names.

        Raises BadValue where one is missing.
        """
        names = list(given)
        if names == self._known:
            return names
        there = set(names)
        found = [name for name in self._known if name in there]
        if not self.named or (len(names) == 1 and not found):
            return names
        return self._order(found)

    def names(self, count: int) -> list[str]:
        """The names of the first arguments, so many. Raises BadValue where there are fewer that have names."""
        if not self.named:
            return [f"arg{index}" for index in range(count)]
        if self._takes is not None and count > len(self.places):
            takes = self._takes
            raise BadValue(
                f"{self._described.title}: {takes.called} takes {takes.text}, and the rows have {count} values",
                code="ARGUMENTS",
            )
        return [place.name for place in self.places[:count]]

    def takes_array(self, name: str) -> bool:
        """Whether the argument of that name, or the only one, is an array."""
        found = self._place(name)
        return found is not None and found.is_array

    def takes_binary(self, name: str) -> bool:
        """Whether the argument of that name, or the only one, is bytes and not text."""
        found = self._place(name)
        return found is not None and isinstance(found.kind, pa.DataType) and pa.types.is_binary(found.kind)

    def _place(self, name: str) -> Input | None:
        alone = self.places[0] if len(self.places) == 1 else None
        return next((place for place in self.places if place.name == name), alone)

    def matrix(self, values: Values, width: int, rows: int) -> Part:
        """The part of `rows` times `width` numbers, row by row. Raises BadValue for another width than is taken."""
        if self.width is not None and width != self.width and self._takes is not None:
            takes = self._takes
            raise BadValue(
                f"{self._described.title}: {takes.called} takes {takes.text}, and the request gives it {width}",
                code="ARGUMENTS",
            )
        return Numbers(values, width, rows)

    def columns(self, given: Mapping[str, pa.Array]) -> Part:
        """The part of columns of one length; by name where the function's arguments have names, else as they come.

        A column alone may have any name. Raises MlsqlError where they are not what the function takes.
        """
        if self._described.form == "udaf":
            raise _aggregate(self._described.title)
        order = self._order(list(given))
        columns = []
        for index, name in enumerate(order):
            place = self.places[min(index, len(self.places) - 1)] if self.places else None
            columns.append(given[name] if place is None else _of_kind(given[name], name, place.kind))
        names = self._column_names(order)
        if self._takes is not None:
            problem = self._takes.problem(
                [(name, column.type) for name, column in zip(names, columns, strict=True)]
            )
            if problem is not None:
                raise self._refused(problem)
        return Columns(pa.RecordBatch.from_arrays(columns, names=names))

    def _order(self, given: list[str]) -> list[str]:
        """The names in the order of the arguments. Raises UnknownName and BadValue."""
        known = self._known
        if not self.named or (len(given) == 1 and given[0] not in known):
            return given
        for name in given:
            if name not in known:
                raise UnknownName("input", name, known)
        found = [name for name in known if name in given]
        missing = [
            name for name in known[: max(self._takes.least if self._takes else 0, len(found))] if name not in given
        ]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise BadValue(
                f"{self._described.title} takes '{missing[0]}'{more}, which the request does not give",
                code="ARGUMENTS",
                hint=None if self._takes is None else f"it takes {self._takes.text}",
            )
        return found

    def _column_names(self, order: list[str]) -> list[str]:
        """What the worker is to call them: a model may know its features by name."""
        if self._described.form != "model" or (len(order) == 1 and not (self.named and len(self.places) == 1)):
            return [f"arg{index}" for index in range(len(order))]
        return [place.name for place in self.places[:1]] if len(order) == 1 else order

    def _refused(self, problem: ContractError) -> MlsqlError:
        message = f"{self._described.title}: {problem}".replace("the query gives", "the request gives")
        hint = "send it in that type" if "cast(" in problem.hint else problem.hint
        if self.packed and self.width not in (None, 1):
            hint = f"one tensor of the shape [rows, {self.width}], or {self.width} columns"
        return BadValue(message, code=problem.code or "ARGUMENTS", hint=hint or None)


def _places(takes: Accepted, features: Sequence[str] | None) -> tuple[Input, ...]:
    if takes.most is None and takes.packed:
        return ()
    names = features if features is not None and len(features) == len(takes.places) else None
    return tuple(
        Input(place.name if names is None else names[index], _kind(place.kind))
        for index, place in enumerate(takes.places)
    )


def _kind(name: str) -> pa.DataType | str | None:
    return name if name == NUMBER else types.parse(name) if name else None


def _of_kind(column: pa.Array, name: str, kind: pa.DataType | str | None) -> pa.Array:
    """The column as the argument's type, where what JSON and tensors have can only stand for that."""
    if not isinstance(kind, pa.DataType):
        return column
    test = pa.types
    as_text = test.is_timestamp(kind) or test.is_date(kind) or test.is_decimal(kind)
    try:
        if test.is_string(column.type) and (as_text or test.is_binary(kind)):
            return column.cast(kind)
    except pa.ArrowInvalid as error:
        raise BadValue(
            f"the input '{name}' is no {type_names.type_name(kind)}: {error}", code="ARGUMENTS"
        ) from None
    if vectors.is_vector_type(kind) and type_names.is_list(column.type):
        return _vectors(column, name)
    return column


def _vectors(column: pa.ListArray, name: str) -> pa.Array:
    """Arrays of numbers as dense vectors, NULL where one is NULL."""
    try:
        rows = [
            None if row is None else (1, None, None, [float(number) for number in row])
            for row in column.to_pylist()
        ]
        return vectors.from_tuples(rows)
    except (TypeError, ValueError) as error:
        raise BadValue(f"the input '{name}' is no vector: {error}", code="ARGUMENTS") from None


def _aggregate(title: str) -> MlsqlError:
    return MlsqlError(
        f"{title} is an aggregate, which has no answer for a row",
        code="AGGREGATE",
        hint="call it in a select: POST /run/script",
    )
