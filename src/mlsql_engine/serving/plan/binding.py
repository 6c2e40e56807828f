"""A select list over rows of one schema: each value with its type, and with the way to compute it.

The rules of types are the engine's, as far as they are plain. What they come to is compared with what the engine
itself says of the query (`Bound`): a list that differs in any type is not evaluated here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa

from mlsql_engine.core.span import Span
from mlsql_engine.engines import select_lists
from mlsql_engine.engines.select_lists import NotPlain, Value
from mlsql_engine.serving.functions import Opened
from mlsql_engine.serving.parts import Columns, Part
from mlsql_engine.serving.plan import arrays
from mlsql_engine.serving.sandbox.engine import Bound
from mlsql_sdk import vectors

_DOUBLES = pa.list_(pa.float64())


@dataclass(slots=True)
class Rows:
    """The rows that are evaluated: `columns`, `count` of rows, and the answers of the calls that were asked."""

    columns: list[pa.Array]
    count: int
    answers: dict[int, pa.Array] = field(default_factory=dict)

    def first(self) -> Rows:
        """The first of them."""
        answers = {number: array.slice(0, 1) for number, array in self.answers.items()}
        return Rows([column.slice(0, 1) for column in self.columns], 1, answers)


Compute = Callable[[Rows], pa.Array]


@dataclass(frozen=True)
class Typed:
    """A value with its type. `key` is equal for equal values; `level` counts the calls inside each other.

    `constant` tells that it is the same for all rows; `elements` are those of a vector that is always dense.
    """

    kind: pa.DataType
    compute: Compute
    key: Hashable
    level: int = 0
    constant: bool = False
    literal: Any = None
    elements: Compute | None = None


@dataclass(frozen=True)
class PlannedCall:
    """A call: `part` gives its arguments; `once` tells that it is asked of one row for all."""

    number: int
    function: str
    part: Callable[[Rows], Part]
    kinds: tuple[pa.DataType, ...]
    answer: pa.DataType
    level: int
    once: bool
    place: Span | None


def bind(
    bound: Bound, rows: pa.Schema, functions: Mapping[str, Opened]
) -> tuple[tuple[Compute, ...], tuple[tuple[PlannedCall, ...], ...]]:
    """How to compute the columns, and the calls by the level at which they are asked. Raises NotPlain."""
    items = bound.select.items
    if items is None:
        raise NotPlain(bound.select.reason)
    binder = _Binder(rows, functions, bound.select.places)
    columns = [column for item in items for column in binder.item(item)]
    kinds = [column.kind for column in columns]
    if kinds != bound.schema.types:
        raise NotPlain("types")
    calls = binder.calls
    asked = [(call.function, call.kinds) for call in calls]
    if any(call not in bound.arguments for call in asked) or any(call not in asked for call in bound.arguments):
        raise NotPlain("types of arguments")
    levels = range(1 + max((call.level for call in calls), default=-1))
    by_level = tuple(tuple(call for call in calls if call.level == level) for level in levels)
    return tuple(column.compute for column in columns), by_level


class _Binder:
    def __init__(self, rows: pa.Schema, functions: Mapping[str, Opened], places: Mapping[str, Span]) -> None:
        self._rows = rows
        self._functions = functions
        self._places = places
        self._by_name = {name.lower(): place for place, name in enumerate(rows.names)}
        self._calls: dict[Hashable, PlannedCall] = {}
        if len(self._by_name) != len(rows.names) or select_lists.TABLE in self._by_name:
            raise NotPlain("the names of the columns")

    @property
    def calls(self) -> list[PlannedCall]:
        return list(self._calls.values())

    def item(self, item: select_lists.Item) -> list[Typed]:
        """The columns that an item of the list stands for."""
        if isinstance(item, select_lists.Everything):
            return [self._place(place) for place in range(len(self._rows))]
        return [self.value(item)]

    def value(self, value: Value) -> Typed:
        match value:
            case select_lists.Column():
                return self._column(value)
            case select_lists.Constant():
                return _constant(value)
            case select_lists.Array():
                return _array([self.value(item) for item in value.items])
            case select_lists.Struct():
                return _struct(value.names, [self.value(item) for item in value.values])
            case select_lists.Dense():
                return _dense(self.value(value.array))
            case select_lists.Sparse():
                keys = [self.value(item) for item in value.keys]
                return _sparse(self.value(value.size), keys, [self.value(item) for item in value.values])
            case select_lists.Call():
                return self._call(value.function, [self.value(item) for item in value.arguments])

    def _place(self, place: int) -> Typed:
        return Typed(self._rows.field(place).type, lambda rows: rows.columns[place], ("column", place))

    def _column(self, column: select_lists.Column) -> Typed:
        place = self._by_name.get(column.name.lower())
        if place is not None:
            return self._place(place)
        if not column.may_be_row:
            raise NotPlain(f"the column {column.name}")
        return _struct(self._rows.names, [self._place(place) for place in range(len(self._rows))])

    def _call(self, function: str, arguments: Sequence[Typed]) -> Typed:
        opened = self._functions.get(function)
        if opened is None or opened.described.form == "udaf":
            raise NotPlain(f"{function}(…)")
        key = ("call", function, tuple(argument.key for argument in arguments))
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = PlannedCall(
                number=len(self._calls),
                function=function,
                part=_part(arguments, opened),
                kinds=tuple(argument.kind for argument in arguments),
                answer=opened.described.return_type,
                level=max(argument.level for argument in arguments),
                once=all(argument.constant for argument in arguments),
                place=self._places.get(function),
            )
        number = call.number
        return Typed(call.answer, lambda rows: rows.answers[number], key, call.level + 1, call.once)


def _part(arguments: Sequence[Typed], opened: Opened) -> Callable[[Rows], Part]:
    """How to make the arguments of a call; equal numbers of doubles a row, with others', where that is the same."""
    computes = [argument.compute for argument in arguments]
    names = [f"arg{place}" for place in range(len(arguments))]

    def columns(rows: Rows) -> Part:
        return Columns(pa.RecordBatch.from_arrays([compute(rows) for compute in computes], names=names))

    if len(arguments) != 1:
        return columns
    argument, compute = arguments[0], computes[0]
    # An estimator takes the numbers of a vector as it takes those of an array.
    lists = argument.elements if opened.described.contract == "estimator" else None
    if lists is None and argument.kind == _DOUBLES:
        lists = compute
    if lists is None:
        return columns
    numbers_of = lists

    def numbers(rows: Rows) -> Part:
        made = arrays.as_numbers(numbers_of(rows))
        return made if made is not None else columns(rows)

    return numbers


