"""The model store: a path with versions, each complete or invisible.

path/_model_0/model/<group>/…     what the script of that parameter group wrote
path/_model_0/meta/manifest.json  what is known of it
path/_aliases.json                names of versions, and what the model was rolled back to
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from mlsql_engine.core.errors import ModelProblem, nearest
from mlsql_engine.core.progress import Progress
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.models import manifest as manifests
from mlsql_engine.models import pointers as pointing
from mlsql_engine.models.manifest import GroupRecord, Manifest
from mlsql_engine.models.paths import ModelPath
from mlsql_engine.models.pointers import AskedVersion, Pointers
from mlsql_engine.models.protocols import open_storage
from mlsql_engine.models.selection import group_of
from mlsql_engine.models.storage import MANIFEST, Storage

LONGEST_LOG = 65_536
"""Bytes of a training's log that are read back."""


@dataclass(frozen=True)
class ModelVersion:
    """A published version: its folder, a path or URL, and its manifest."""

    path: str
    number: int
    manifest: Manifest

    @property
    def has_model(self) -> bool:
        """Whether a group of it succeeded."""
        return any(group.status == "success" for group in self.manifest.groups)

    def group(self, index: int | None = None, metric: str | None = None) -> GroupRecord:
        """The group of that number; else the best by the metric; else the best by score, else the first.

        Raises ModelProblem when the group failed or is not there, or none has the metric.
        """
        return group_of(self.manifest.groups, self.number, index, metric)

    def model_path(self, group: GroupRecord) -> str:
        """The path or URL of a group's model."""
        return f"{self.path}/{group.model_path}"


class Staging:
    """A version in the making: fill `model_folder`s, then `publish`."""

    def __init__(self, store: ModelStore, folder: Path) -> None:
        self._store = store
        self.folder = folder

    def model_folder(self, group: int) -> Path:
        """The new, empty folder of a parameter group's model."""
        path = self.folder / "model" / str(group)
        path.mkdir(parents=True)
        return path

    def publish(self, manifest: Manifest, *, keep_versions: bool) -> ModelVersion:
        """Make the version visible under the next free number.

        Without keep_versions the older ones are removed, but for those that an alias names.
        """
        storage = self._store.storage

        def text(number: int) -> str:
            return replace(manifest, version=number).to_json()

        number = storage.publish(self.folder, self._store.next_number(), text)
        version = ModelVersion(storage.folder(number), number, replace(manifest, version=number))
        if not keep_versions and version.has_model:
            self._store.remove_below(number)
        return version


