"""What arguments a function takes, as plain data, and what is wrong with those that a query gives it.

The host asks when a query is bound, before a row is read; the worker asks again of the rows that come. Both say the
same words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from . import type_names, types, vectors
from .failures import ContractError

if TYPE_CHECKING:
    import pyarrow as pa

NUMBER = "number"
CODE = "ARGUMENTS"
_PACKINGS = "pass one vector, one array of numbers, or several number columns"
_UNNAMED = re.compile(r"arg(\d+)")


class Place(NamedTuple):
    """An argument: `kind` is the name of a type of SQL, NUMBER for any kind of number, or empty for anything."""

    name: str
    kind: str


class Accepted(NamedTuple):
    """The arguments of a function. `called` is what errors call it, `text` what they say that it takes.

    `places` are its arguments in order, the last of which may be repeated where `most` is None. A struct stands for
    its fields where `spread`; one vector, or one array of numbers, may hold all arguments where `packed`; where
    `lone` an argument that is the only one may be anything. A script's functions have `annotated` arguments.
    """

    called: str
    text: str
    places: tuple[Place, ...]
    least: int
    most: Optional[int]  # noqa: UP045 - NamedTuple evaluates it, also on Python 3.9
    spread: bool = True
    packed: bool = False
    lone: bool = False
    annotated: bool = False

    def control(self) -> dict[str, Any]:
        """The same as JSON has it; `of_control` reads it."""
        return {**self._asdict(), "places": [list(place) for place in self.places]}

    def of_anything(self) -> Accepted:
        """The same count of arguments, of any type."""
        return self._replace(places=tuple(Place(place.name, "") for place in self.places))

    def problem(self, fields: Sequence[tuple[str, pa.DataType]]) -> ContractError | None:
        """What is wrong with the names and types of a call's arguments, None where nothing is.

        How many numbers a vector or an array has, only its rows tell.
        """
        given = list(_spread(fields) if self.spread else fields)
        if len(given) == 1:
            if self.lone or (self.packed and vectors.is_vector_type(given[0][1])):
                return None
            if self.packed and type_names.is_list(given[0][1]):
                return self._of_array(given[0][1])
        if not self.least <= len(given) <= (len(given) if self.most is None else self.most):
            return self._wrong_count(len(given))
        for index, (name, kind) in enumerate(given):
            place = self.places[min(index, len(self.places) - 1)]
            if not _fits(kind, place.kind):
                return self._wrong_kind(_label(index, name), place, kind)
        return None

    def _of_array(self, array: pa.DataType) -> ContractError | None:
        """Whether the elements of an array can be the arguments."""
        wrong = next((place for place in self.places if not _fits(array.value_type, place.kind)), None)
        if wrong is None:
            return None
        kind = type_names.type_name(array)
        return ContractError(
            f"the argument is {kind}, and {self.called} takes {_plural(wrong.kind)}", _PACKINGS, CODE
        )

    def _wrong_count(self, count: int) -> ContractError:
        given = "1 argument" if count == 1 else f"{count} arguments"
        return ContractError(
            f"{self.called} takes {self.text}, and the query gives it {given}",
            _PACKINGS if self.packed and not count else "",
            CODE,
        )

    def _wrong_kind(self, label: str, place: Place, kind: pa.DataType) -> ContractError:
        given = type_names.type_name(kind)
        if self.annotated:
            return not_as_annotated(f"the argument '{place.name}' of {self.called}", place.kind, given)
        if place.kind == NUMBER:
            what = f"{label} is {given}, and {self.called} takes numbers"
            return ContractError(what, _PACKINGS if self.packed else "", CODE)
        what = f"{label} is {given}, and {self.called} takes {place.kind} there"
        return ContractError(what, f"cast(… as {place.kind}) in the query", CODE)


def of_control(control: dict[str, Any] | None) -> Accepted | None:
    """What `Accepted.control` gave, of a message."""
    if control is None:
        return None
    return Accepted(**{**control, "places": tuple(Place(*place) for place in control["places"])})


def features(count: int | None, names: Sequence[str] = (), called: str = "the model") -> Accepted:
    """So many numbers, or any number of them, one by one or in one vector or array; `names` go with the count."""
    if count is None:
        text = "one vector, one array of numbers, or number columns"
        return Accepted(called, text, (Place("", NUMBER),), 1, None, packed=True)
    text = f"{count} feature" if count == 1 else f"{count} features"
    places = tuple(Place(name, NUMBER) for name in names) or (Place("", NUMBER),) * count
    return Accepted(called, text + _listed(names), places, count, count, packed=True)


def declared(takes: int | Sequence[str], called: str = "the script") -> Accepted:
    """What a script declares: so many numbers, or a type of SQL for each argument. Raises ContractError."""
    owner = "python_fun.batch(arguments=…)"
    if isinstance(takes, int) and not isinstance(takes, bool) and takes > 0:
        return features(takes, called=called)
    if isinstance(takes, (int, str)) or not takes or not all(isinstance(name, str) for name in takes):
        raise ContractError(
            f"{owner} is {takes!r}", 'give how many numbers, or types: arguments=("double", "string")'
        )
    try:
        for name in takes:
            types.parse(name)
    except types.TypeNameError as error:
        raise ContractError(f"{owner}: {error}") from None
    count = f"{len(takes)} argument{'' if len(takes) == 1 else 's'} ({', '.join(takes)})"
    # A struct that is declared is one argument, and does not stand for its fields.
    spread = len(takes) > 1 or not _is_struct(types.parse(takes[0]))
    places = tuple(Place("", name) for name in takes)
    return Accepted(called, count, places, len(takes), len(takes), spread=spread)


def not_as_annotated(argument: str, wanted: str, given: str) -> ContractError:
    """The error of an argument that is not of the type that the script annotates."""
    return ContractError(
        f"{argument} is annotated as {wanted}, and the query gives it {given}",
        f"cast(… as {wanted}) in the query, or change the annotation",
        CODE,
    )


def cast(column: pa.Array, kind: pa.DataType, argument: str, said: str) -> pa.Array:
    """The column in the type that a script asks for, by what is `said` there: annotated, or declared.

    A number becomes another kind of number where it is the same number. Raises ContractError where it does not.
    """
    import pyarrow as pa

    if column.type == kind or (pa.types.is_decimal(kind) and pa.types.is_decimal(column.type)):
        return column
    if not fits(column.type, kind):
        raise not_as_annotated(argument, type_names.type_name(kind), type_names.type_name(column.type))
    try:
        return column.cast(kind)
    except pa.ArrowInvalid as error:
        raise ContractError(f"{argument} is {said} as {type_names.type_name(kind)}: {error}") from None


def _listed(names: Sequence[str]) -> str:
    if not names:
        return ""
    return " ({})".format(", ".join(names[:8]) + (" …" if len(names) > 8 else ""))


def _plural(kind: str) -> str:
    return "numbers" if kind == NUMBER else kind


def _is_struct(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_struct(kind) and not vectors.is_vector_type(kind)


def _spread(fields: Sequence[tuple[str, pa.DataType]]) -> Sequence[tuple[str, pa.DataType]]:
    """The fields of the only argument where it is a struct and no vector."""
    if len(fields) != 1 or not _is_struct(fields[0][1]):
        return fields
    return [(field.name, field.type) for field in fields[0][1]]


def _label(index: int, name: str) -> str:
    """What errors call an argument; the engine gives those without a name of their own a number."""
    return f"argument {index + 1}" if not name or _UNNAMED.fullmatch(name) else f"the argument '{name}'"


def _fits(given: pa.DataType, wanted: str) -> bool:
    """Whether values of a type can be made what is wanted, as far as the type tells."""
    import pyarrow as pa

    if not wanted or pa.types.is_null(given):
        return True
    return is_number(given) if wanted == NUMBER else fits(given, types.parse(wanted))


def is_number(kind: pa.DataType) -> bool:
    """Whether values of a type can be features: numbers of all kinds, and booleans."""
    import pyarrow as pa

    test = pa.types
    return bool(test.is_floating(kind) or test.is_integer(kind) or test.is_decimal(kind) or test.is_boolean(kind))


def fits(given: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether values of one type are values of the other, or may be another kind of number."""
    import pyarrow as pa

    test = pa.types
    if given == wanted or test.is_null(given):
        return True
    if vectors.is_vector_type(given) or vectors.is_vector_type(wanted):
        return vectors.is_vector_type(given) and vectors.is_vector_type(wanted)
    if type_names.is_list(given) and type_names.is_list(wanted):
        return fits(given.value_type, wanted.value_type)
    if test.is_map(given) and test.is_map(wanted):
        return fits(given.key_type, wanted.key_type) and fits(given.item_type, wanted.item_type)
    if test.is_struct(given) and test.is_struct(wanted):
        pairs = list(zip(given, wanted))
        same_names = [field.name for field in given] == [field.name for field in wanted]
        return same_names and all(fits(one.type, other.type) for one, other in pairs)
    families = (
        (test.is_integer, test.is_floating, test.is_decimal),
        (test.is_string, test.is_large_string),
        (test.is_binary, test.is_large_binary),
        (test.is_timestamp,),
    )
    return any(any(is_a(given) for is_a in family) and any(is_a(wanted) for is_a in family) for family in families)
