"""What is checked of Spark SQL: that it can be read, and that its tables are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsql_engine.core.errors import MlsqlError, UnknownName
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text
from mlsql_engine.engines.definitions import Create, Drop, Insert, Refresh, read
from mlsql_engine.engines.dialect import translate
from mlsql_engine.engines.query_tables import SYSTEM
from mlsql_engine.language import ast
from mlsql_engine.statements.checking.state import State, is_known
from mlsql_engine.statements.system_tables import TABLES

if TYPE_CHECKING:
    from mlsql_engine.statements.checking.checker import Checker

_MOST_TABLES = 100
_SYSTEM_TABLES = [f"{SYSTEM}.{name}" for name in TABLES]


def need_table(name: Text, checker: Checker, hint: str | None = None) -> None:
    """Note a table that nothing has made; `hint` is what to say of it, if there is something better than names."""
    state, key = checker.state, name.value.lower()
    if is_known(name) and not state.may_have_table(key) and key not in (*_SYSTEM_TABLES, *TABLES):
        with checker.noting(None):
            problem = _unknown_table(name.value, state, name.span)
            problem.hint = hint or problem.hint
            raise problem


def need_function(name: Text, checker: Checker) -> None:
    """Note a function that nothing has registered."""
    known = checker.state.functions
    if is_known(name) and not checker.state.anything and name.value.lower() not in known:
        with checker.noting(None):
            raise UnknownName("function", name.value, known, span=name.span)


def _unknown_table(name: str, state: State, span: Span | None) -> UnknownName:
    """The error for a table that nothing has made, in the words of a run."""
    system = name.lower().startswith(f"{SYSTEM}.")
    return UnknownName("table", name, _SYSTEM_TABLES if system else state.tables, span=span)


def check_query(query: Text, checker: Checker) -> None:
    """Note what is wrong with the query: its syntax, or every table that nothing has made."""
    if not is_known(query):
        return
    state = checker.state
    tables = {name: name for name in (*state.tables, *_SYSTEM_TABLES)}
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
            if not state.may_have_table(missing):
                with checker.noting(None):
                    raise _unknown_table(problem.name, state, problem.span) from None
        else:
            return


def check_definition(statement: ast.DefinitionStatement, checker: Checker) -> None:
    """Note what is wrong with a create, insert, drop or refresh, as far as it can be told here."""
    text, state = statement.text, checker.state
    try:
        definition = read(text)
    except MlsqlError:
        # What it would have made, or forgotten, is not known.
        state.anything = True
        if is_known(text):
            raise
        return
    name = definition.name
    key = name.value.lower()
    match definition:
        case Create(query=query) | Insert(query=query) if query is not None:
            if isinstance(definition, Insert):
                need_table(name, checker)
            with checker.noting(statement):
                check_query(query, checker)
        case Drop(kind="function", lenient=lenient):
            if not lenient:
                need_function(name, checker)
            state.functions.discard(key)
        case Drop(lenient=False) | Refresh():
            need_table(name, checker)
    if isinstance(definition, Create):
        state.tables.add(key)
    elif isinstance(definition, Drop) and definition.kind != "function":
        state.tables.discard(key)
