"""Versions on a remote file system that fsspec knows: object stores, SFTP, HDFS …

Nothing can be renamed there at once, so a version is there when its manifest is: the number is claimed by a file
that only one training can make, then the files are uploaded, then the manifest.
"""

from __future__ import annotations

import json
import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from mlsql_engine.core.errors import ModelProblem
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.core.secrets import hide_secrets
from mlsql_engine.models import pointers
from mlsql_engine.models.storage import MANIFEST, numbers_in

CLAIM: Final = "meta/claim.json"


class RemoteStorage:
    """See Storage. `files` is the file system, `root` the path on it, `url` what errors call it."""

    def __init__(self, files: Any, root: str, url: str, scratch: Scratch) -> None:
        self._files, self._root, self._url, self._scratch = files, root.rstrip("/"), url, scratch

    def candidates(self) -> list[int]:
        """See Storage."""
        with self._reading():
            self._files.invalidate_cache()
            try:
                found = self._files.ls(self._root, detail=False)
            except FileNotFoundError:
                return []
            return numbers_in([str(name).rstrip("/").rpartition("/")[2] for name in found])

    def numbers(self) -> list[int]:
        """See Storage."""
        numbers = self.candidates()
        with self._reading():
            paths = {self._path(number, MANIFEST): number for number in numbers}
            # What is asked for at once is fetched at once; most file systems have no cheaper way to look.
            found = self._files.cat(list(paths), on_error="return") if paths else {}
            for content in found.values():
                if isinstance(content, Exception) and not isinstance(content, FileNotFoundError):
                    raise content
        return sorted(paths[path] for path, content in found.items() if not isinstance(content, Exception))

    def folder(self, number: int) -> str:
        """See Storage."""
        return f"{self._url}/_model_{number}"

    def manifest(self, number: int) -> str | None:
        """See Storage."""
        return self._text(self._path(number, MANIFEST))

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """See Storage. It is made in the session's own temporary folder.

        A place that cannot be reached, or a bucket that is not there, is an error now and not after the training.
        """
        self.candidates()
        with self._writing():
            self._need_bucket()
        with self._scratch.temporary("version") as folder:
            yield folder

    def publish(self, staged: Path, number: int, manifest: Callable[[int], str]) -> int:
        """See Storage. What was uploaded when something fails is removed, as far as it can be."""
        with self._writing():
            self._need_bucket()
            self._files.makedirs(self._root, exist_ok=True)
            while not self._claim(number):
                number += 1
            try:
                self._upload(staged, number)
                self._files.pipe_file(self._path(number, MANIFEST), manifest(number).encode())
            except BaseException:
                with suppress(Exception):
                    self._files.rm(self._path(number), recursive=True)
                raise
        return number

    def remove(self, number: int) -> None:
        """See Storage. The manifest goes first."""
        with self._writing():
            self._files.invalidate_cache()
            with suppress(FileNotFoundError):
                self._files.rm_file(self._path(number, MANIFEST))
            with suppress(FileNotFoundError):
                self._files.rm(self._path(number), recursive=True)

    def fetch(self, number: int, relative: str, key: str) -> Path:
        """See Storage. The files are downloaded when they are first asked for, and kept as long as the session."""
        target = self._scratch.path / "models" / key / relative
        if target.is_dir():
            return target
        with self._reading():
            place = self._path(number, relative)
            self._files.invalidate_cache()
            names = {str(name): str(name)[len(place) :].lstrip("/") for name in self._files.find(place)}
            if not names:
                raise FileNotFoundError(place)
            with self._scratch.temporary("download") as folder:
                copies = [_below(folder, name) for name in names.values()]
                for copy in copies:
                    copy.parent.mkdir(parents=True, exist_ok=True)
                self._files.get(list(names), [str(copy) for copy in copies])
                target.parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileExistsError):  # another thread was faster
                    os.rename(folder, target)
        return target

    def tail(self, number: int, relative: str, most: int) -> str | None:
        """See Storage."""
        path = self._path(number, relative)
        with self._reading():
            try:
                size = self._files.size(path)
                content: bytes = self._files.cat_file(path, start=max(0, size - most) if size else 0)
            except FileNotFoundError:
                return None
        return content.decode(errors="replace")

    def pointers(self) -> str | None:
        """See Storage."""
        return self._text(f"{self._root}/{pointers.FILE}")

    def write_pointers(self, text: str) -> None:
        """See Storage."""
        with self._writing():
            self._files.pipe_file(f"{self._root}/{pointers.FILE}", text.encode())

    @contextmanager
    def editing(self) -> Iterator[None]:
        """See Storage. Remote file systems have no locks: of two who write at once, the last one's text stays."""
        yield

    def _path(self, number: int, relative: str = "") -> str:
        return f"{self._root}/_model_{number}" + (f"/{relative}" if relative else "")

    def _text(self, path: str) -> str | None:
        with self._reading():
            self._files.invalidate_cache()
            try:
                content: bytes = self._files.cat_file(path)
            except FileNotFoundError:
                return None
        return content.decode(errors="replace")

    def _need_bucket(self) -> None:
        """Object stores have no folders but buckets, which are somebody's to make: none is made unasked."""
        bucket = self._root.partition("/")[0]
        if bucket and not self._files.exists(bucket):
            raise FileNotFoundError(f"there is no '{bucket}'")

    def _claim(self, number: int) -> bool:
        """Take the number, unless somebody has."""
        token = uuid.uuid4().hex
        content = json.dumps({"token": token, "host": socket.gethostname(), "pid": os.getpid()}).encode()
        path = self._path(number, CLAIM)
        if self._files.root_marker:
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
        try:
            try:
                with self._files.open(path, "xb") as file:
                    file.write(content)
            except (NotImplementedError, ValueError):
                self._files.pipe_file(path, content, mode="create")
        except FileExistsError:
            return False
        # A server that does not know of exclusive creation has the last one's claim.
        return bool(self._files.cat_file(path) == content)

    def _upload(self, staged: Path, number: int) -> None:
        files = [Path(place, name) for place, _, names in os.walk(staged, followlinks=True) for name in names]
        targets = [self._path(number, str(file.relative_to(staged))) for file in files]
        if self._files.root_marker:
            for folder in sorted({target.rpartition("/")[0] for target in targets}):
                self._files.makedirs(folder, exist_ok=True)
        if files:
            self._files.put([str(file) for file in files], targets)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with _translated(self._url, "read"):
            yield

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with _translated(self._url, "written"):
            yield


@contextmanager
def _translated(url: str, done: str) -> Iterator[None]:
    """Exceptions of file systems and of the libraries behind them as ours."""
    try:
        yield
    except ModelProblem:
        raise
    except Exception as error:
        text = hide_secrets(" ".join(str(error).split()))
        raise ModelProblem(
            f"the model path {url} cannot be {done}: {type(error).__name__}: {text}".rstrip(": "), code="STORAGE"
        ) from error


def _below(folder: Path, name: str) -> Path:
    """The local file of a remote name, which may not lead out of the folder."""
    if not name or ".." in name.split("/") or name.startswith("/"):
        raise ModelProblem(f"the model holds a file with the name '{name}', which no folder can hold")
    return folder / name
