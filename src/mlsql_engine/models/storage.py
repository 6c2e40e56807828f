"""What the store needs of the place where versions are kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Protocol

VERSION: Final = re.compile(r"_model_(\d+)\Z")
MANIFEST: Final = "meta/manifest.json"


class Storage(Protocol):
    """The versions below one path. Every method raises ModelProblem where the place cannot be read or written."""

    def candidates(self) -> list[int]:
        """The numbers of what may be whole versions, oldest first."""

    def numbers(self) -> list[int]:
        """The numbers of all whole versions, oldest first."""

    def folder(self, number: int) -> str:
        """The path or URL of a version."""

    def manifest(self, number: int) -> str | None:
        """The text of a version's manifest; None where there is no whole version of that number."""

    def staging(self) -> AbstractContextManager[Path]:
        """An empty local folder to make a version in; what is left of it at the end is removed."""

    def publish(self, staged: Path, number: int, manifest: Callable[[int], str]) -> int:
        """Make what is in `staged` visible under `number` or the next that is free, which it gives.

        `manifest` makes the text of the manifest for a number. Readers see all of the version, or nothing.
        """

    def remove(self, number: int) -> None:
        """Remove a version, whole or not; it vanishes at once for new readers."""

    def fetch(self, number: int, relative: str, key: str) -> Path:
        """A local folder with the files of `relative` in a version; `key` tells versions of one number apart."""

    def tail(self, number: int, relative: str, most: int) -> str | None:
        """The last `most` bytes of a text file in a version; None where it is not there."""

    def pointers(self) -> str | None:
        """The text of the file of aliases; None where there is none."""

    def write_pointers(self, text: str) -> None:
        """Replace the file of aliases at once. Call it within `editing`."""

    def editing(self) -> AbstractContextManager[None]:
        """Nobody else edits the aliases in it, where the place has locks."""


def numbers_in(names: list[str]) -> list[int]:
    """The numbers of the versions among the names of folders, in order."""
    found = [VERSION.match(name) for name in names]
    return sorted(int(match.group(1)) for match in found if match)
