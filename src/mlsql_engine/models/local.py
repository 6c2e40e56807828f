"""Versions in a folder of this machine, published by a rename."""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from mlsql_engine.core.errors import ModelProblem
from mlsql_engine.models import leftovers, links, pointers
from mlsql_engine.models.storage import MANIFEST, numbers_in


class LocalStorage:
    """See Storage."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def candidates(self) -> list[int]:
        """See Storage."""
        return self.numbers()

    def numbers(self) -> list[int]:
        """See Storage."""
        if not os.path.isdir(self._path):
            return []
        with _reading(self._path):
            return numbers_in(os.listdir(self._path))

    def folder(self, number: int) -> str:
        """See Storage."""
        return str(self._folder(number))

    def manifest(self, number: int) -> str | None:
        """See Storage. A folder without a manifest is a damaged version, not none."""
        folder = self._folder(number)
        if not folder.is_dir():
            return None
        try:
            return (folder / MANIFEST).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            if not folder.is_dir():
                return None  # it has just been removed
            raise ModelProblem(
                f"the manifest {folder / MANIFEST} cannot be read: {getattr(error, 'strerror', error)}",
                hint="the version was damaged: name another by modelVersion, or remove it",
            ) from error

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """See Storage. Folders that are made for it and stay empty are removed with it."""
        made = [folder for folder in (self._path, *self._path.parents) if not folder.exists()]
        try:
            with ExitStack() as stack:
                try:
                    folder = stack.enter_context(leftovers.staging_folder(self._path))
                    leftovers.clean(self._path)
                except OSError as error:
                    raise self._unwritable(error) from error
                yield folder
        finally:
            _remove_empty(made)

    def publish(self, staged: Path, number: int, manifest: Callable[[int], str]) -> int:
        """See Storage."""
        meta = staged / MANIFEST
        meta.parent.mkdir(exist_ok=True)
        try:
            links.settle(staged)
        except OSError as error:
            raise self._unwritable(error) from error
        _sync_all(staged)
        while True:
            _write_synced(meta, manifest(number))
            target = self._folder(number)
            try:
                # A rename onto a folder that has something in it fails, so two trainings cannot collide.
                os.rename(staged, target)
            except OSError as error:
                if not target.exists():
                    raise self._unwritable(error) from error
                number += 1
            else:
                _sync(self._path)
                return number

    def remove(self, number: int) -> None:
        """See Storage."""
        aside = leftovers.removed_folder(self._path)
        try:
            os.rename(self._folder(number), aside)
        except FileNotFoundError:
            return  # another process has removed it
        except OSError as error:
            raise ModelProblem(
                f"version {number} of {self._path} cannot be removed: {error.strerror}", code="CANNOT_WRITE"
            ) from error
        shutil.rmtree(aside, ignore_errors=True)

    def fetch(self, number: int, relative: str, key: str) -> Path:  # noqa: ARG002
        """See Storage. The folder itself: nothing is copied."""
        return self._folder(number) / relative

    def tail(self, number: int, relative: str, most: int) -> str | None:
        """See Storage."""
        try:
            with (self._folder(number) / relative).open("rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - most))
                return file.read().decode(errors="replace")
        except OSError:
            return None

    def pointers(self) -> str | None:
        """See Storage."""
        with _reading(self._path):
            try:
                return (self._path / pointers.FILE).read_text(encoding="utf-8", errors="replace")
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write_pointers(self, text: str) -> None:
        """See Storage."""
        new = self._path / f".aliases-{uuid.uuid4().hex}"
        try:
            _write_synced(new, text)
            os.replace(new, self._path / pointers.FILE)
        except OSError as error:
            new.unlink(missing_ok=True)
            raise self._unwritable(error) from error

    @contextmanager
    def editing(self) -> Iterator[None]:
        """See Storage. The lock is on a file of its own, since the one with the aliases is replaced."""
        lock = self._path / ".aliases.lock"
        try:
            descriptor = _locked(lock)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)
            os.close(descriptor)

    def _unwritable(self, error: OSError) -> ModelProblem:
        return ModelProblem(f"the model path {self._path} cannot be written: {error.strerror}", code="CANNOT_WRITE")

    def _folder(self, number: int) -> Path:
        return self._path / f"_model_{number}"


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ModelProblem(
            f"the model path {path} cannot be read: {error.strerror}", code="UNREADABLE_FILE"
        ) from error


def _locked(path: Path) -> int:
    """The descriptor of a file that nobody else has locked, as long as it is open."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.path.samestat(os.stat(path), os.fstat(descriptor)):
                return descriptor
        except FileNotFoundError:
            pass  # whoever had the lock has removed the file
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _sync_all(folder: Path) -> None:
    """Have every file on disk before the rename that makes them visible: a power cut shows no half of them."""
    for place, _, names in os.walk(folder):
        for name in names:
            _sync(Path(place, name))
        _sync(Path(place))


def _sync(path: Path) -> None:
    """Write a file or folder to the disk, as far as it can be opened: a link's target or a socket is not ours."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_synced(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return
