"""The rows of a request, in each of the forms that the protocol has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa

from mlsql_engine.core.errors import BadValue
from mlsql_engine.serving import json_values

FORMS: Final = ("dataframe_split", "dataframe_records", "instances", "inputs")
_EXAMPLE: Final = '{"dataframe_split": {"columns": ["a", "b"], "data": [[0.5, 1.5]]}}'
_Name = str | int | float


class Frame(NamedTuple):
    """Rows of values, all of one length, or columns, by their names where they have names.

    `doubles` tells that every value of the rows is a float.
    """

    names: Sequence[str] | None
    rows: list[list[Any]] | None
    columns: Mapping[str, pa.Array] | None = None
    doubles: bool = False


class _Numbers(msgspec.Struct, forbid_unknown_fields=True):
    data: list[list[float]]
    columns: list[_Name] | None = None
    index: Any = None


class _Values(msgspec.Struct, forbid_unknown_fields=True):
    data: list[list[Any]]
    columns: list[_Name] | None = None
    index: Any = None


def read(content: bytes, *, doubles: bool) -> Frame:
    """The rows of a JSON body. With `doubles` numbers are read as such.

    Raises BadValue for what is not of the protocol, and for `params`, which no function here takes.
    """
    try:
        found = json_values.members(content)
    except (*json_values.Problem, ValueError) as error:
        raise wrong(f"the body is no JSON object: {error}") from None
    params = found.pop("params", None)
    if params is not None and json_values.typed(params, Any):
        raise wrong("functions take no params", hint="leave params out")
    if len(found) != 1 or next(iter(found)) not in FORMS:
        raise wrong(f"the body has {_listed(found)}, and not one of {', '.join(FORMS)}")
    form, value = next(iter(found.items()))
    try:
        if form == "dataframe_split":
            return _split(value, doubles=doubles)
        if form == "dataframe_records":
            return _records(value, doubles=doubles)
        return _instances(value, form, doubles=doubles)
    except json_values.Problem as error:
        raise wrong(f"{form} is not of its form: {error}") from None


def _split(value: Any, *, doubles: bool) -> Frame:
    found: _Numbers | _Values | None = _quick(value, _Numbers) if doubles else None
    is_double = found is not None
    if found is None:
        found = json_values.typed(value, _Values)
    names = None if found.columns is None else [str(name) for name in found.columns]
    return _frame(names, found.data, doubles=is_double)


def _records(value: Any, *, doubles: bool) -> Frame:
    found = _quick(value, list[dict[str, float]]) if doubles else None
    is_double = found is not None
    if found is None:
        found = json_values.typed(value, list[dict[str, Any]])
    if not found:
        return Frame((), [])
    names = list(found[0])
    if all(list(record) == names for record in found):
        return Frame(names, [list(record.values()) for record in found], doubles=is_double)
    names = list(dict.fromkeys(name for record in found for name in record))
    return Frame(names, [[record.get(name) for name in names] for record in found])


def _instances(value: Any, form: str, *, doubles: bool) -> Frame:
    rows = _quick(value, list[list[float]]) if doubles else None
    if rows is not None:
        return _frame(None, rows, doubles=True)
    found = json_values.typed(value, Any)
    if isinstance(found, dict) and all(isinstance(column, list) for column in found.values()):
        return _of_columns(found)
    if not isinstance(found, list):
        raise wrong(f"{form} is neither a list of rows nor an object of columns")
    if found and all(isinstance(row, dict) for row in found):
        return _records(found, doubles=False)
    if all(isinstance(row, list) for row in found):
        return _frame(None, found, doubles=False)
    if any(isinstance(row, list | dict) for row in found):
        raise wrong(f"{form} has rows of different kinds")
    return _frame(None, [[row] for row in found], doubles=False)


def _of_columns(found: dict[str, list[Any]]) -> Frame:
    lengths = sorted({len(column) for column in found.values()})
    if len(lengths) > 1:
        raise wrong(f"the columns have different lengths: {', '.join(map(str, lengths[:5]))}")
    return Frame(list(found), None, {name: column(name, values) for name, values in found.items()})


def _frame(names: list[str] | None, rows: list[list[Any]], *, doubles: bool) -> Frame:
    width = len(rows[0] if names is None and rows else names or ())
    for place, row in enumerate(rows):
        if len(row) != width:
            raise wrong(f"row {place} has {len(row)} values, and not {width}")
    if names is not None and len(set(names)) < len(names):
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise wrong(f"the column '{twice}' is given twice")
    return Frame(names, rows, doubles=doubles)


def _quick(value: Any, kind: Any) -> Any:
    """The value as numbers only; None where it is not."""
    try:
        return json_values.typed(value, kind)
    except json_values.Problem:
        return None


def column(name: str, values: Sequence[Any]) -> pa.Array:
    """Values as a column. A NaN among what are no numbers is NULL, as pandas writes that. Raises BadValue."""
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError, UnicodeError):
        pass
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError, UnicodeError):
        raise wrong(f"the column '{name}' has values of different types, or numbers that are too large") from None


def wrong(what: str, hint: str = _EXAMPLE) -> BadValue:
    """The error of a body that is not of the protocol."""
    return BadValue(what, code="REQUEST", hint=hint)


def _listed(found: Mapping[str, Any]) -> str:
    return ", ".join(f"'{name[:40]}'" for name in list(found)[:8]) or "no member"
