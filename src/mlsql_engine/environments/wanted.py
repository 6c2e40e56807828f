"""What a project wants of its environment, whichever file says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Wanted:
    """Packages and a Python, as plain data: the folder that it was read from may be gone when it is built.

    `python` is a version specifier of PEP 440, "" for any. `requirements`, `constraints` and `build` are lines of
    pip's requirements format whose includes are read and whose paths are absolute; `build` is installed first.
    `options` are pip's options with their values ("" for those that take none). `conda` are packages in conda's own
    form, without python, from `channels`. `local` are the files and folders that requirements name. `source` is the
    file that all this was read from, as errors call it.
    """

    python: str = ""
    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    build: tuple[str, ...] = ()
    conda: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    local: tuple[Path, ...] = ()
    source: str = field(default="", compare=False)

    def content(self) -> dict[str, Sequence[object]]:
        """All of it but where it was written and in which order, where the order means nothing; as JSON has it."""
        return {
            "python": [self.python],
            "requirements": sorted(set(self.requirements)),
            "constraints": sorted(set(self.constraints)),
            # The first of two addresses wins.
            "options": [list(option) for option in self.options],
            "build": sorted(set(self.build)),
            "conda": sorted(set(self.conda)),
            "channels": list(self.channels),
        }

    @property
    def packages(self) -> tuple[str, ...]:
        """What it names, as people list it."""
        return (*self.conda, *self.requirements)