def _array(items: Sequence[Typed]) -> Typed:
    kind = _common([item.kind for item in items])
    computes = [_as(item, kind).compute for item in items]
    key = ("array", tuple(item.key for item in items))

    def compute(rows: Rows) -> pa.Array:
        return arrays.listed([compute(rows) for compute in computes], kind, rows.count)

    return Typed(pa.list_(kind), compute, key, *_all(items))


def _struct(names: Sequence[str], items: Sequence[Typed]) -> Typed:
    if len({name.lower() for name in names}) != len(names):
        raise NotPlain("struct(…)")
    fields = [pa.field(name, item.kind) for name, item in zip(names, items, strict=True)]
    computes = [item.compute for item in items]
    key = ("struct", tuple(names), tuple(item.key for item in items))

    def compute(rows: Rows) -> pa.Array:
        return pa.StructArray.from_arrays([compute(rows) for compute in computes], fields=fields)

    return Typed(pa.struct(fields), compute, key, *_all(items))


def _dense(array: Typed) -> Typed:
    element = array.kind.value_type if pa.types.is_list(array.kind) else pa.string()
    if not _is_number(element) and not pa.types.is_null(element):
        raise NotPlain("vec_dense(…)")
    inner = array.compute

    def elements(rows: Rows) -> pa.Array:
        return arrays.elements(inner(rows))

    def compute(rows: Rows) -> pa.Array:
        return arrays.dense(elements(rows))

    return Typed(vectors.arrow_type(), compute, ("dense", array.key), *_all([array]), elements=elements)


