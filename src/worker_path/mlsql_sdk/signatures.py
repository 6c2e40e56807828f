"""What the annotations of a script's function say of its arguments and of what it returns.

    of one row: float, int, str, bool, bytes, list[T], dict[K, V], Optional[T], datetime.date, datetime.datetime,
                decimal.Decimal, numpy's scalar types, the vectors of pyspark.ml.linalg
    of many:    pyarrow.Array, pyarrow.ChunkedArray, numpy.ndarray, numpy.typing.NDArray[T], pandas.Series

Any other annotation says nothing.
"""

from __future__ import annotations

import collections.abc
import datetime
import decimal
import inspect
import sys
import types
import typing
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Union

from . import accepted, type_names, vectors
from . import types as sql_types
from .accepted import Accepted, Place
from .failures import ContractError

if TYPE_CHECKING:
    import pyarrow as pa

ROW = "row"
ARROW, CHUNKED, NUMPY, PANDAS = "arrow", "chunked", "numpy", "pandas"
_COLUMNS = {
    ("pyarrow", "ChunkedArray"): CHUNKED,
    ("pyarrow", "Array"): ARROW,
    ("numpy", "ndarray"): NUMPY,
    ("pandas", "Series"): PANDAS,
}
_UNIONS = (Union, getattr(types, "UnionType", Union))
_UNBOUNDED = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Annotation(NamedTuple):
    """Whether a value of one row is meant or a column in one of four shapes, and of which type, if it says that."""

    shape: str
    kind: pa.DataType | None


_NOTHING = Annotation(ROW, None)


class Signature:
    """How a function can be called. `called` is what errors call it."""

    def __init__(self, function: Callable[..., Any], called: str) -> None:
        self.called = called
        self._hints = _hints(function, called)
        try:
            self._signature = inspect.signature(function)
        except (TypeError, ValueError):  # one that is written in C tells nothing
            self._signature = None  # type: ignore[assignment]
        self.returns = _annotation(self._hints.get("return"))
        named = [self.of(name) for name in self._hints if name != "return"]
        self.shapes = {one.shape for one in (*named, self.returns)} - {ROW}

    def of(self, name: str) -> Annotation:
        """The annotation of an argument."""
        return _annotation(self._hints.get(name))

    def arguments(self, count: int, source: str = "the query") -> list[tuple[str, Annotation]]:
        """The names and annotations of `count` arguments. Raises ContractError where it does not take so many."""
        if self._signature is None:
            return [(f"{index + 1}", _NOTHING) for index in range(count)]
        try:
            self._signature.bind(*range(count))
        except TypeError:
            given = "1 argument" if count == 1 else f"{count} arguments"
            problem = f"{self.called} takes {self._takes()}, and {source} gives it {given}"
            raise ContractError(problem, code=accepted.CODE) from None
        names: list[str] = []
        for parameter in self._signature.parameters.values():
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                names += [parameter.name] * (count - len(names))
            names.append(parameter.name)
        return [(name, self.of(name)) for name in names[:count]]

    def accepted(self, of: Callable[[Annotation], Annotation] | None = None) -> Accepted | None:
        """What is known of the arguments before there are any; `of` makes an annotation that of a single row."""
        if self._signature is None:
            return None
        positional: list[inspect.Parameter] = []
        by_name = rest = False
        for one in self._signature.parameters.values():
            if one.kind is inspect.Parameter.KEYWORD_ONLY:
                by_name = by_name or one.default is one.empty
            elif one.kind is not inspect.Parameter.VAR_KEYWORD:
                positional.append(one)
                rest = rest or one.kind is inspect.Parameter.VAR_POSITIONAL
        places = []
        for one in positional:
            annotation = self.of(one.name) if of is None else of(self.of(one.name))
            places.append(Place(one.name, _name(annotation.kind)))
        least = sum(1 for one in positional if one.default is one.empty and one.kind not in _UNBOUNDED)
        # An argument that goes by name only is one that no query can give.
        most = -1 if by_name else None if rest else len(positional)
        return Accepted(self.called, self._takes(), tuple(places), least, most, spread=False, annotated=True)

    def _takes(self) -> str:
        parameters = [
            parameter.replace(annotation=inspect.Parameter.empty)
            for parameter in self._signature.parameters.values()
        ]
        needed = [one for one in parameters if one.default is one.empty and one.kind not in _UNBOUNDED]
        if not parameters:
            return "no argument"
        word = "argument" if len(parameters) == len(needed) == 1 else "arguments"
        return f"the {word} {inspect.Signature(parameters)}"


