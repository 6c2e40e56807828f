"""set: give a variable a value.

    set name = "value" [where type="text|defaultParam"];

`${name}` stands for the value in every later statement: in paths, options, SQL and strings. `\\${name}` is left as
it is, without the backslash. With type="defaultParam" the value holds only where none was given from outside
(by --set, or by the caller) and none was set before.

    set label = "1";
    select ${label} as a as t;
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mlsql_engine.core.options import option
from mlsql_engine.language.ast import SetStatement
from mlsql_engine.statements.context import Context, Outcome, options_of


@dataclass(frozen=True)
class SetOptions:
    """Options of set."""

    type: Literal["text", "defaultParam"] = option("text", doc="what kind of value it is")


def execute(statement: SetStatement, context: Context) -> Outcome:
    """Set the variable."""
    options = options_of(SetOptions, statement.options, "set")
    name = statement.name.value
    if options.type == "defaultParam" and name in context.variables:
        return Outcome()
    context.variables[name] = statement.value.value
    return Outcome()
