"""DuckDB's exceptions as MLSQL's errors: in the user's words, at the user's place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mlsql_engine.core import vectors
from mlsql_engine.core.errors import DataProblem, MlsqlError, SqlProblem, UnknownName
from mlsql_engine.core.span import Span
from mlsql_engine.engines.dialect import Translation

if TYPE_CHECKING:
    import duckdb

_COLUMN = re.compile(r'Referenced column "([^"]+)" (?:was )?not found')
_TABLE_COLUMN = re.compile(r'Table "([^"]+)" does not have a column named "([^"]+)"')
_TABLE = re.compile(r'Referenced table "([^"]+)" not found')
_FUNCTION = re.compile(r"Function with name \"?([\w.]+)\"? does not exist", re.IGNORECASE)
_STRUCT_KEY = re.compile(r'Could not find key "([^"]+)" in struct')
_CANDIDATES = re.compile(r'Candidate (?:bindings|Entries)[: ]+((?:"[^"]+"(?:, )?)+)')
_QUOTED = re.compile(r'"([^"]+)"')
_INTERNAL_FUNCTION = re.compile(r"mlsql_function_(\w+?)_v\d+")
_INTERNAL_VIEW = re.compile(r'"?mlsql_relation_\d+(?:_rows)?"?\.?')
_KIND = re.compile(r"^(?:[A-Z]\w+ )+Error: |^(?:[A-Z]\w+ )+Exception: ")


def explain(error: duckdb.Error, query: Translation | None = None, functions: Iterable[str] = ()) -> MlsqlError:
    """The error of a query; `functions` are the names that an unknown function might have meant."""
    text = _message(error)
    found = _COLUMN.search(text)
    if found:
        name = found.group(1)
        return UnknownName("column", name, _candidates(text), span=_place(query, "column", name))
    found = _TABLE_COLUMN.search(text)
    if found:
        table, name = found.groups()
        return UnknownName("column", f"{table}.{name}", _candidates(text), span=_place(query, "column", name))
    found = _TABLE.search(text)
    if found:
        return UnknownName("table", found.group(1), _candidates(text), span=query.query.span if query else None)
    found = _FUNCTION.search(text)
    if found:
        name = found.group(1)
        return UnknownName("function", name, functions, span=_place(query, "function", name))
    found = _STRUCT_KEY.search(text)
    if found and vectors.TYPE in text:
        return SqlProblem(
            f"a vector has no field '{found.group(1)}' that a query could reach",
            span=query.query.span if query else None,
            hint="use the functions: vec_array(v) gives its values, vec_size(v) its size",
        )
    return SqlProblem(_readable(text), span=query.query.span if query else None)


def explain_file(error: duckdb.Error, what: str) -> MlsqlError:
    """The error of reading or writing files; `what` says which."""
    import duckdb

    text = _readable(_message(error))
    code = "FILE_NOT_FOUND" if "No files found" in text else None
    if isinstance(error, duckdb.OutOfMemoryException):
        return DataProblem(f"{what}: {text}", code="OUT_OF_MEMORY")
    return DataProblem(f"{what}: {text}", code=code)


def _message(error: duckdb.Error) -> str:
    """The text of an exception, which some come with as JSON."""
    text = str(error)
    start = text.find("{")
    if start >= 0 and '"exception_message"' in text:
        try:
            return str(json.loads(text[start:])["exception_message"])
        except (ValueError, KeyError):
            return text
    return _KIND.sub("", text)


def _readable(text: str) -> str:
    """The message without DuckDB's own listings and without names that only we know."""
    text = re.split(r"\n+(?:LINE \d+:|Candidate functions:|Candidate macros:)", text)[0]
    text = _INTERNAL_FUNCTION.sub(r"\1", _INTERNAL_VIEW.sub("", text))
    lines = [line.strip() for line in text.strip().split("\n") if line.strip()]
    text = " ".join(lines)
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _place(query: Translation | None, kind: str, name: str) -> Span | None:
    return query.place(kind, name) if query else None


def _candidates(text: str) -> list[str]:
    found = _CANDIDATES.search(text)
    if found is None:
        return []
    names = [name.rsplit(".", 1)[-1] for name in _QUOTED.findall(found.group(1))]
    return [name for name in names if name not in vectors.FIELDS]
