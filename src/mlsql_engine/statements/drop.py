"""drop: forget a table, a view or a function.

    drop table|view [if exists] name;
    drop [temporary] function [if exists] name;

Handed to the engine, in Spark SQL. Tables that were made of it can still be read. Without `if exists`, what is not
there is an error.

    select 1 as a as t;
    drop table t;
"""

from __future__ import annotations

import re

from mlsql_engine.core.errors import UnknownName
from mlsql_engine.language.ast import DefinitionStatement
from mlsql_engine.statements.context import Context, Outcome

_FUNCTION = re.compile(
    r"drop\s+(?:temporary\s+)?function\s+(?P<lenient>if\s+exists\s+)?(?P<name>`[^`]+`|\w+)\s*\Z", re.IGNORECASE
)


def execute(statement: DefinitionStatement, context: Context) -> Outcome:
    """Forget it. Raises UnknownName where it is not there, SyntaxProblem for another kind of thing."""
    text = statement.text
    found = _FUNCTION.match(text.value)
    if found is None:
        context.engine.define(text)
        return Outcome()
    name = found["name"].strip("`")
    known = [spec.name for spec, _ in context.session.functions.registered() if not spec.called]
    if name.lower() in (other.lower() for other in known):
        context.engine.unregister_function(name)
        context.session.functions.remove(name)
    elif not found["lenient"]:
        raise UnknownName("function", name, known, span=text.place(*found.span("name")))
    return Outcome()