def _name(kind: pa.DataType | None) -> str:
    """The SQL name of an annotated type; empty for none, and for one that SQL has no name for."""
    if kind is None:
        return ""
    name = type_names.type_name(kind)
    try:
        sql_types.parse(name)
    except sql_types.TypeNameError:
        return ""
    return name


def _hints(function: Callable[..., Any], called: str) -> dict[str, Any]:
    """The annotations, texts among them evaluated."""
    annotated = function if hasattr(function, "__annotations__") else getattr(function, "__call__", None)  # noqa: B004
    try:
        return typing.get_type_hints(annotated)
    except Exception as error:  # noqa: BLE001 - a text among them may be any code
        if not getattr(annotated, "__annotations__", None):
            return {}
        raise ContractError(
            f"the annotations of {called} cannot be read: {type(error).__name__}: {error}",
            f"the interpreter is Python {sys.version_info[0]}.{sys.version_info[1]}; "
            "import what they name when the script runs, or leave them out and give dataType at register",
        ) from None


def _annotation(hint: Any) -> Annotation:
    shape = _shape(typing.get_origin(hint) or hint)
    if shape == ROW:
        return Annotation(ROW, _kind(hint))
    if shape == NUMPY:
        return Annotation(shape, _element(hint))
    return Annotation(shape, None)


def _shape(hint: Any) -> str:
    if isinstance(hint, type):
        for base in hint.__mro__:
            shape = _COLUMNS.get((base.__module__.split(".")[0], base.__name__))
            if shape is not None:
                return shape
    return ROW


def _element(hint: Any) -> pa.DataType | None:
    """The type of the elements of NDArray[T], which is ndarray[shape, dtype[T]]."""
    arguments = typing.get_args(hint)
    inner = typing.get_args(arguments[1]) if len(arguments) == 2 else ()
    return _kind(inner[0]) if inner else None


def _kind(hint: Any) -> pa.DataType | None:
    import pyarrow as pa

    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in _UNIONS:
        others = [one for one in arguments if one is not type(None)]
        return _kind(others[0]) if len(others) == 1 else None
    if origin in (list, collections.abc.Sequence) and len(arguments) == 1:
        element = _kind(arguments[0])
        return None if element is None else pa.list_(element)
    if origin in (dict, collections.abc.Mapping) and len(arguments) == 2:
        key, item = _kind(arguments[0]), _kind(arguments[1])
        return None if key is None or item is None else pa.map_(key, item)
    if not isinstance(hint, type):
        return None
    simple = {
        float: pa.float64(),
        int: pa.int64(),
        str: pa.string(),
        bool: pa.bool_(),
        bytes: pa.binary(),
        datetime.date: pa.date32(),
        datetime.datetime: pa.timestamp("us"),
        decimal.Decimal: pa.decimal128(38, 18),
    }
    return simple[hint] if hint in simple else _foreign_kind(hint)


def _foreign_kind(hint: type) -> pa.DataType | None:
    """A scalar type of numpy's, or a vector."""
    import pyarrow as pa

    if hint.__module__ == "pyspark.ml.linalg":
        return vectors.arrow_type() if hint.__name__ in ("Vector", "DenseVector", "SparseVector") else None
    if hint.__module__ != "numpy":
        return None
    try:
        return pa.from_numpy_dtype(hint)
    except (pa.ArrowException, TypeError, ValueError):
        return None
