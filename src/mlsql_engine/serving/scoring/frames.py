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


class _AllNumbers(msgspec.Struct, forbid_unknown_fields=True):
    dataframe_split: _Numbers | None = None
    dataframe_records: list[dict[str, float]] | None = None
    instances: list[list[float]] | None = None
    inputs: list[list[float]] | None = None
    params: dict[str, Any] | None = None


class _Values(msgspec.Struct, forbid_unknown_fields=True):
    data: list[list[Any]]
    columns: list[_Name] | None = None
    index: Any = None


_ALL_NUMBERS: Final = msgspec.json.Decoder(_AllNumbers)


def read(content: bytes, *, doubles: bool) -> Frame:
    """The rows of a JSON body. With `doubles` numbers are read as such.

    Raises BadValue for what is not of the protocol, and for `params`, which no function here takes.
    """
    frame = _of_numbers(content) if doubles else None
    return _of_anything(content) if frame is None else frame


def _of_numbers(content: bytes) -> Frame | None:
    """The rows of a body that has only numbers, read in one pass; None for another."""
    try:
        found = _ALL_NUMBERS.decode(content)
    except json_values.Problem:
        return None
    split, records, instances, inputs = (
        found.dataframe_split,
        found.dataframe_records,
        found.instances,
        found.inputs,
    )
    if found.params or (split, records, instances, inputs).count(None) != 3:
        return None
    if split is not None:
        return _of_rows(_names(split), split.data, doubles=True)
    if records is not None:
        return _of_records(records, doubles=True)
    return _of_rows(None, (instances if inputs is None else inputs) or [], doubles=True)


def _of_anything(content: bytes) -> Frame:
    try:
        found = json_values.members(content)
        params = json_values.typed(found.pop("params", None), Any)
    except (*json_values.Problem, ValueError) as error:
        raise wrong(f"the body is no JSON object: {error}") from None
    if params not in (None, {}):
        raise wrong("functions take no params", hint="leave params out")
    if len(found) != 1 or next(iter(found)) not in FORMS:
        raise wrong(f"the body has {_listed(found)}, and not one of {', '.join(FORMS)}")
    form, value = next(iter(found.items()))
    try:
        if form == "dataframe_split":
            split = json_values.typed(value, _Values)
            return _of_rows(_names(split), split.data)
        if form == "dataframe_records":
            return _of_records(json_values.typed(value, list[dict[str, Any]]))
        return _of_instances(json_values.typed(value, Any), form)
    except json_values.Problem as error:
        raise wrong(f"{form} is not of its form: {error}") from None


def _names(split: _Numbers | _Values) -> list[str] | None:
    return None if split.columns is None else [str(name) for name in split.columns]


def _of_records(records: list[dict[str, Any]], *, doubles: bool = False) -> Frame:
    if not records:
        return Frame((), [])
    names = list(records[0])
    if all(list(record) == names for record in records):
        return Frame(names, [list(record.values()) for record in records], doubles=doubles)
    names = list(dict.fromkeys(name for record in records for name in record))
    return Frame(names, [[record.get(name) for name in names] for record in records])


def _of_instances(found: Any, form: str) -> Frame:
    if isinstance(found, dict) and all(isinstance(values, list) for values in found.values()):
        return _of_columns(found)
    if not isinstance(found, list):
        raise wrong(f"{form} is neither a list of rows nor an object of columns")
    if found and all(isinstance(row, dict) for row in found):
        return _of_records(found)
    if all(isinstance(row, list) for row in found):
        return _of_rows(None, found)
    if any(isinstance(row, list | dict) for row in found):
        raise wrong(f"{form} has rows of different kinds")
    return _of_rows(None, [[row] for row in found])


def _of_columns(found: dict[str, list[Any]]) -> Frame:
    lengths = sorted({len(column) for column in found.values()})
    if len(lengths) > 1:
        raise wrong(f"the columns have different lengths: {', '.join(map(str, lengths[:5]))}")
    return Frame(list(found), None, {name: column(name, values) for name, values in found.items()})


def _of_rows(names: list[str] | None, rows: list[list[Any]], *, doubles: bool = False) -> Frame:
    width = len(rows[0] if names is None and rows else names or ())
    for place, row in enumerate(rows):
        if len(row) != width:
            raise wrong(f"row {place} has {len(row)} values, and not {width}")
    if names is not None and len(set(names)) < len(names):
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise wrong(f"the column '{twice}' is given twice")
    return Frame(names, rows, doubles=doubles)


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
