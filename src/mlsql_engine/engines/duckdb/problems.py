"""DuckDB's exceptions as MLSQL's errors: in the user's words, at the user's place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlsql_engine.core import vectors
from mlsql_engine.core.errors import DataProblem, MlsqlError, SqlProblem, SyntaxProblem, UnknownName
from mlsql_engine.core.span import Span
from mlsql_engine.engines.dialect import Translation, no_such_vector_field

if TYPE_CHECKING:
    import duckdb

_COLUMN = re.compile(
    r'Referenced column "([^"]+)" (?:was )?not found|Column "([^"]+)" referenced that exists in the SELECT clause'
)
_TABLE_COLUMN = re.compile(r'(?:Table|Values list) "([^"]+)" does not have a column named "([^"]+)"')
_TABLE = re.compile(r'Referenced table "([^"]+)" not found')
_FUNCTION = re.compile(r"Function with name \"?([\w.]+)\"? does not exist", re.IGNORECASE)
_STRUCT_KEY = re.compile(r'Could not find key "([^"]+)" in struct')
_SYNTAX = re.compile(r'syntax error at (?:or near "([^"]*)"|end of input)')
_PARTITION = re.compile(r'"partition_by" expected to find ([^,]+), but')
_CANDIDATES = re.compile(r'Candidate (?:bindings|tables|Entries)[: ]+((?:"[^"]+"(?:, )?)+)')
_QUOTED = re.compile(r'"([^"]+)"')
_VECTOR_TYPE = re.compile(
    r'STRUCT\("?__type"? TINYINT, "?__size"? INTEGER, "?__indices"? INTEGER\[\], "?__values"? DOUBLE\[\]\)'
)
_INTERNAL_FUNCTION = re.compile(r"mlsql_function_(\w+?)_v\d+")
_INTERNAL_VIEW = re.compile(r'"?mlsql_relation_\d+(?:_rows)?"?\.?')
_INLINE_FILE = re.compile(r' in file "[^"]*/inline\.json"')
_FILE_ADVICE = re.compile(r"\n?(?:The search space used was|Possible Solution|Possible fixes|Try increasing)")
_KIND = re.compile(r"^(?:[A-Za-z]+ ){1,5}(?:Error|Exception): ")


@dataclass(frozen=True)
class Names:
    """What an unknown name might have meant; asked for only where there is one.

    `functions` gives all functions that a query can call, `columns` those of the tables that the query reads.
    """

    functions: Callable[[], Iterable[str]]
    columns: Callable[[], Iterable[str]]


def explain(error: duckdb.Error, query: Translation | None = None, names: Names | None = None) -> MlsqlError:
    """The error of a query; `names` are what an unknown name might have meant."""
    text = _message(error)
    found = _COLUMN.search(text)
    if found:
        return _unknown("column", found.group(1) or found.group(2), _candidates(text), query)
    found = _TABLE_COLUMN.search(text)
    if found:
        return _unknown("column", ".".join(found.groups()), _candidates(text), query)
    found = _TABLE.search(text)
    if found:
        return _unknown("table", found.group(1), _candidates(text), query)
    found = _FUNCTION.search(text)
    if found:
        return _unknown(
            "function", _INTERNAL_FUNCTION.sub(r"\1", found.group(1)), names.functions() if names else (), query
        )
    found = _STRUCT_KEY.search(text)
    if found:
        return _no_field(found.group(1), text, query)
    found = _PARTITION.search(text)
    if found:
        return _unknown("column", found.group(1), [], None)
    found = _SYNTAX.search(text)
    if found:
        near = f"'{found.group(1)}' is not expected here" if found.group(1) else "it ends too early"
        return SyntaxProblem(f"the query is not Spark SQL: {near}", span=_word_place(query, found.group(1)))
    return SqlProblem(_readable(text), span=query.query.span if query else None)


def _unknown(kind: str, name: str, known: Iterable[str], query: Translation | None) -> UnknownName:
    known = list(known)
    problem = UnknownName(kind, name, known, span=_place(query, kind, name))
    if not known:
        problem.hint = None  # DuckDB did not say; it does not mean that there are none
    return problem


def _no_field(name: str, text: str, query: Translation | None) -> MlsqlError:
    span = _place(query, "column", name)
    candidates = _CANDIDATES.search(text)
    if candidates is not None and any(f'"{field}"' in candidates.group(1) for field in vectors.FIELDS):
        return no_such_vector_field(name, span)
    return _unknown("field", name, _candidates(text), query).at(span)


def _word_place(query: Translation | None, word: str | None) -> Span | None:
    """The place of a word that the query has exactly once, else the whole query."""
    if query is None or not word:
        return query.query.span if query else None
    found = list(re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", query.query.value, re.IGNORECASE))
    return query.query.place(*found[0].span()) if len(found) == 1 else query.query.span


def explain_file(error: duckdb.Error, what: str) -> MlsqlError:
    """The error of reading or writing files; `what` says which."""
    import duckdb

    text = _readable(_FILE_ADVICE.split(_message(error))[0]).replace(f' in file "{what}"', "")
    text = _INLINE_FILE.sub("", text)
    if text.startswith("error when sniffing file"):
        text = "its lines do not all have the same number of values, or it has another delimiter, quote or encoding"
    code = "FILE_NOT_FOUND" if "no files found" in text.lower() else None
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
    text = re.split(r"\n\s*(?:LINE \d+:|Candidate functions:|Candidate macros:)", text)[0]
    text = _VECTOR_TYPE.sub("a vector", _INTERNAL_FUNCTION.sub(r"\1", _INTERNAL_VIEW.sub("", text)))
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
