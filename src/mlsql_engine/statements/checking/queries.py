"""What is checked of Spark SQL: that it can be read, and that its tables are there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlsql_engine.core.errors import UnknownName
from mlsql_engine.core.text import Text
from mlsql_engine.engines.dialect import translate
from mlsql_engine.language import ast
from mlsql_engine.statements.checking.state import is_known
from mlsql_engine.statements.system_tables import SYSTEM, TABLES

if TYPE_CHECKING:
    from mlsql_engine.statements.checking.checker import Checker

_MOST_TABLES = 100


def check_query(query: Text, checker: Checker) -> None:
    """Note what is wrong with the query: its syntax, or every table that nothing has made."""
    if not is_known(query):
        return
    state = checker.state
    tables = {name: name for name in (*state.tables, *(f"{SYSTEM}.{name}" for name in TABLES))}
    functions = {name: f"mlsql_function_{name}_v0" for name in state.functions}
    for _ in range(_MOST_TABLES):
        try:
            translate(query, tables, functions, functions)
        except UnknownName as problem:
            if problem.kind != "table":
                raise
            missing = problem.name.lower()
            if missing in tables:
                raise
            tables[missing] = missing
            if not state.anything:
                known = sorted(name for name in state.tables if name != missing)
                with checker.noting(None):
                    raise UnknownName("table", problem.name, known, span=problem.span) from None
        else:
            return


_HEAD = re.compile(
    r"(?P<word>create|insert|drop|refresh)\b.*?\b(?P<kind>table|view|into|overwrite|function)\s+(?:table\s+)?"
    r"(?P<lenient>if\s+(?:not\s+)?exists\s+)?(?P<name>`[^`]+`|[^\W\d]\w*)",
    re.IGNORECASE | re.DOTALL,
)
_QUERY = re.compile(r"\b(?:select|with)\b.*\Z", re.IGNORECASE | re.DOTALL)


def check_definition(statement: ast.DefinitionStatement, checker: Checker) -> None:
    """Note what is wrong with a create, insert, drop or refresh, as far as it can be told here."""
    text, state = statement.text, checker.state
    found = _HEAD.match(text.value)
    if found is None:
        state.anything = True
        return
    name = found["name"].strip("`").lower()
    wanted = statement.word in ("insert", "refresh") or (statement.word == "drop" and not found["lenient"])
    if wanted and not state.anything and name not in (*state.tables, *state.functions):
        with checker.noting(None):
            raise UnknownName("table", name, state.tables, span=text.place(*found.span("name")))
    query = _QUERY.search(text.value, found.end())
    if query is not None and statement.word in ("create", "insert"):
        check_query(text.part(query.start(), query.end()), checker)
    if statement.word == "create":
        state.tables.add(name)
    elif statement.word == "drop":
        state.tables.discard(name)
        state.functions.discard(name)
