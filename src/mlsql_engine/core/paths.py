"""Paths as users write them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from mlsql_engine.core.errors import BadValue, suggestion
from mlsql_engine.core.reach import check_path
from mlsql_engine.core.text import Text

_LONGEST_NAME: Final = 255
_LONGEST_PATH: Final = 4_095
"""Linux's limits, in bytes."""


def resolve_path(path: Text, folder: Path) -> Path:
    """A path as written; a relative one starts from `folder`, `~` is a home folder.

    Raises BadValue for an empty path (a variable in it may have no value), for one that no file can have, and for
    the home folder of nobody; MlsqlError with code NOT_ALLOWED for one that the script may not touch.
    """
    written = path.value
    if not written.strip():
        raise BadValue("the path is empty", span=path.span)
    if "\0" in written:
        raise BadValue("the path holds a NUL character", span=path.span)
    try:
        place = folder / Path(written).expanduser()
        lengths = [len(os.fsencode(part)) for part in place.parts]
    except RuntimeError:
        user = Path(written).parts[0][1:]
        raise BadValue(f"there is no home folder of '{user}'", span=path.span) from None
    except UnicodeEncodeError:
        raise BadValue("the path holds half a character", span=path.span) from None
    if max(lengths) > _LONGEST_NAME or sum(lengths) + len(lengths) > _LONGEST_PATH:
        raise BadValue("the path is longer than files can be called", span=path.span)
    check_path(place, path.span)
    return place


def resolved(place: Path) -> Path:
    """The path without links and dots; as far as that can be told where links go round in circles."""
    return Path(os.path.realpath(place))


def near_file(place: str) -> str:
    """What to say of a data file that is not there: the one in its folder that is called nearly so, or all."""
    folder = Path(place).parent
    if not folder.is_dir():
        return f"there is no folder {folder} either"
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith(("_", ".")))
    except OSError as error:
        return f"the folder {folder} cannot be read: {error.strerror}"
    return suggestion(Path(place).name, names[:1000], f"file in {folder}")