class ModelStore:
    """The versions below one path. `progress` is told what is kept although it should be replaced."""

    def __init__(self, path: ModelPath, scratch: Scratch, progress: Progress) -> None:
        self.path = path
        self.storage: Storage = open_storage(path, scratch)
        self._progress = progress

    @contextmanager
    def stage(self) -> Iterator[Staging]:
        """A place for a new version; without `publish` nothing of it, nor a folder made for it, is left.

        Raises ModelProblem when the path cannot be written.
        """
        with self.storage.staging() as folder:
            yield Staging(self, folder)

    def pointers(self) -> Pointers:
        """The aliases of the versions. Raises ModelProblem where their file is damaged."""
        return pointing.read(self.storage.pointers(), f"{self.path}/{pointing.FILE}")

    def next_number(self) -> int:
        """One more than the greatest number that a version has or had, 0 for the first."""
        return max([*self.storage.candidates(), self.pointers().highest], default=-1) + 1

    def numbers(self) -> list[int]:
        """The numbers of all versions, oldest first."""
        return self.storage.numbers()

    def resolve(self, asked: AskedVersion | None = None) -> ModelVersion:
        """The version that is asked for; without one the current: the newest that has a model, unless rolled back.

        Raises ModelProblem where there is none, and where it is damaged.
        """
        pointers = self.pointers()
        if asked is None or asked.alias.lower() == pointing.CURRENT:
            return self._current(pointers)
        if asked.alias.lower() == pointing.NEWEST:
            return self._current(replace(pointers, rollback=None))
        number = asked.number
        if number is None:
            name = pointers.find(asked.alias)
            number = None if name is None else pointers.aliases[name]
        found = None if number is None else self.open(number)
        if found is None:
            raise self.no_version(asked.alias or str(asked.number), pointers)
        return found

    def open(self, number: int) -> ModelVersion | None:
        """The version of that number; None where there is none. Raises ModelProblem for a damaged one."""
        text = self.storage.manifest(number)
        if text is None:
            return None
        folder = self.storage.folder(number)
        return ModelVersion(folder, number, manifests.parse(text, f"{folder}/{MANIFEST}"))

    def versions(self) -> tuple[list[ModelVersion], dict[int, ModelProblem]]:
        """All versions that can be read, newest first, and the problems of the others by their numbers."""
        readable, damaged = [], {}
        for number in reversed(self.storage.candidates()):
            try:
                version = self.open(number)
            except ModelProblem as problem:
                if problem.code == "STORAGE":
                    raise
                damaged[number] = problem
            else:
                readable += [] if version is None else [version]
        return readable, damaged

    def fetch(self, version: ModelVersion, group: GroupRecord) -> Path:
        """The local folder of a group's model. Raises ModelProblem where the version is gone by now."""
        return self.fetch_part(version, group.model_path)

    def fetch_part(self, version: ModelVersion, relative: str) -> Path:
        """The local folder of a part of a version. Raises ModelProblem where the version is gone by now."""
        identity = hashlib.sha256(f"{version.path}\n{version.manifest.to_json()}".encode()).hexdigest()
        try:
            folder = self.storage.fetch(version.number, relative, identity[:32])
        except ModelProblem:
            if self.storage.manifest(version.number) is not None:
                raise
            folder = None
        if folder is None or not folder.is_dir():
            raise ModelProblem(
                f"version {version.number} of the model at {self.path} was removed while it was opened",
                code="NO_MODEL",
                hint='run the statement again, or train with keepVersion="true"',
            )
        return folder

    def log(self, version: ModelVersion, group: GroupRecord) -> str | None:
        """The end of the output of a group's training; None where none was stored."""
        return self.storage.tail(version.number, group.log, LONGEST_LOG) if group.log else None

    def remove_below(self, number: int) -> None:
        """Remove the versions older than `number`, but for those that an alias names."""
        with self.storage.editing():
            pointers = self.pointers()
            for other in self.numbers():
                if other >= number:
                    continue
                if names := pointers.of(other):
                    told = f"version {other} of {self.path} is kept: its alias is {', '.join(names)}"
                    self._progress.note(f"train: {told}")
                else:
                    self.storage.remove(other)

    def no_version(self, written: str, pointers: Pointers) -> ModelProblem:
        """The error for a version that is not there."""
        numbers = self.numbers()
        if not numbers:
            return self.no_model()
        near = nearest(written, pointers.aliases)
        known = [f"its versions: {', '.join(map(str, numbers))}"]
        if pointers.aliases:
            pairs = sorted(pointers.aliases.items())
            known.append(f"its aliases: {', '.join(f'{name} ({number})' for name, number in pairs)}")
        return ModelProblem(
            f"the model at {self.path} has no version {written if written.isdigit() else repr(written)}",
            code="NO_MODEL",
            hint=(f"did you mean '{near}'? " if near else "") + "; ".join(known),
        )

    def no_model(self) -> ModelProblem:
        """The error for a path without a version."""
        return ModelProblem(
            f"there is no model at {self.path}", code="NO_MODEL", hint="train … as ALGORITHM.`path` makes one"
        )

    def _current(self, pointers: Pointers) -> ModelVersion:
        back, newest = pointers.rollback, None
        for number in reversed(self.storage.candidates()):
            if back is not None and number <= back.newest:
                break
            version = self.open(number)
            if version is not None and version.has_model:
                return version
            newest = newest or version
        if back is not None:
            found = self.open(back.version)
            if found is not None:
                return found
            raise ModelProblem(
                f"the model at {self.path} was rolled back to version {back.version}, which is not there",
                code="NO_MODEL",
                hint=f"!model `{self.path}` rollback version N; names another",
            )
        if newest is None:
            raise self.no_model()
        return newest
