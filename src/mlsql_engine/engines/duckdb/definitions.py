"""create, insert, drop and refresh, as Spark SQL writes them, on the engine's relations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from mlsql_engine.core.errors import MlsqlError, SqlProblem, SyntaxProblem, UnknownName
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text
from mlsql_engine.engines import spark_syntax
from mlsql_engine.engines.duckdb.relation import DuckRelation

if TYPE_CHECKING:
    from mlsql_engine.engines.duckdb.engine import DuckDBEngine

_NAME = r"(?P<name>`[^`]+`|[^\W\d]\w*)"
_CREATE = re.compile(
    r"create\s+(?P<replace>or\s+replace\s+)?(?:global\s+)?(?:temp(?:orary)?\s+)?(?P<kind>table|view)\s+"
    rf"(?P<lenient>if\s+not\s+exists\s+)?{_NAME}\s*",
    re.IGNORECASE,
)
_INSERT = re.compile(rf"insert\s+(?P<how>into|overwrite)\s+(?:table\s+)?{_NAME}\s*", re.IGNORECASE)
_DROP = re.compile(rf"drop\s+(?:table|view)\s+(?P<lenient>if\s+exists\s+)?{_NAME}\s*\Z", re.IGNORECASE)
_REFRESH = re.compile(rf"refresh\s+(?:table\s+)?{_NAME}\s*\Z", re.IGNORECASE)
_QUERY = re.compile(r"(?:select|with|values|from|table)\b|\(", re.IGNORECASE)
_AS = re.compile(r"as\b\s*", re.IGNORECASE)
_FORMS = {
    "create": "create [or replace] table|view [if not exists] name [(columns)] [as select …];",
    "insert": "insert into|overwrite [table] name [(columns)] values (…), …|select …;",
    "drop": "drop table|view|function [if exists] name;",
    "refresh": "refresh table name;",
}


def define(engine: DuckDBEngine, text: Text) -> None:
    """Carry out one statement. See SupportsDefinitions.define."""
    for pattern, carry_out in ((_CREATE, _create), (_INSERT, _insert), (_DROP, _drop), (_REFRESH, _refresh)):
        found = pattern.match(text.value)
        if found is not None:
            carry_out(engine, text, found)
            return
    word = text.value.split(None, 1)[0].lower()
    end = len(word)
    rest = re.match(r"\s+\S+", text.value[end:])
    raise SyntaxProblem(
        f"this is not a {word} statement that mlsql has",
        span=text.place(0, end + (rest.end() if rest else 0)),
        hint=f"its form is: {_FORMS.get(word, '')}",
    )


def _create(engine: DuckDBEngine, text: Text, found: re.Match[str]) -> None:
    name = found["name"].strip("`")
    if name.lower() in engine.tables and not found["replace"]:
        if found["lenient"]:
            return
        raise SqlProblem(
            f"there is a table '{name}' already",
            span=text.place(*found.span("name")),
            code="EXISTS",
            hint="create or replace, or create table if not exists",
        )
    columns, position = _bracketed(text, found.end())
    as_query = _AS.match(text.value, position)
    if as_query is not None:
        relation = engine.sql(_query(text, as_query.end(), columns))
        if found["kind"].lower() == "table":
            engine.keep_as_table(relation)
    elif position < len(text.value):
        _unexpected(text, position, "create")
    elif found["kind"].lower() == "view" or columns is None:
        raise SyntaxProblem(
            "it ends too early: as select … is missing" if found["kind"].lower() == "view" else "it has no columns",
            span=text.place(len(text.value) - 1, len(text.value)),
            hint=f"the statement's form is: {_FORMS['create']}",
        )
    else:
        relation = engine.empty_table(_column_types(text))
    engine.bind(name, relation)


def _query(text: Text, start: int, columns: Text | None) -> Text:
    """The query after `as`, its columns under other names where there are some."""
    query = text.part(start, len(text.value))
    if not query.value:
        raise SyntaxProblem("the query is missing", span=text.place(start - 1, start))
    return query if columns is None else query.between("select * from (", f") as `made`({columns.value})")


def _bracketed(text: Text, start: int) -> tuple[Text | None, int]:
    """What stands in the brackets that open at `start`, and the place behind them; None without brackets."""
    if not text.value.startswith("(", start):
        return None, start
    end = spark_syntax.closing_bracket(text.value, start)
    if end is None:
        raise SyntaxProblem("this bracket is not closed", span=text.place(start, start + 1))
    behind = re.compile(r"\s*").match(text.value, end)
    return text.part(start + 1, end - 1), behind.end() if behind else end


def _column_types(text: Text) -> dict[str, str]:
    """The columns of `create table name (…)` and their types, as DuckDB writes them."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree: Any = sqlglot.parse_one(text.value, dialect="spark")
    except SqlglotError as error:
        raise spark_syntax.problem(error, text) from None
    columns: dict[str, str] = {}
    for item in tree.this.expressions:
        kind = item.args.get("kind") if isinstance(item, exp.ColumnDef) else None
        if kind is None:
            raise SyntaxProblem(
                f"the column '{item.name}' has no type", span=text.span, hint="as in: (name string)"
            )
        if item.args.get("constraints"):
            raise SqlProblem(f"the column '{item.name}' has more than a type", span=text.span, code="UNSUPPORTED")
        if item.name.lower() in (name.lower() for name in columns):
            raise SqlProblem(f"two columns are called '{item.name}'", span=text.span)
        columns[item.name] = kind.sql("duckdb")
    return columns


