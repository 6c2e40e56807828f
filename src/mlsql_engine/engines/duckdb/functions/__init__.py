"""SQL functions of the language that DuckDB lacks, as macros: vec_* in `vectors`, array_* in `arrays`, Spark's own
in `spark_*`.

DuckDB binds a macro's body when it is created: 0.5 to 12 ms each. So a session creates those that its queries
name. Macros belong to the database: every cursor of it sees them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from mlsql_engine.engines import spark_aggregates, spark_calls
from mlsql_engine.engines.spark_functions import MISSING

from . import arrays, spark_arrays, spark_dates, spark_json, spark_numbers, spark_strings, spark_values, vectors
from .arrays import Macro
from .spark_macros import PREFIX, stored_name

if TYPE_CHECKING:
    import duckdb

__all__ = ["MACROS", "OVERLOADED", "RENAMED", "Macro", "full_text", "install", "names"]

MACROS: Final[dict[str, Macro]] = {macro.name: macro for macro in (*vectors.MACROS, *arrays.MACROS)}
"""The language's own functions, by the name that a script uses."""

_MODULES: Final = (spark_strings, spark_numbers, spark_dates, spark_arrays, spark_json, spark_values)
SPARK: Final[dict[str, Macro]] = {
    macro.name: macro for module in _MODULES for macro in module.MACROS if macro.name not in MACROS
}
"""Spark's functions by the name that a script uses, and the macros that only macros and the dialect call."""

RENAMED: Final[dict[str, str]] = {
    **{name: PREFIX + name for name in (*spark_calls.CALLS, *spark_aggregates.REWRITES, *MISSING)},
    **{name: stored_name(name) for name in SPARK if not name.startswith(PREFIX)},
    **arrays.RENAMED,
}
"""From the name in a script to the macro's, where they differ, or to the one that `spark_meaning` rewrites."""

_TYPED_PARAMETER: Final = re.compile(r"[(,] ?[a-z]+ [A-Z]+(?:\[\])?[,)]")
OVERLOADED: Final = frozenset(
    stored_name(macro.name) for macro in SPARK.values() if _TYPED_PARAMETER.search(macro.sql)
)
"""Macros, by their names in DuckDB, that are chosen by the types of their arguments."""

_CALL: Final = re.compile(r"\bmlsql_\w+(?=\()")


def install(connection: duckdb.DuckDBPyConnection, wanted: Iterable[str] | None = None) -> None:
    """Create the wanted macros, by their names in a script, or all of our own; again is harmless."""
    chosen = dict.fromkeys(name for first in (MACROS if wanted is None else wanted) for name in _with_needed(first))
    connection.execute(";\n".join(_macro(name).sql for name in chosen))


def _with_needed(name: str) -> Iterator[str]:
    """The macro, after those that it calls."""
    macro = _macro(name)
    for called in _CALL.findall(macro.sql.partition("(")[2]):
        script_name = called if called in SPARK else called.removeprefix(PREFIX)
        if script_name != name:
            yield from _with_needed(script_name)
    yield name


def _macro(name: str) -> Macro:
    return MACROS.get(name) or SPARK[name]


def full_text(name: str) -> str:
    """The SQL of a macro and of all that it calls; empty for what is no macro."""
    known = name in MACROS or name in SPARK
    return "\n".join(_macro(needed).sql for needed in _with_needed(name)) if known else ""


def names() -> frozenset[str]:
    """The functions by the names that a script uses, and those that only the dialect does (mlsql_…)."""
    return frozenset((*MACROS, *SPARK))
