"""SQL functions of the language that DuckDB lacks, as macros: vec_* in `vectors`, the others in `arrays`.

DuckDB binds a macro's body when it is created: 0.5 to 12 ms each, 65 ms for all. So a session creates those
that its queries name. Macros belong to the database: every cursor of it sees them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from . import arrays, vectors
from .arrays import RENAMED, Macro

if TYPE_CHECKING:
    import duckdb

__all__ = ["MACROS", "RENAMED", "Macro", "install", "names"]

MACROS: Final[dict[str, Macro]] = {macro.name: macro for macro in (*vectors.MACROS, *arrays.MACROS)}
"""By the name that a script uses."""


_INTERNAL: Final[dict[str, str]] = {
    # A second parameter list takes what is no text; the value itself comes to stand once.
    "mlsql_number": "CREATE OR REPLACE MACRO mlsql_number(x VARCHAR) AS CAST(x AS DOUBLE), (x) AS x",
}
"""Macros that scripts do not know: the dialect writes their names."""


def install(connection: duckdb.DuckDBPyConnection, wanted: Iterable[str] | None = None) -> None:
    """Create the wanted macros, by their names in a script, or all that scripts know; again is harmless."""
    chosen = MACROS if wanted is None else wanted
    connection.execute(";\n".join(_INTERNAL.get(name) or MACROS[name].sql for name in chosen))


def names() -> frozenset[str]:
    """The functions by the names that a script uses; RENAMED has those that DuckDB knows otherwise."""
    return frozenset(MACROS)
