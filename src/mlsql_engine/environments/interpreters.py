"""Finding the interpreter that systemParam.pythonPath names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.text import Text

_PYTHON: Final = re.compile(r"(python|pypy)[\d.]*t?(\.exe)?")


def resolve(python_path: Text | None, folder: Path) -> str:
    """The absolute path of an interpreter.

    None and `python` mean the one that runs mlsql; a relative path starts from `folder`; a name without a slash
    is looked up on PATH. Raises MlsqlError with code UNKNOWN_INTERPRETER where there is nothing to run, NOT_ALLOWED
    for one that the script may not name.
    """
    if python_path is None or python_path.value in ("", "python"):
        return sys.executable
    name = os.path.expanduser(python_path.value)
    if os.path.dirname(name):
        name = str(folder / name)
    _check_reach(name, python_path)
    found = shutil.which(name)
    if found is None:
        raise MlsqlError(
            f"there is no Python interpreter '{python_path.value}'",
            span=python_path.span,
            hint="give a path, a name that is on PATH, or 'python' for the one that runs mlsql",
            code="UNKNOWN_INTERPRETER",
        )
    return os.path.abspath(found)


def _check_reach(name: str, written: Text) -> None:
    """Raise MlsqlError for a program that a script may not run: a Python on PATH, or one in its folders, it may."""
    reach = written.span.source.reach
    if reach is None:
        return
    folder, program = os.path.split(name)
    # Of an interpreter, the folder: that of an environment is a link to another.
    allowed = reach.holds(folder) if folder else True
    if not allowed or _PYTHON.fullmatch(program) is None:
        raise MlsqlError(
            f"scripts may not run '{written.value}' here",
            span=written.span,
            code="NOT_ALLOWED",
            hint="name a Python that is on PATH, such as python3.12, or one in the folders that scripts may touch",
        )


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


def has_package(interpreter: str, flags: Sequence[str], environment: Mapping[str, str], package: str) -> bool:
    """Whether the interpreter can import the package, which is looked for and not imported."""
    if interpreter == sys.executable and not flags and not environment:
        return find_spec(package) is not None
    question = "import sys, importlib.util as u; sys.path[:] = [p for p in sys.path if p]; "
    question += f"sys.exit(u.find_spec({package!r}) is None)"
    try:
        asked = subprocess.run(
            [interpreter, *flags, "-c", question],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError:
        return False  # whoever starts it next says why it cannot be
    return asked.returncode == 0


def matches(wanted: str, actual: str) -> bool:
    """Whether version `actual` (3.11.7) is one of `wanted` (3, 3.11, 3.11.7)."""
    parts = wanted.strip().split(".")
    return actual.split(".")[: len(parts)] == parts