def _insert(engine: DuckDBEngine, text: Text, found: re.Match[str]) -> None:
    relation = _table(engine, text, found)
    if relation.rows_table is None:
        raise SqlProblem(
            f"'{found['name'].strip('`')}' is not a table that create made, so nothing can be inserted into it",
            span=text.place(*found.span("name")),
            hint="create table new_name as select * from it; then insert into that",
        )
    columns, position = _bracketed(text, found.end())
    if columns is not None and _QUERY.match(columns.value):
        columns, position = None, found.end()
    names = _named_columns(columns, relation) if columns is not None else list(relation.columns)
    query = text.part(position, len(text.value))
    if not _QUERY.match(query.value):
        _unexpected(text, position, "insert")
    rows = engine.sql(query.between("select * from ", "") if query.value[:6].lower() == "values" else query)
    if len(rows.columns) != len(names):
        raise SqlProblem(
            f"{len(names)} column{' takes' if len(names) == 1 else 's take'} values, and {len(rows.columns)} "
            f"{'is' if len(rows.columns) == 1 else 'are'} given",
            span=query.span,
            hint=f"the columns: {', '.join(names)}",
        )
    engine.add_rows(relation, rows, names, overwrite=found["how"].lower() == "overwrite")


def _named_columns(columns: Text, relation: DuckRelation) -> list[str]:
    known = {name.lower(): name for name in relation.columns}
    names: list[str] = []
    for item in columns.value.split(","):
        name = known.get(item.strip().strip("`").lower())
        if name is None:
            raise UnknownName("column", item.strip().strip("`"), relation.columns, span=_within(columns, item))
        if name in names:
            raise SqlProblem(f"the column '{name}' is named twice", span=_within(columns, item))
        names.append(name)
    return names


def _within(text: Text, part: str) -> Span:
    start = text.value.find(part.strip())
    return text.place(start, start + max(1, len(part.strip())))


def _drop(engine: DuckDBEngine, text: Text, found: re.Match[str]) -> None:
    name = found["name"].strip("`")
    if name.lower() in engine.tables:
        engine.unbind(name)
    elif not found["lenient"]:
        _table(engine, text, found)


def _refresh(engine: DuckDBEngine, text: Text, found: re.Match[str]) -> None:
    engine.read_again(_table(engine, text, found))


def _table(engine: DuckDBEngine, text: Text, found: re.Match[str]) -> DuckRelation:
    name = found["name"].strip("`")
    relation = engine.tables.get(name.lower())
    if not isinstance(relation, DuckRelation):
        known = [table for table in engine.tables if not table.startswith("system.")]
        raise UnknownName("table", name, known, span=text.place(*found.span("name")))
    return relation


def _unexpected(text: Text, position: int, word: str) -> NoReturn:
    found = re.compile(r"`[^`]*`|\w+|\S").match(text.value, position)
    what = f"'{found.group()}' is not expected here" if found else "the statement ends too early"
    end = found.end() if found else position + 1
    problem: MlsqlError = SyntaxProblem(
        what,
        span=text.place(min(position, len(text.value) - 1), end),
        hint=f"the statement's form is: {_FORMS[word]}",
    )
    raise problem
