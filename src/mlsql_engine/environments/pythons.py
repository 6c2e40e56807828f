"""The Pythons of the machine, and the one that an environment is made from."""

from __future__ import annotations

import logging
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.environments.documents import needed
from mlsql_engine.environments.wanted import Wanted

if TYPE_CHECKING:
    from python_discovery import DiskCache, PythonInfo

OLDEST: Final = (3, 9)
"""What a worker runs on."""
_NEWEST_MINOR = 40


@dataclass(frozen=True)
class Python:
    """An interpreter that environments are made from: its own path, its version as 3.11.7, CPython or PyPy."""

    path: Path
    version: str
    implementation: str

    def __str__(self) -> str:
        name = "" if self.implementation == "CPython" else f"{self.implementation} "
        return f"{name}{self.version} ({self.path})"


def own() -> Python:
    """The interpreter that runs this; not the environment that it runs in."""
    path = getattr(sys, "_base_executable", None) or sys.executable
    return Python(Path(os.path.realpath(path)), platform.python_version(), platform.python_implementation())


def fitting(wanted: Wanted, variables: Mapping[str, str], cache: Path) -> Python:
    """The interpreter of a wanted version: the one that runs this, else the newest, CPython before others.

    `variables` have the PATH that is looked at, and `cache` is a folder that keeps what interpreters say of
    themselves. Raises MlsqlError with code NO_PYTHON.
    """
    mine = own()
    if not wanted.python or fits(wanted.python, mine.version):
        return mine
    here = installed(variables, cache)
    found = [python for python in here if fits(wanted.python, python.version)]
    if not found:
        raise _none(wanted, here)
    return max(found, key=lambda python: (python.implementation == "CPython", _order(python.version)))


def named(interpreter: str, wanted: Wanted, cache: Path) -> Python:
    """The interpreter at a path.

    Raises MlsqlError with code UNKNOWN_INTERPRETER for none, NO_PYTHON for one of another version.
    """
    needed("python_discovery")
    from python_discovery import get_interpreter

    quiet()
    found = get_interpreter(interpreter, cache=_cache(cache))
    if found is None:
        raise MlsqlError(f"{interpreter} is no Python interpreter", code="UNKNOWN_INTERPRETER")
    python = _python(found)
    if wanted.python and not fits(wanted.python, python.version):
        raise MlsqlError(
            f"{wanted.source} wants Python {wanted.python}, and {interpreter} is {python.version}",
            code="NO_PYTHON",
            hint='name another by systemParam.pythonPath, or take it as it is: systemParam.envManager="local"',
        )
    return python


def installed(variables: Mapping[str, str], cache: Path) -> list[Python]:
    """Every Python from 3.9 on that PATH, pyenv or uv has, newest first; each once, whatever its names."""
    needed("python_discovery")
    from python_discovery import iter_interpreters

    quiet()
    seen = iter_interpreters(env={**variables, "PATH": search_path(variables)}, cache=_cache(cache))
    found = {python.path: python for python in map(_python, seen) if _order(python.version) >= OLDEST}
    found.setdefault(own().path, own())
    return sorted(found.values(), key=lambda python: _order(python.version), reverse=True)


def fits(specifier: str, version: str) -> bool:
    """Whether a version is one of the specifier's."""
    needed("packaging")
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(specifier).contains(version, prereleases=True)


def check_runnable(wanted: Wanted) -> None:
    """Raise MlsqlError with code NO_PYTHON where every version that is wanted is too old to run scripts on."""
    if not wanted.python:
        return
    minors = range(OLDEST[1], _NEWEST_MINOR)
    if not any(fits(wanted.python, f"3.{minor}.{patch}") for minor in minors for patch in range(_NEWEST_MINOR)):
        raise _too_old(wanted, "")


def quiet() -> None:
    """Keep what the library logs from standard error; a program that wants it sets up logging."""
    logger = logging.getLogger("python_discovery")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _none(wanted: Wanted, here: Iterable[Python]) -> MlsqlError:
    listed = ", ".join(map(str, here))
    try:
        check_runnable(wanted)
    except MlsqlError:
        return _too_old(wanted, f"; here are {listed}")
    return MlsqlError(
        f"{wanted.source} wants Python {wanted.python}, which is not on this machine; here are {listed}",
        code="NO_PYTHON",
        hint='install it, by pyenv or uv, or run the project on one that is there: systemParam.envManager="local"',
    )


def _too_old(wanted: Wanted, here: str) -> MlsqlError:
    oldest = ".".join(map(str, OLDEST))
    return MlsqlError(
        f"{wanted.source} wants Python {wanted.python}, and mlsql runs scripts on Python {oldest} or newer{here}",
        code="NO_PYTHON",
        hint='have it want a newer one, or run it on the Python that is there: systemParam.envManager="local"',
    )


def search_path(variables: Mapping[str, str]) -> str:
    """PATH with what pyenv has: its shims on PATH know only the versions that are switched on."""
    root = Path(variables.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv"))
    shims = str(root / "shims")
    listed = [folder for folder in variables.get("PATH", os.defpath).split(os.pathsep) if folder != shims]
    return os.pathsep.join([*listed, *map(str, sorted((root / "versions").glob("*/bin")))])


def _cache(folder: Path) -> DiskCache:
    from python_discovery import DiskCache

    return DiskCache(folder)


def _python(info: PythonInfo) -> Python:
    path = os.path.realpath(info.system_executable or info.executable)
    return Python(Path(path), ".".join(map(str, info.version_info[:3])), info.implementation)


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
