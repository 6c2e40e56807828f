"""Arrow arrays as the Python values that a script's function takes, and what it returns as an Arrow array.

NULL is None, a map a dict, a struct a dict of its fields, an array a list, a vector a DenseVector or SparseVector
of `pyspark.ml.linalg`; decimals, dates and timestamps are those of Python. What is returned must be of the declared
type: nothing is cut, parsed or turned into text on the way. A number may stand for another kind of number that it
equals, a float is rounded where a decimal is declared, a struct may come as a dict or as a tuple, an array as any
list, tuple, set or numpy array, a vector also as a list or numpy array of numbers.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable, Optional

from . import type_names, vectors

if TYPE_CHECKING:
    import pyarrow as pa

Convert = Callable[[Any], Any]
_PRECISE = decimal.Context(prec=80, rounding=decimal.ROUND_HALF_UP)


class UnfitError(Exception):
    """A value that is not of the declared type: `place` is its row, counted from 0."""

    def __init__(self, place: int, value: Any, why: str) -> None:
        super().__init__(why)
        self.place = place
        self.value = value


def to_python(column: pa.Array) -> list[Any]:
    """One Python value per row."""
    convert = _reader(column.type)
    rows: list[Any] = column.to_pylist()
    return rows if convert is None else [None if row is None else convert(row) for row in rows]


def _reader(kind: pa.DataType) -> Optional[Convert]:  # noqa: UP045 - read by Python 3.9
    """What makes the value that a script sees of the one that Arrow gives; None where they are the same."""
    import pyarrow as pa

    if vectors.is_vector_type(kind):
        udt = _vector_udt()
        return lambda row: udt.deserialize((row["type"], row["size"], row["indices"], row["values"]))
    if pa.types.is_map(kind):
        key, item = _reader_or_same(kind.key_type), _reader_or_same(kind.item_type)
        return lambda row: {key(name): item(value) for name, value in row}
    if type_names.is_list(kind):
        element = _reader(kind.value_type)
        if element is None:
            return None
        there: Convert = element
        return lambda row: [None if value is None else there(value) for value in row]
    if pa.types.is_struct(kind):
        readers = {field.name: _reader_or_same(field.type) for field in kind}
        return lambda row: {name: readers[name](value) for name, value in row.items()}
    return None


def _reader_or_same(kind: pa.DataType) -> Convert:
    found = _reader(kind)
    if found is None:
        return _same
    convert: Convert = found
    return lambda value: None if value is None else convert(value)


def _same(value: Any) -> Any:
    return value


def _vector_udt() -> Any:
    from pyspark.ml.linalg import VectorUDT

    return VectorUDT()


def to_arrow(rows: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """The values as an array of the type. Raises UnfitError for the first that is not of it."""
    import pyarrow as pa

    exact = {"int64": int, "double": float, "string": str, "bool": bool}.get(str(kind))
    try:
        if exact is not None and {type(row) for row in rows} <= {exact, type(None)}:
            return pa.array(rows, type=kind)
        write = _writer(kind)
        return pa.array([None if row is None else write(row) for row in rows], type=kind)
    except _REFUSALS:
        # Which row it is takes another look at each of them.
        for place, row in enumerate(rows):
            _check_alone(place, row, kind)
        raise


def _check_alone(place: int, row: Any, kind: pa.DataType) -> None:
    import pyarrow as pa

    try:
        pa.array([None if row is None else _writer(kind)(row)], type=kind)
    except _REFUSALS as error:
        raise UnfitError(place, row, str(error).split("\n")[0]) from None


# Those of pyarrow are ValueError, TypeError and NotImplementedError.
_REFUSALS = (ValueError, TypeError, NotImplementedError, ArithmeticError, AttributeError)


def _writer(kind: pa.DataType) -> Convert:
    """What makes the value that Arrow takes of the one that a script returned. It raises one of _REFUSALS."""
    import pyarrow as pa

    test = pa.types
    if vectors.is_vector_type(kind):
        return _written_vector
    if test.is_map(kind):
        return _map_writer(kind)
    if test.is_struct(kind):
        return _struct_writer(kind)
    if type_names.is_list(kind):
        return _list_writer(kind)
    if test.is_decimal(kind):
        return lambda value: _written_decimal(value, kind.precision, kind.scale)
    for matches, write in (
        (test.is_integer, _written_integer),
        (test.is_floating, _written_float),
        (test.is_boolean, _of_type("bool", "bool_")),
        (test.is_string, _of_type("str")),
        (test.is_binary, _of_type("bytes", "bytearray", "memoryview")),
        (test.is_date, _written_date),
        (test.is_timestamp, _of_type("datetime", "datetime64")),
    ):
        if matches(kind):
            return write
    return _same


def _of_type(*names: str) -> Convert:
    """The value itself where its class, or one that it is derived of, is called so."""

    def write(value: Any) -> Any:
        if not any(base.__name__ in names for base in type(value).__mro__):
            raise _other_type(value, names[0])
        return value

    return write


def _other_type(value: Any, wanted: str) -> TypeError:
    return TypeError(f"it is of the type {type(value).__name__}, not {wanted}")


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool) or type(value).__name__ == "bool_"


def _written_integer(value: Any) -> int:
    if isinstance(value, int) and not _is_bool(value):
        return value
    if _is_bool(value) or not hasattr(value, "__int__") or isinstance(value, (str, bytes)):
        raise _other_type(value, "a whole number")
    whole = int(value)
    if whole != value:
        raise ValueError("it is no whole number")
    return whole


def _written_float(value: Any) -> float:
    if isinstance(value, float):
        return value
    if _is_bool(value) or not hasattr(value, "__float__") or isinstance(value, (str, bytes)):
        raise _other_type(value, "a number")
    return float(value)


def _written_decimal(value: Any, precision: int, scale: int) -> decimal.Decimal:
    if isinstance(value, decimal.Decimal):
        number = value
    elif isinstance(value, int) and not _is_bool(value):
        number = decimal.Decimal(value)
    else:
        number = decimal.Decimal(repr(_written_float(value)))
    if not number.is_finite():
        raise ValueError("a decimal has no NaN and no infinity")
    rounded = number.quantize(decimal.Decimal(1).scaleb(-scale), context=_PRECISE)
    if rounded and rounded.adjusted() >= precision - scale:
        raise ValueError(f"it has more than {precision - scale} digits before the point")
    return rounded


def _written_date(value: Any) -> Any:
    if isinstance(value, datetime.datetime) or not isinstance(value, datetime.date):
        raise _other_type(value, "date")
    return value


def _optional(write: Convert) -> Convert:
    return lambda value: None if value is None else write(value)


def _inside(place: str, write: Convert, value: Any) -> Any:
    """What is written of a part of a value; an error says which part."""
    try:
        return write(value)
    except _REFUSALS as error:
        raise ValueError(f"{place}: {error}") from None


def _map_writer(kind: Any) -> Convert:
    key, item = _optional(_writer(kind.key_type)), _optional(_writer(kind.item_type))

    def write(value: Any) -> list[tuple[Any, Any]]:
        if isinstance(value, (list, tuple)):
            value = _of_pairs(value)  # as Arrow gives a map
        if not isinstance(value, Mapping):
            raise _other_type(value, "dict")
        return [
            (_inside("a key", key, name), _inside(f"the value of {name!r}", item, content))
            for name, content in value.items()
        ]

    return write


def _of_pairs(pairs: Sequence[Any]) -> dict[Any, Any]:
    if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        raise _other_type(pairs, "dict")
    return dict(pairs)


def _list_writer(kind: Any) -> Convert:
    element = _optional(_writer(kind.value_type))

    def write(value: Any) -> list[Any]:
        if isinstance(value, (str, bytes, Mapping)) or not hasattr(value, "__iter__"):
            raise _other_type(value, "list")
        return [_inside("an element", element, one) for one in value]

    return write


def _struct_writer(kind: Any) -> Convert:
    fields = {field.name: _optional(_writer(field.type)) for field in kind}

    def write(value: Any) -> dict[str, Any]:
        if isinstance(value, (tuple, list)):
            if len(value) != len(fields):
                raise ValueError(f"it has {len(value)} values for the {len(fields)} fields {', '.join(fields)}")
            value = dict(zip(fields, value))
        if not isinstance(value, Mapping):
            raise _other_type(value, "dict")
        unknown = [str(name) for name in value if name not in fields]
        if unknown:
            raise ValueError(f"there is no field '{unknown[0]}'; the fields are {', '.join(fields)}")
        return {name: _inside(f"the field '{name}'", write_, value.get(name)) for name, write_ in fields.items()}

    return write


def _written_vector(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping) and list(value) == ["type", "size", "indices", "values"]:
        value = _vector_udt().deserialize(tuple(value.values()))  # as Arrow gives a vector
    if isinstance(value, (str, bytes, Mapping)):
        raise _other_type(value, "vector")
    if isinstance(value, (list, tuple)) or type(value).__name__ == "ndarray":
        row: Any = (1, None, None, [_written_float(number) for number in value])
    else:
        row = _vector_udt().serialize(value)
    checked: dict[str, Any] = vectors.from_tuples([row]).to_pylist()[0]
    return checked
