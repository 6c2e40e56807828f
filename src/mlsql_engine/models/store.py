"""The model store: a folder of versions, each complete or invisible.

path/_model_0/model/<group>/…     what the script of that parameter group wrote
path/_model_0/meta/manifest.json  what is known of it
path/.staging-…                   a version that is being made; renamed when it is whole
"""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from mlsql_engine.core.errors import ModelProblem
from mlsql_engine.models import manifest as manifests
from mlsql_engine.models.manifest import GroupRecord, Manifest

_VERSION = re.compile(r"_model_(\d+)\Z")


@dataclass(frozen=True)
class ModelVersion:
    """A published version: its folder and its manifest."""

    path: Path
    number: int
    manifest: Manifest

    @property
    def has_model(self) -> bool:
        """Whether a group of it succeeded."""
        return any(group.status == "success" for group in self.manifest.groups)

    def group(self, index: int | None = None) -> GroupRecord:
        """The group of that number; without one the successful group of the best score, else the first.

        Raises ModelProblem when the group failed or is not there.
        """
        good = [group for group in self.manifest.groups if group.status == "success"]
        if index is not None:
            for group in self.manifest.groups:
                if group.alg_index == index and group in good:
                    return group
            known = ", ".join(str(group.alg_index) for group in good)
            raise ModelProblem(
                f"version {self.number} of the model has no parameter group {index} that was trained",
                hint=f"its groups: {known}",
            )
        if not good:
            raise ModelProblem(f"no parameter group of version {self.number} was trained")
        scored = [group for group in good if group.score is not None]
        return max(scored, key=lambda group: group.score or 0.0) if scored else good[0]

    def model_path(self, group: GroupRecord) -> Path:
        """The folder of a group's model."""
        return self.path / group.model_path


class Staging:
    """A version in the making: fill `model_folder`s, then `publish`."""

    def __init__(self, store: ModelStore, folder: Path) -> None:
        self._store = store
        self.folder = folder
        self.published: ModelVersion | None = None

    def model_folder(self, group: int) -> Path:
        """The new, empty folder of a parameter group's model."""
        path = self.folder / "model" / str(group)
        path.mkdir(parents=True)
        return path

    def publish(self, manifest: Manifest, *, keep_versions: bool) -> ModelVersion:
        """Make the version visible under the next free number; without keep_versions remove the others."""
        meta = self.folder / "meta"
        meta.mkdir(exist_ok=True)
        number = self._store.next_number()
        while True:
            numbered = replace(manifest, version=number)
            _write_synced(meta / "manifest.json", numbered.to_json())
            target = self._store.path / f"_model_{number}"
            try:
                # A rename onto a folder that has something in it fails, so two trainings cannot collide.
                os.rename(self.folder, target)
                break
            except OSError:
                if not target.exists():
                    raise
                number += 1
        self.published = ModelVersion(target, number, numbered)
        if not keep_versions:
            self._store.remove_versions(below=number)
        return self.published


class ModelStore:
    """The versions below one path."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def stage(self) -> Iterator[Staging]:
        """A place for a new version; without `publish` nothing of it, nor a folder made for it, is left.

        Raises ModelProblem when the path cannot be written.
        """
        made = [folder for folder in (self.path, *self.path.parents) if not folder.exists()]
        folder = self.path / f".staging-{uuid.uuid4().hex}"
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise ModelProblem(
                f"the model path {self.path} cannot be written: {error.strerror}", code="CANNOT_WRITE"
            ) from error
        staging = Staging(self, folder)
        try:
            yield staging
        finally:
            if staging.published is None:
                shutil.rmtree(folder, ignore_errors=True)
                _remove_empty(made)

    def next_number(self) -> int:
        """One more than the newest version's number, 0 for the first."""
        return max(self.numbers(), default=-1) + 1

    def numbers(self) -> list[int]:
        """The numbers of all versions, oldest first."""
        if not os.path.isdir(self.path):
            return []
        try:
            found = [_VERSION.match(name) for name in os.listdir(self.path)]
        except OSError as error:
            raise ModelProblem(
                f"the model path {self.path} cannot be read: {error.strerror}", code="UNREADABLE_FILE"
            ) from error
        return sorted(int(match.group(1)) for match in found if match)

    def resolve(self, number: int | None = None) -> ModelVersion:
        """The version of that number, else the newest with a group that succeeded. Raises ModelProblem."""
        numbers = self.numbers()
        if not numbers:
            raise ModelProblem(
                f"there is no model at {self.path}", code="NO_MODEL", hint="train … as ALGORITHM.`path` makes one"
            )
        if number is not None:
            if number not in numbers:
                raise ModelProblem(
                    f"the model at {self.path} has no version {number}",
                    code="NO_MODEL",
                    hint=f"its versions: {', '.join(map(str, numbers))}",
                )
            return self._open(number)
        newest_first = (self._open(number) for number in reversed(numbers))
        trained = (version for version in newest_first if version.has_model)
        return next(trained, None) or self._open(numbers[-1])

    def remove_versions(self, *, below: int) -> None:
        """Remove the versions older than `below`; each vanishes at once for new readers."""
        for number in self.numbers():
            if number < below:
                aside = self.path / f".removed-{uuid.uuid4().hex}"
                try:
                    os.rename(self.path / f"_model_{number}", aside)
                except FileNotFoundError:
                    continue  # another training has removed it
                shutil.rmtree(aside, ignore_errors=True)

    def _open(self, number: int) -> ModelVersion:
        folder = self.path / f"_model_{number}"
        return ModelVersion(folder, number, manifests.read(folder / "meta" / "manifest.json"))


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