def _sparse(size: Typed, keys: Sequence[Typed], values: Sequence[Typed]) -> Typed:
    if not all(_is_whole(item.kind) for item in (size, *keys)):
        raise NotPlain("vec_sparse(…)")
    if not all(_is_number(item.kind) or item.literal is not None for item in values):
        raise NotPlain("vec_sparse(…)")
    values = [_as(item, pa.float64()) for item in values]
    key = ("sparse", size.key, tuple(item.key for item in keys), tuple(item.key for item in values))

    def compute(rows: Rows) -> pa.Array:
        return arrays.sparse(
            size.compute(rows),
            [item.compute(rows) for item in keys],
            [item.compute(rows) for item in values],
            rows.count,
        )

    return Typed(vectors.arrow_type(), compute, key, *_all([size, *keys, *values]))


def _all(items: Sequence[Typed]) -> tuple[int, bool]:
    """The level of a value of others, and whether it is constant."""
    return max((item.level for item in items), default=0), all(item.constant for item in items)


def _common(kinds: Sequence[pa.DataType]) -> pa.DataType:
    """The type of an array's elements. Raises NotPlain where the engine's rule is not plain."""
    found = [kind for kind in kinds if not pa.types.is_null(kind)]
    if not found:
        return pa.null()
    if all(kind == found[0] for kind in found):
        return found[0]
    if all(_is_whole(kind) for kind in found):
        return pa.int64()
    if pa.float64() in found and all(_is_number(kind) or pa.types.is_decimal(kind) for kind in found):
        return pa.float64()
    raise NotPlain("array(…) of several types")


def _is_whole(kind: pa.DataType) -> bool:
    return kind in (pa.int32(), pa.int64())


def _is_number(kind: pa.DataType) -> bool:
    return _is_whole(kind) or kind == pa.float64()


def _as(item: Typed, kind: pa.DataType) -> Typed:
    """The value as one of a wider type."""
    if item.kind == kind:
        return item
    if pa.types.is_null(item.kind):
        return _repeated(None, kind, item.key)
    if pa.types.is_decimal(item.kind):
        if item.literal is None:
            raise NotPlain("a decimal")
        return _repeated(float(item.literal), kind, item.key)
    compute = item.compute
    return Typed(
        kind, lambda rows: compute(rows).cast(kind, safe=False), (str(kind), item.key), item.level, item.constant
    )


_KINDS = {
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "string": pa.string(),
    "boolean": pa.bool_(),
    "null": pa.null(),
}
_MOST_DIGITS = 15
"""Decimals of more digits may be another double than the engine's."""


def _constant(constant: select_lists.Constant) -> Typed:
    value = constant.value
    if isinstance(value, Decimal):
        digits, exponent = value.as_tuple().digits, value.as_tuple().exponent
        scale = -exponent if isinstance(exponent, int) else 0
        precision = max(len(digits), scale + 1)
        if scale < 0 or precision > _MOST_DIGITS:
            raise NotPlain("a decimal")
        return _repeated(value, pa.decimal128(precision, scale), ("literal", constant.kind, str(value)))
    return _repeated(value, _KINDS[constant.kind], ("literal", constant.kind, repr(value)))


def _repeated(value: object, kind: pa.DataType, key: Hashable) -> Typed:
    """One value for all rows."""
    one = pa.scalar(value, kind)
    return Typed(kind, lambda rows: pa.repeat(one, rows.count), key, constant=True, literal=value)
