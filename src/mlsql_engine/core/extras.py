"""Libraries that only some users have."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from mlsql_engine.core.errors import MlsqlError


def require(module: str, *, extra: str, purpose: str) -> ModuleType:
    """The module. Raises MlsqlError with code MISSING_EXTRA and the line that installs it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise MlsqlError(
            f"{purpose} needs {module}, which is not installed",
            code="MISSING_EXTRA",
            hint=f"pip install 'mlsql-engine[{extra}]'",
        ) from error
