"""MLSQL: machine learning in SQL and Python.

from mlsql_engine import connect

with connect() as session:
    table = session.run("select 1 as a as t;")
    print(table.to_arrow())
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlsql_engine.core.version import __version__

if TYPE_CHECKING:
    from mlsql_engine.core.errors import MlsqlError
    from mlsql_engine.core.progress import SilentProgress
    from mlsql_engine.core.settings import Settings
    from mlsql_engine.session import Session, connect
    from mlsql_engine.table import Table

__all__ = ["MlsqlError", "Session", "Settings", "SilentProgress", "Table", "__version__", "connect"]

_HOMES = {
    "connect": "mlsql_engine.session",
    "Session": "mlsql_engine.session",
    "Table": "mlsql_engine.table",
    "MlsqlError": "mlsql_engine.core.errors",
    "SilentProgress": "mlsql_engine.core.progress",
    "Settings": "mlsql_engine.core.settings",
}


def __getattr__(name: str) -> Any:
    """Import the house only when somebody enters it, so that `import mlsql_engine` is cheap."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'mlsql_engine' has no attribute '{name}'")
