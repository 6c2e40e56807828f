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


def spark(name: str, *overloads: tuple[str, str]) -> Macro:
    """A macro of (parameters, body) pairs for the function that Spark calls `name`."""
    bodies = ", ".join(f"({parameters}) AS {body}" for parameters, body in overloads)
    return Macro(name, name, "", f"CREATE OR REPLACE MACRO {stored_name(name)}{bodies}")


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
