"""create, insert, drop and refresh as Spark SQL writes them: their texts read, nothing done.

create [or replace] [temporary] table|view [if not exists] name [(columns)] [as query]
insert into|overwrite [table] name [(columns)] query
drop table|view|[temporary] function [if exists] name
refresh [table] name
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NoReturn, cast

from mlsql_engine.core.errors import SqlProblem, SyntaxProblem
from mlsql_engine.core.text import Text
from mlsql_engine.engines import spark_syntax


@dataclass(frozen=True)
class Create:
    """create: of `query` where there is one, else an empty table of `types`, sqlglot's by the columns' names.

    `columns` are the names that the query's columns get, None where they keep theirs.
    """

    name: Text
    kind: Literal["table", "view"]
    replace: bool
    lenient: bool
    columns: tuple[Text, ...] | None
    query: Text | None
    types: Mapping[str, Any]


@dataclass(frozen=True)
class Insert:
    """insert: the rows of `query` go to the columns `columns`, or to all."""

    name: Text
    overwrite: bool
    columns: tuple[Text, ...] | None
    query: Text


@dataclass(frozen=True)
class Drop:
    """drop; with `lenient`, what is not there is no error."""

    name: Text
    kind: Literal["table", "view", "function"]
    lenient: bool


@dataclass(frozen=True)
class Refresh:
    """refresh table."""

    name: Text


Definition = Create | Insert | Drop | Refresh

_NAME: Final = r"(?P<name>`[^`]+`|[^\W\d]\w*)"
_CREATE: Final = re.compile(
    r"create\s+(?P<replace>or\s+replace\s+)?(?:global\s+)?(?:temp(?:orary)?\s+)?(?P<kind>table|view)\s+"
    rf"(?P<lenient>if\s+not\s+exists\s+)?{_NAME}\s*",
    re.IGNORECASE,
)
_INSERT: Final = re.compile(rf"insert\s+(?P<how>into|overwrite)\s+(?:table\s+)?{_NAME}\s*", re.IGNORECASE)
_DROP: Final = re.compile(
    rf"drop\s+(?:temporary\s+)?(?P<kind>table|view|function)\s+(?P<lenient>if\s+exists\s+)?{_NAME}\s*",
    re.IGNORECASE,
)
_REFRESH: Final = re.compile(rf"refresh\s+(?:table\s+)?{_NAME}\s*", re.IGNORECASE)
_QUERY: Final = re.compile(r"(?:select|with|values|from|table)\b|\(", re.IGNORECASE)
_AS: Final = re.compile(r"as\b\s*", re.IGNORECASE)
_COLUMN: Final = re.compile(r"\s*(`[^`]+`|[^\W\d]\w*)\s*(?:,|\Z)")
_TYPED: Final = "as in: (name string, n int)"
_SHOWN: Final = re.compile(r"`[^`]*`|\w+|\S")
_FORMS: Final = {
    "create": "create [or replace] table|view [if not exists] name [(columns)] [as select …];",
    "insert": "insert into|overwrite [table] name [(columns)] values (…), …|select …;",
    "drop": "drop table|view|function [if exists] name;",
    "refresh": "refresh table name;",
}


def read(text: Text) -> Definition:
    """What the statement asks for. Raises SyntaxProblem or SqlProblem, placed in the text.

    Queries in it are cut out, not read.
    """
    found = _CREATE.match(text.value)
    if found is not None:
        return _create(text, found)
    found = _INSERT.match(text.value)
    if found is not None:
        return _insert(text, found)
    found = _DROP.match(text.value)
    if found is not None:
        _expect_end(text, found.end(), "drop")
        kind = cast("Literal['table', 'view', 'function']", found["kind"].lower())
        return Drop(_named(text, found), kind, bool(found["lenient"]))
    found = _REFRESH.match(text.value)
    if found is not None:
        _expect_end(text, found.end(), "refresh")
        return Refresh(_named(text, found))
    word = text.value.split(None, 1)[0]
    rest = re.match(r"\s+\S+", text.value[len(word) :])
    raise SyntaxProblem(
        f"this is not {'an' if word.lower() == 'insert' else 'a'} {word.lower()} statement that mlsql has",
        span=text.place(0, len(word) + (rest.end() if rest else 0)),
        hint=f"its form is: {_FORMS.get(word.lower(), '')}",
    )


def _create(text: Text, found: re.Match[str]) -> Create:
    columns, position = _bracketed(text, found.end())
    kind: Literal["table", "view"] = "view" if found["kind"].lower() == "view" else "table"
    head = _named(text, found), kind, bool(found["replace"]), bool(found["lenient"])
    as_query = _AS.match(text.value, position)
    if as_query is not None:
        query = text.part(as_query.end(), len(text.value))
        if not query.value:
            raise SyntaxProblem("the query is missing", span=text.place(position, as_query.end()))
        return Create(*head, None if columns is None else _names(columns), query, {})
    if position < len(text.value):
        _unexpected(text, position, "create")
    if kind == "view" or columns is None:
        raise SyntaxProblem(
            "it ends too early: as select … is missing" if kind == "view" else "the table has no columns",
            span=text.place(len(text.value) - 1, len(text.value)),
            hint=f"the statement's form is: {_FORMS['create']}",
        )
    return Create(*head, None, None, _types(text))


def _insert(text: Text, found: re.Match[str]) -> Insert:
    columns, position = _bracketed(text, found.end())
    if columns is not None and _QUERY.match(columns.value):
        columns, position = None, found.end()
    if not _QUERY.match(text.value, position):
        _unexpected(text, position, "insert")
    query = text.part(position, len(text.value))
    if query.value[:6].lower() == "values":
        query = query.between("select * from ", "")
    names = None if columns is None else _names(columns)
    return Insert(_named(text, found), found["how"].lower() == "overwrite", names, query)


def _named(text: Text, found: re.Match[str]) -> Text:
    return _without_quotes(text.part(*found.span("name")))


def _without_quotes(name: Text) -> Text:
    return name.part(1, len(name.value) - 1) if name.value.startswith("`") else name


def _bracketed(text: Text, start: int) -> tuple[Text | None, int]:
    """What stands in the brackets that open at `start`, and the place behind them; None without brackets."""
    if not text.value.startswith("(", start):
        return None, start
    end = spark_syntax.closing_bracket(text.value, start)
    if end is None:
        raise SyntaxProblem("this bracket is not closed", span=text.place(start, start + 1))
    if not text.value[start + 1 : end - 1].strip():
        raise SyntaxProblem("there is nothing in these brackets", span=text.place(start, end))
    behind = re.compile(r"\s*").match(text.value, end)
    return text.part(start + 1, end - 1), behind.end() if behind else end


def _names(columns: Text) -> tuple[Text, ...]:
    """The names in the brackets, each of them once."""
    names: list[Text] = []
    position = 0
    while position < len(columns.value):
        found = _COLUMN.match(columns.value, position)
        if found is None or (found.end() == len(columns.value) and columns.value.endswith(",")):
            raise SyntaxProblem(
                "columns' names are expected here, with commas between them",
                span=columns.place(position, len(columns.value)),
                hint="as in: (name, n)",
            )
        name = _without_quotes(columns.part(*found.span(1)))
        if name.value.lower() in (other.value.lower() for other in names):
            raise SqlProblem(f"the column '{name.value}' is named twice", span=name.span)
        names.append(name)
        position = found.end()
    return tuple(names)


def _types(text: Text) -> dict[str, Any]:
    """The columns of `create table name (…)` and their types, as sqlglot has them."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree: Any = sqlglot.parse_one(text.value, dialect="spark")
    except SqlglotError as error:
        problem = spark_syntax.problem(error, text)
        word = problem.span.text if problem.span is not None else ""
        if re.fullmatch(r"[^\W\d]\w*", word) is None:
            raise problem from None
        raise SyntaxProblem(
            f"'{word}' is neither a type nor expected here", span=problem.span, hint=_TYPED
        ) from None
    columns: dict[str, Any] = {}
    for item in tree.this.expressions:
        meta = item.meta or getattr(item.this, "meta", None) or {"start": 0, "end": len(text.value) - 1}
        span = text.place(meta["start"], meta["end"] + 1)
        kind = item.args.get("kind") if isinstance(item, exp.ColumnDef) else None
        if kind is None:
            raise SyntaxProblem(f"the column '{item.name}' has no type", span=span, hint=_TYPED)
        if item.args.get("constraints"):
            raise SqlProblem(f"the column '{item.name}' has more than a type", span=span, code="UNSUPPORTED")
        if item.name.lower() in (name.lower() for name in columns):
            raise SqlProblem(f"two columns are called '{item.name}'", span=span)
        columns[item.name] = kind
    return columns


def _expect_end(text: Text, position: int, word: str) -> None:
    if position < len(text.value):
        _unexpected(text, position, word)


def _unexpected(text: Text, position: int, word: str) -> NoReturn:
    found = _SHOWN.match(text.value, position)
    last = len(text.value) - 1
    raise SyntaxProblem(
        f"'{found.group()}' is not expected here" if found else "the statement ends too early",
        span=text.place(*found.span()) if found else text.place(last, last + 1),
        hint=f"the statement's form is: {_FORMS[word]}",
    )
