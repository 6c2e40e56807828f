"""The temporary folder of a run: everything that is written besides models and saved tables is in it."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Scratch:
    """A folder that is made when it is first needed and removed with everything in it at `close`.

    Safe for several threads. It is also removed when the process ends or the object is forgotten, but not when the
    process is killed.
    """

    def __init__(self) -> None:
        self._path: Path | None = None
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._finalizer: weakref.finalize[[str, int], Scratch] | None = None

    @property
    def path(self) -> Path:
        """The folder itself, readable by this user only."""
        with self._lock:
            if self._path is None:
                self._path = Path(tempfile.mkdtemp(prefix="mlsql-"))
                self._finalizer = weakref.finalize(self, _remove, str(self._path), os.getpid())
            return self._path

    def folder(self, name: str) -> Path:
        """A new empty folder in it, called `name` and a number."""
        path = self.path / f"{name}-{next(self._numbers)}"
        path.mkdir()
        return path

    @contextmanager
    def temporary(self, name: str) -> Iterator[Path]:
        """A new empty folder that is removed at the end, unless it was moved away."""
        path = self.folder(name)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def close(self) -> None:
        """Remove it. It may be used again, and is then made anew."""
        if self._finalizer is not None:
            self._finalizer()
        self._path = self._finalizer = None


def _remove(path: str, owner: int) -> None:
    # A forked child inherits the finalizer, not the folder.
    if os.getpid() == owner:
        shutil.rmtree(path, ignore_errors=True)
