"""drop: forget a table, a view or a function.

    drop table|view [if exists] name;
    drop [temporary] function [if exists] name;

Handed to the engine, in Spark SQL. Tables that were made of it can still be read. Without `if exists`, what is not
there is an error.

    select 1 as a as t;
    drop table t;
"""

from __future__ import annotations

from mlsql_engine.core.errors import UnknownName
from mlsql_engine.engines.definitions import Drop, read
from mlsql_engine.language.ast import DefinitionStatement
from mlsql_engine.statements.context import Context, Outcome


def execute(statement: DefinitionStatement, context: Context) -> Outcome:
    """Forget it. Raises UnknownName where it is not there, SyntaxProblem for another kind of thing."""
    match read(statement.text):
        case Drop(name, "function", lenient):
            known = [spec.name for spec, _ in context.session.functions.registered() if not spec.called]
            if name.value.lower() in (other.lower() for other in known):
                context.engine.unregister_function(name.value)
                context.session.functions.remove(name.value)
            elif not lenient:
                raise UnknownName("function", name.value, known, span=name.span)
        case _:
            context.engine.define(statement.text)
    return Outcome()
