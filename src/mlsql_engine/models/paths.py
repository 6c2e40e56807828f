"""Where a model is: a folder of this machine, or the URL of a folder on a remote file system."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mlsql_engine.core.errors import BadValue
from mlsql_engine.core.paths import resolve_path
from mlsql_engine.core.reach import check_address
from mlsql_engine.core.text import Text

_URL: Final = re.compile(r"([A-Za-z][\w+.:-]*)://(.*)\Z", re.DOTALL)
_LOCAL: Final = ("file", "local")
_PASSWORD: Final = re.compile(r"[^/@]*:[^/@]*@")


@dataclass(frozen=True)
class ModelPath:
    """The place of a model, as errors and tables write it; two are equal where their texts are.

    `local` is the folder, None for a URL of a remote file system.
    """

    text: str
    local: Path | None = field(default=None, compare=False)

    @classmethod
    def of_folder(cls, folder: Path) -> ModelPath:
        """The place of a local folder, which is an absolute path."""
        return cls(str(folder), folder)

    @classmethod
    def of_text(cls, path: Text, folder: Path) -> ModelPath:
        """The place that a script names; a relative local path starts from `folder`.

        Raises BadValue, placed at the path, for one that no folder can have; MlsqlError with code NOT_ALLOWED.
        """
        found = _URL.match(path.value.strip())
        if found is None:
            return cls.of_folder(resolve_path(path, folder))
        scheme, rest = found[1].lower(), found[2].rstrip("/")
        if scheme in _LOCAL:
            return cls.of_folder(_local(rest, path))
        if "::" in f"{scheme}:{rest}" or ":" in scheme:
            raise BadValue("a model path is one URL, not a chain of them", span=path.span)
        if not rest.strip("/") or "\0" in rest:
            raise BadValue(f"the URL {path.value.strip()} names no folder", span=path.span)
        if _PASSWORD.match(rest):
            raise BadValue(
                "the URL of a model holds a password, which would stand in manifests and tables",
                span=path.span,
                hint="leave it out: credentials come from the environment (docs/models.md)",
            )
        check_address(f"{scheme}://{rest}", path.span)
        return cls(f"{scheme}://{rest}")

    @property
    def protocol(self) -> str:
        """The URL's scheme; empty for a local folder."""
        return "" if self.local is not None else self.text.partition("://")[0]

    def holds(self, place: str) -> bool:
        """Whether `place`, a path or URL, is below this one."""
        return place.startswith(f"{self.text.rstrip('/')}/")

    def __str__(self) -> str:
        return self.text


def _local(rest: str, path: Text) -> Path:
    """The folder of a file:// URL."""
    if not rest.startswith("/"):
        raise BadValue(
            "a file:// URL names an absolute path",
            span=path.span,
            hint="file:///folder/model; a path without file:// may be relative",
        )
    return resolve_path(Text.literal(rest, path.span), Path("/"))
