"""DuckDB's exceptions as MLSQL's errors: in the user's words, at the user's place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlsql_engine.core import vectors
from mlsql_engine.core.errors import DataProblem, MlsqlError, SqlProblem, SyntaxProblem, UnknownName, suggestion
from mlsql_engine.core.span import Span
from mlsql_engine.engines.dialect import Translation, no_such_vector_field
from mlsql_engine.engines.duckdb import functions
from mlsql_engine.engines.duckdb.file_problems import of_file
from mlsql_engine.engines.duckdb.wording import (
    VECTOR_TYPE,
    readable,
    spark_types,
    with_article,
)
from mlsql_engine.engines.session_functions import NAME

if TYPE_CHECKING:
    import duckdb

_COLUMN = re.compile(
    r'Referenced column "([^"]+)" (?:was )?not found|Column "([^"]+)" referenced that exists in the SELECT clause'
    r'|Column "([^"]+)" does not exist on (?:left|right) side of join'
)
_TABLE_COLUMN = re.compile(r'(?:Table|Values list) "([^"]+)" does not have a column named "([^"]+)"')
_TABLE = re.compile(r'Referenced table "([^"]+)" not found')
_FUNCTION = re.compile(r"Function with name \"?([\w.]+)\"? (?:does not exist|is not in the catalog)", re.IGNORECASE)
_STRUCT_KEY = re.compile(r'Could not find key "([^"]+)" in struct')
_SYNTAX = re.compile(r'syntax error at (?:or near "([^"]*)"|end of input)')
_PARTITION = re.compile(r'"partition_by" expected to find ([^,]+), but')
_CANDIDATES = re.compile(r'Candidate (?:bindings|tables|Entries)[: ]+((?:"[^"]+"(?:, )?)+)')
_QUOTED = re.compile(r'"([^"]+)"')
_INLINE_FILE = re.compile(r' in file "[^"]*/inline\.json"')
_AMBIGUOUS = re.compile(r'^Ambiguous reference to column name "([^"]+)" \(use: (.+)\)')
_GROUPED = re.compile(r'^column "([^"]+)" must appear in the GROUP BY clause', re.IGNORECASE)
_NO_MATCH = re.compile(r"No function matches the given name and argument types '(.+?)\((.*)\)'\. ")
_WRONG_COUNT = re.compile(r"^Macro \"?(\w+)\"?\(\) does not support the supplied arguments", re.IGNORECASE)
_GENERATORS = ("explode", "explode_outer", "posexplode", "posexplode_outer", "inline", "inline_outer")
_FORMS = re.compile(r"^\tmlsql_\w+\(([^()]*)\)", re.MULTILINE)
_TAKES = re.compile(r"^\s*\"?\w+\"?\((.*)\) -> ", re.MULTILINE)
_ANY_TYPE = re.compile(r"\b(?:T|K|V|ANY)\b")
_TO_VECTOR = re.compile(r"Unimplemented type for cast \((.+) -> vector\)")
_NOT_A_VALUE = re.compile(r"^Could not convert string '(.*)' to (\w+)", re.DOTALL)
# The columns of stages (see queries._Draft) are named by numbers that tell nobody anything.
_STAGE_COLUMN = re.compile(r" when casting from source column s\d+_\w+")
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
    problem = of_file(text)
    if problem is not None:
        return problem
    found = _COLUMN.search(text) or _TABLE_COLUMN.search(text)
    if found:
        name = ".".join(group for group in found.groups() if group)
        return _unknown_column(name, text, query, names)
    found = _TABLE.search(text)
    if found:
        return _unknown_table(found.group(1), text, query, names)
    found = _FUNCTION.search(text)
    if found:
        return _unknown_function(NAME.sub(r"\1", found.group(1)), query, names)
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
    return _refused(text, query)


def _refused(text: str, query: Translation | None) -> SqlProblem:
    """A query of known names that DuckDB does not take, or that fails at a value."""
    found = _AMBIGUOUS.match(text)
    if found:
        return SqlProblem(readable(text), span=_place(query, "column", found.group(1)))
    found = _GROUPED.match(text)
    if found:
        name = found.group(1)
        return SqlProblem(
            f"the column '{name}' is neither in GROUP BY nor inside an aggregate function",
            span=_place(query, "column", name),
            hint=f"add it to GROUP BY, or write any_value({name})",
        )
    if text.startswith("UNNEST"):
        return _not_exploded(text, query)
    found = _WRONG_COUNT.search(text)
    if found:
        return _wrong_count(found.group(1), text, query)
    found = _NO_MATCH.search(text)
    if found:
        return _no_match(NAME.sub(r"\1", found.group(1)), found.group(2), text, query)
    found = _TO_VECTOR.search(VECTOR_TYPE.sub("vector", text))
    if found:
        return _no_vector(with_article(spark_types(found.group(1))), query)
    found = _NOT_A_VALUE.match(text)
    if found:
        text = f"the text '{found.group(1)}' is not {with_article(spark_types(found.group(2)))}"
    return SqlProblem(readable(text), span=query.query.span if query else None)


def _no_match(name: str, types: str, text: str, query: Translation | None) -> SqlProblem:
    """A function or operator that does not take what it is given."""
    given = spark_types(VECTOR_TYPE.sub("vector", types))
    span = _place(query, "function", name)
    if re.match(r"\w", name) and (query is None or span == query.query.span):
        # The dialect calls another function than the script does.
        given = given.replace(", LAMBDA", "").replace("LAMBDA, ", "")
        written = _caller(name, query)
        return SqlProblem(
            f"{written or 'a function here'} does not take ({given})", span=_place(query, "function", written or "")
        )
    takes = [] if name in "+-*/%" else [one for one in _TAKES.findall(text) if not _ANY_TYPE.search(one)]
    what = f"({given})" if "," in given else with_article(given)
    return SqlProblem(
        f"{name} does not take {what}" if given else f"{name} needs arguments",
        span=span,
        hint=f"it takes {' or '.join(f'({_argument_types(one)})' for one in takes)}"
        if 0 < len(takes) <= 3
        else None,
    )


def _caller(name: str, query: Translation | None) -> str | None:
    """The query's only macro that calls the engine's function of that name, if there is one."""
    called = re.compile(rf"\b{re.escape(name)}\(", re.IGNORECASE)
    found = [call for call in query.calls if called.search(functions.full_text(call))] if query else []
    return found[0] if len(found) == 1 else None


def _not_exploded(text: str, query: Translation | None) -> SqlProblem:
    """A generator over something that is no array."""
    hint = "a map gives two columns: explode(m) as (key, value)" if "MAP" in text else None
    span = next((span for name in _GENERATORS if (span := _function_place(query, name))), None)
    return SqlProblem("only an array or a map can be made rows of", span=span or _place(query, "", ""), hint=hint)


def _function_place(query: Translation | None, name: str) -> Span | None:
    found = query.places.get(("function", name)) if query else None
    return query.query.place(*found) if query and found else None


def _wrong_count(name: str, text: str, query: Translation | None) -> SqlProblem:
    """A macro that has no form with as many arguments."""
    name = name.removeprefix("mlsql_")
    counts = sorted({len(form.split(",")) if form else 0 for form in _FORMS.findall(text)})
    return SqlProblem(
        f"{name} does not take these arguments",
        span=_place(query, "function", name),
        hint=f"it takes {' or '.join(map(str, counts))}" if counts else None,
    )


def _argument_types(arguments: str) -> str:
    kinds = [argument.split(" ", 1)[-1] for argument in arguments.split(", ") if argument != "/"]
    return spark_types(VECTOR_TYPE.sub("vector", ", ".join(kinds)))


def _no_vector(given: str, query: Translation | None) -> SqlProblem:
    """Something else than a vector for a function of vectors: which one, DuckDB does not say."""
    called = [name for name in query.calls if name.startswith("vec_")] if query else []
    if len(called) == 1:
        return SqlProblem(f"{called[0]} takes a vector, not {given}", span=_place(query, "function", called[0]))
    return SqlProblem(f"a vector is wanted, not {given}", span=query.query.span if query else None)


def _unknown(kind: str, name: str, known: Iterable[str], query: Translation | None) -> UnknownName:
    known = list(known)
    problem = UnknownName(kind, name, known, span=_place(query, kind, name))
    if not known:
        problem.hint = None  # DuckDB did not say; it does not mean that there are none
    return problem


def _unknown_table(name: str, text: str, query: Translation | None, names: Names | None) -> UnknownName:
    """No such table; or, inside a subquery, a table that is there with a column that it does not have."""
    if query is not None and names is not None and name.lower() in query.sources:
        known = {column.lower() for column in names.columns()}
        for kind, written in query.places:
            table, _, column = written.rpartition(".")
            if kind == "column" and table == name.lower() and column not in known:
                return _unknown_column(f"{name}.{column}", "", query, names)
    return _unknown("table", name, _candidates(text), query)


def _unknown_column(name: str, text: str, query: Translation | None, names: Names | None) -> UnknownName:
    known = {*_candidates(text), *(names.columns() if names else ())} - set(vectors.FIELDS)
    problem = _unknown("column", name, known, query)
    if query is not None and problem.span == query.query.span:
        problem.span = _word_place(query, name)  # a name in USING
    if known:
        problem.hint = suggestion(name.rpartition(".")[2], sorted(known), "column")
    return problem


def _unknown_function(name: str, query: Translation | None, names: Names | None) -> UnknownName:
    problem = _unknown("function", name, names.functions() if names else (), query)
    if problem.hint and not problem.hint.startswith("did you mean"):
        # A list of hundreds of functions tells nothing.
        problem.hint = "docs/functions.md lists mlsql's own; every other is Spark's"
    return problem


def _no_field(name: str, text: str, query: Translation | None) -> MlsqlError:
    span = _place(query, "column", name)
    candidates = _CANDIDATES.search(text)
    if candidates is not None and any(f'"{field}"' in candidates.group(1) for field in vectors.FIELDS):
        return no_such_vector_field(name, span)
    problem = _unknown("field", name, _candidates(text), query)
    problem.span = span
    return problem


def _word_place(query: Translation | None, word: str | None) -> Span | None:
    """The place of a word that the query has exactly once, else the whole query."""
    if query is None or not word:
        return query.query.span if query else None
    found = list(re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", query.query.value, re.IGNORECASE))
    return query.query.place(*found[0].span()) if len(found) == 1 else query.query.span


def explain_file(error: duckdb.Error, what: str) -> MlsqlError:
    """The error of reading or writing files; `what` says which, or what the rows are that are in no file."""
    import duckdb

    message = _message(error)
    problem = of_file(message, what if _INLINE_FILE.search(message) else None)
    if problem is not None:
        return problem
    text = readable(message).replace(f' in file "{what}"', "")
    text = _INLINE_FILE.sub("", text)
    code = "OUT_OF_MEMORY" if isinstance(error, duckdb.OutOfMemoryException) else None
    return DataProblem(f"{what}: {text}", code=code)


def _message(error: duckdb.Error) -> str:
    """The text of an exception, which some come with as JSON."""
    text = _STAGE_COLUMN.sub("", str(error))
    start = text.find("{")
    if start >= 0 and '"exception_message"' in text:
        try:
            return str(json.loads(text[start:])["exception_message"])
        except (ValueError, KeyError):
            return text
    return _KIND.sub("", text)


def _place(query: Translation | None, kind: str, name: str) -> Span | None:
    return query.place(kind, name) if query else None


def _candidates(text: str) -> list[str]:
    found = _CANDIDATES.search(text)
    if found is None:
        return []
    names = [name.rsplit(".", 1)[-1] for name in _QUOTED.findall(found.group(1))]
    return [name for name in names if name not in vectors.FIELDS]
