"""The folder of environments: complete ones by their keys, each built once, whoever asks for it.

    <root>/<key>/<place>/            the environment, where it was built and stays
    <root>/<key>/environment.json    its record, written last: without it there is no environment
    <root>/locks/<key>.lock          held while it is built or removed

An environment is built where it stays and not moved there: its scripts name their interpreter by an absolute path.
Each attempt has a folder of its own, so that one whose builder was killed cannot reach into the next. Locks are
the system's (flock), which a process that ends in whatever way lets go of.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mlsql_engine.core.errors import Cancelled, MlsqlError
from mlsql_engine.environments.documents import needed
from mlsql_engine.environments.record import Record

VARIABLE: Final = "MLSQL_ENVIRONMENTS"
_RECORD, _LOCKS, _PYTHONS, _REMOVED = "environment.json", "locks", "pythons", ".removed-"
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Stored:
    """A complete environment: its folder, its interpreter, and when it was last asked for, in UTC."""

    key: str
    record: Record
    folder: Path
    used: datetime

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / self.record.python


class EnvironmentStore:
    """The environments below a folder, which is made when one is built."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, key: str) -> Stored | None:
        """The environment of a key, if it is complete and its interpreter is there. Starts nothing."""
        place = self.root / key / _RECORD
        record = Record.read(place)
        if record is None:
            return None
        try:
            used = datetime.fromtimestamp(place.stat().st_mtime, UTC)
        except OSError:
            return None  # it was removed just now
        stored = Stored(key, record, self.root / key / record.place, used)
        return stored if os.access(stored.python, os.X_OK) else None

    def all(self) -> list[Stored]:
        """The complete environments, that which was used last first."""
        found = [stored for key in self.all_keys() if (stored := self.find(key)) is not None]
        return sorted(found, key=lambda stored: stored.used, reverse=True)

    def all_keys(self) -> list[str]:
        """The keys of all, also of those that were never completed. Raises MlsqlError: UNREADABLE_FILE."""
        try:
            return [entry.name for entry in os.scandir(self.root) if entry.is_dir() and not _is_ours(entry.name)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise MlsqlError(
                f"the folder of environments, {self.root}, cannot be read: {error.strerror or error}",
                code="UNREADABLE_FILE",
                hint=f"{VARIABLE} names another one",
            ) from error

    def touch(self, stored: Stored) -> None:
        """Note that it was asked for now. One that only others may write to is not noted."""
        with suppress(OSError):
            os.utime(self.root / stored.key / _RECORD)

    @contextmanager
    def locked(
        self, key: str, *, stop: Callable[[], bool] = lambda: False, waits: Callable[[], None] | None = None
    ) -> Iterator[None]:
        """Hold the key's lock; `waits` is called where another holds it, None: that is the error BlockingIOError.

        Raises Cancelled when `stop` says so, MlsqlError with code CANNOT_WRITE where there can be no lock.
        """
        needed("filelock")
        from filelock import FileLock, Timeout

        with self._writing():
            (self.root / _LOCKS).mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.root / _LOCKS / f"{key}.lock", fallback_to_soft=False)
            try:
                lock.acquire(blocking=False)
            except Timeout:
                if waits is None:
                    raise BlockingIOError(key) from None
                waits()
                try:
                    lock.acquire(poll_interval=_POLL_SECONDS, cancel_check=stop)
                except Timeout:
                    raise Cancelled("the making of an environment was ended") from None
        try:
            yield
        finally:
            lock.release()

    def new_place(self, key: str) -> Path:
        """Where the next attempt is built, not there yet; what earlier ones have left is removed."""
        with self._writing():
            self.remove(key)
            place = self.root / key / secrets.token_hex(3)
            place.parent.mkdir(parents=True)
            return place

    def complete(self, key: str, record: Record) -> Stored:
        """Make what was built the key's environment."""
        final = self.root / key / _RECORD
        with self._writing():
            unfinished = final.with_suffix(".new")
            unfinished.write_text(record.text(), encoding="utf-8")
            unfinished.replace(final)
        return Stored(key, record, self.root / key / record.place, datetime.now(UTC))

    def remove(self, key: str) -> None:
        """Remove all of a key at once, as others see it. Its lock must be held."""
        gone = self.root / f"{_REMOVED}{secrets.token_hex(3)}"
        with suppress(FileNotFoundError):
            (self.root / key).rename(gone)
        for path in self.root.glob(f"{_REMOVED}*"):  # also what one that was killed did not get to
            shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except BlockingIOError:
            raise
        except OSError as error:
            raise MlsqlError(
                f"the folder of environments, {self.root}, cannot be written: {error.strerror or error}",
                code="CANNOT_WRITE",
                hint=f"{VARIABLE} names another one",
            ) from error


def default_root() -> Path:
    """The folder that MLSQL_ENVIRONMENTS names; else `mlsql/environments` in the user's folder for caches.

    That is XDG_CACHE_HOME or ~/.cache, and ~/Library/Caches on macOS.
    """
    written = os.environ.get(VARIABLE)
    if written:
        return Path(os.path.expanduser(written)).absolute()
    needed("platformdirs")
    from platformdirs import user_cache_path

    return user_cache_path("mlsql", appauthor=False) / "environments"


def _is_ours(name: str) -> bool:
    return name in (_LOCKS, _PYTHONS) or name.startswith(".")


def pythons_cache(root: Path) -> Path:
    """Where what the machine's interpreters say of themselves is kept."""
    return root / _PYTHONS
