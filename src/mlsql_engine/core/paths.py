"""Paths as users write them."""

from __future__ import annotations

import os
from pathlib import Path

from mlsql_engine.core.errors import BadValue, suggestion
from mlsql_engine.core.text import Text


def resolve_path(path: Text, folder: Path) -> Path:
    """A path as written; a relative one starts from `folder`, `~` is a home folder.

    Raises BadValue for an empty path (a variable in it may have no value), for one with a NUL character and for
    the home folder of nobody.
    """
    written = path.value
    if not written.strip():
        raise BadValue("the path is empty", span=path.span)
    if "\0" in written:
        raise BadValue("the path holds a NUL character", span=path.span)
    try:
        return folder / Path(written).expanduser()
    except RuntimeError:
        user = Path(written).parts[0][1:]
        raise BadValue(f"there is no home folder of '{user}'", span=path.span) from None


def near_file(place: str) -> str:
    """What to say of a data file that is not there: the one in its folder that is called nearly so, or all."""
    folder = Path(place).parent
    if not folder.is_dir():
        return f"there is no folder {folder} either"
    names = sorted(name for name in os.listdir(folder) if not name.startswith(("_", ".")))
    return suggestion(Path(place).name, names[:1000], f"file in {folder}")
