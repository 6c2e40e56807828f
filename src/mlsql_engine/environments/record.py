"""What is written down of an environment when it is complete."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_FORMAT = 1


@dataclass(frozen=True)
class Record:
    """An environment that is complete.

    `place` is the folder's name that it was built in, and `python` its interpreter there. `lacking` are the
    requirements that mlsql adds and could not. `made_for` is the file that wanted it, `packages` what that asked
    for, without secrets; `built` is a time in UTC.
    """

    manager: str
    version: str
    base: str
    place: str
    python: str
    lacking: tuple[str, ...]
    made_for: str
    packages: tuple[str, ...]
    built: datetime

    def text(self) -> str:
        """As JSON."""
        return json.dumps({"format": _FORMAT, **asdict(self), "built": self.built.isoformat()}, indent=1)

    @classmethod
    def read(cls, path: Path) -> Record | None:
        """The record at a path; None where there is none, or one that cannot be understood."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return cls._of(found) if found["format"] == _FORMAT else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @classmethod
    def _of(cls, found: Mapping[str, Any]) -> Record:
        return cls(
            manager=str(found["manager"]),
            version=str(found["version"]),
            base=str(found["base"]),
            place=str(found["place"]),
            python=str(found["python"]),
            lacking=tuple(map(str, found["lacking"])),
            made_for=str(found["made_for"]),
            packages=tuple(map(str, found["packages"])),
            built=datetime.fromisoformat(found["built"]).astimezone(UTC),
        )
