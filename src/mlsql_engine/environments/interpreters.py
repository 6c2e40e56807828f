"""Finding the interpreter that systemParam.pythonPath names."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.text import Text


def resolve(python_path: Text | None, folder: Path) -> str:
    """The absolute path of an interpreter.

    None and `python` mean the one that runs mlsql; a relative path starts from `folder`; a name without a slash
    is looked up on PATH. Raises MlsqlError with code UNKNOWN_INTERPRETER where there is nothing to run.
    """
    if python_path is None or python_path.value in ("", "python"):
        return sys.executable
    name = os.path.expanduser(python_path.value)
    if os.path.dirname(name):
        name = str(folder / name)
    found = shutil.which(name)
    if found is None:
        raise MlsqlError(
            f"there is no Python interpreter '{python_path.value}'",
            span=python_path.span,
            hint="give a path, a name that is on PATH, or 'python' for the one that runs mlsql",
            code="UNKNOWN_INTERPRETER",
        )
    return os.path.abspath(found)


def trained_with(name: str) -> str:
    """The interpreter that a model was trained with, by the name its manifest has for it.

    Raises MlsqlError with code UNKNOWN_INTERPRETER when it is no longer there.
    """
    found = sys.executable if name == "python" else shutil.which(os.path.expanduser(name))
    if found is None:
        raise MlsqlError(
            f"the model was trained with the interpreter '{name}', which is not here",
            hint="name another by systemParam.pythonPath",
            code="UNKNOWN_INTERPRETER",
        )
    return os.path.abspath(found)


def matches(wanted: str, actual: str) -> bool:
    """Whether version `actual` (3.11.7) is one of `wanted` (3, 3.11, 3.11.7)."""
    parts = wanted.strip().split(".")
    return actual.split(".")[: len(parts)] == parts
