"""How Spark's functions that DuckDB lacks, or has with another meaning, are written as macros.

A script calls `substring_index`; the dialect writes `mlsql_substring_index`, so that a macro can use DuckDB's own
function of the name, and sqlglot, which has no rule for the new name, leaves the call alone. Macros whose name
starts with `mlsql_` in the table itself are called by other macros and by the dialect only.

A parameter that is used more than once is bound by `bound`, since a macro is text: a model call in it would run
as often as it stands there. A first parameter list with a type takes arguments of that type, the next all others;
DuckDB binds the arguments of such a macro twice, so few have one.
"""

from __future__ import annotations

from typing import Final

from .arrays import Macro

PREFIX: Final = "mlsql_"
TYPED: Final = "_typed"
"""Ends the name of a macro that has the types of its arguments looked at before it is chosen."""


def spark(name: str, *overloads: tuple[str, str]) -> Macro:
    """A macro of (parameters, body) pairs for the function that Spark calls `name`."""
    bodies = ", ".join(f"({parameters}) AS {body}" for parameters, body in overloads)
    sql = f"CREATE OR REPLACE MACRO {stored_name(name)}{bodies}"
    if any(" " in parameter for parameters, _ in overloads for parameter in _split(parameters)):
        sql += f";\n{_typed(stored_name(name), overloads)}"
    return Macro(name, name, "", sql)


def _typed(stored: str, overloads: tuple[tuple[str, str], ...]) -> str:
    """The macro for arguments whose types DuckDB does not know when it chooses among typed parameter lists.

    That are those that hold an aggregate; those of a lambda are known.
    """
    forms = {}
    for parameters, _ in overloads:
        names = [parameter.split(" ")[0] for parameter in _split(parameters)]
        inner = [f"__{name}" for name in names]
        chosen = f"invoke(lambda {', '.join(inner)}: {stored}({', '.join(inner)}), {', '.join(names)})"
        forms[len(names)] = f"({', '.join(names)}) AS {chosen}"
    return f"CREATE OR REPLACE MACRO {stored}{TYPED}{', '.join(forms.values())}"


def _split(parameters: str) -> list[str]:
    return [parameter.strip() for parameter in parameters.split(",")]


def stored_name(name: str) -> str:
    """The macro's name in DuckDB."""
    return name if name.startswith(PREFIX) else PREFIX + name


def bound(body: str, **values: str) -> str:
    """`body`, in which `__name` is the value given under `name`, evaluated once."""
    names = ", ".join(f"__{name}" for name in values)
    return f"invoke(lambda {names}: {body}, {', '.join(values.values())})"


def text(value: str) -> str:
    """The value as text."""
    return f"CAST({value} AS VARCHAR)"
