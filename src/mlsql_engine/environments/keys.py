"""The key of an environment: two that are the same have one, and two that are not do not."""

from __future__ import annotations

import hashlib
import json
import os
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from mlsql_engine.environments.plan import Choice
from mlsql_engine.environments.pythons import Python
from mlsql_engine.environments.wanted import Wanted

_FORMAT = 1
_LENGTH = 20
_PASSED_OVER = frozenset(("__pycache__", "build", "dist", "node_modules"))


def key_of(wanted: Wanted, manager: str, python: Python | None, choice: Choice) -> str:
    """20 hexadecimal digits of the hash (SHA-256) of all that an environment is made of.

    What is wanted, whatever its order; the manager; the interpreter and its version; the platform; what is
    injected; and the content of local packages.
    """
    content = {
        **wanted.content(),
        "format": _FORMAT,
        "inject": sorted(choice.inject),
        "interpreter": None if python is None else [str(python.path), python.version],
        "local": [[str(path), _fingerprint(path)] for path in sorted(set(wanted.local))],
        "manager": manager,
        "platform": sysconfig.get_platform(),
    }
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


def _fingerprint(path: Path) -> str:
    """The hash of a file; of a folder, that of its files' names, sizes and times."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    found = hashlib.sha256()
    for file_path in _files(path):
        state = file_path.stat()
        found.update(f"{file_path.relative_to(path)}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return found.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    """The files of a package in order, without hidden ones and what building it leaves there."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in _PASSED_OVER and "egg-info" not in name
        )
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))
