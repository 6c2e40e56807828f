"""The type of a model's answers: what it gives by itself, and whether that can be what register asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from . import type_names, types, vectors
from .failures import ContractError

if TYPE_CHECKING:
    import pyarrow as pa

CODE = "RETURN_TYPE"


class Given(NamedTuple):
    """What a model answers: the type of one answer, and all answers that it can give where they are known."""

    kind: pa.DataType
    values: Any = None


def named(name: str) -> pa.DataType:
    """The type that the option returnType names. Raises ContractError where it names none."""
    try:
        return types.parse(name)
    except types.TypeNameError as error:
        raise ContractError(str(error), code=CODE) from None


def chosen(name: str | None, given: Given | None) -> pa.DataType:
    """The type of the answers: what `name` asks for, else what is given; double where nothing tells.

    Raises ContractError where an answer of the given type may be none of that which is asked for.
    """
    import pyarrow as pa

    if name is None:
        return pa.float64() if given is None else given.kind
    wanted = named(name)
    if given is None or can_be(given.kind, wanted) or _all_can_be(given, wanted):
        return wanted
    gives, asked = type_names.type_name(given.kind), type_names.type_name(wanted)
    raise ContractError(
        f"the model gives {gives}, which cannot always be made {asked}",
        "leave returnType out, and cast what the function gives in the query",
        CODE,
    )


def can_be(given: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether every value of a type can be cast to the other."""
    import pyarrow as pa

    test = pa.types
    if given == wanted or test.is_null(given):
        return True
    if vectors.is_vector_type(wanted):
        return type_names.is_list(given) and can_be(given.value_type, pa.float64())
    if type_names.is_list(given) and type_names.is_list(wanted):
        return can_be(given.value_type, wanted.value_type)
    if test.is_string(wanted):
        return not test.is_nested(given) and not test.is_binary(given)
    if test.is_floating(wanted):
        return bool(test.is_integer(given) or test.is_floating(given) or test.is_boolean(given))
    if test.is_decimal(wanted):
        return bool(test.is_integer(given) and wanted.precision - wanted.scale >= _digits(given))
    if test.is_integer(wanted):
        narrower = (
            test.is_integer(given)
            and _range(given)[0] >= _range(wanted)[0]
            and _range(given)[1] <= _range(wanted)[1]
        )
        return bool(test.is_boolean(given) or narrower)
    return False


def _digits(kind: pa.DataType) -> int:
    return len(str(_range(kind)[1]))


def _range(kind: pa.DataType) -> tuple[int, int]:
    """The least and the greatest whole number of a type."""
    import pyarrow as pa

    if pa.types.is_signed_integer(kind):
        return -(1 << (kind.bit_width - 1)), (1 << (kind.bit_width - 1)) - 1
    return 0, (1 << kind.bit_width) - 1


def _all_can_be(given: Given, wanted: pa.DataType) -> bool:
    """Whether each of the answers that a model can give is of the wanted type, such as its classes 0.0 and 1.0."""
    import pyarrow as pa

    if given.values is None or pa.types.is_nested(wanted):
        return False
    try:
        pa.array(given.values).cast(wanted)
    except (pa.ArrowException, ValueError, TypeError):
        return False
    return True
