"""Texts without the folders of the server: callers who do not run it are not told where its files are."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

# A path in quotes may have spaces; one without ends at a space or at what surrounds paths in sentences. Neither is
# the path of an address (http://host/path) nor a part of a relative one.
_QUOTED = re.compile(r"""(['"`])(?:file://)?(/[^'"`\n]+)\1""")
_BARE = re.compile(r"""(?:file://|(?<![\w/.:*?~\\-]))(/[^\s'"`,;:()\[\]{}<>|]*[^\s'"`,;:()\[\]{}<>|.?!])""")


def without_folders(text: str, roots: Iterable[Path] = (), spared: Collection[str] = ()) -> str:
    """The text with paths below the roots relative to them, and with the last part of every other absolute path.

    `spared` are paths that stay: those that the server answers at. What does not begin with a folder of this
    machine is no file's path.
    """
    if "/" not in text:
        return text
    places = [str(root).rstrip("/") for root in roots]

    def shown(path: str) -> str:
        if path in spared or path.split("/", 2)[1] not in _top_folders():
            return path
        return _below(path, places)

    text = _QUOTED.sub(lambda found: found[1] + shown(found[2]) + found[1], text)
    return _BARE.sub(lambda found: shown(found[1]), text)


def shown_path(path: str, roots: Iterable[Path]) -> str:
    """A path relative to the root that it is below, else its last part; a URL or relative path as it is."""
    return _below(path, [str(root).rstrip("/") for root in roots]) if path.startswith("/") else path


def _below(path: str, places: Iterable[str]) -> str:
    for place in places:
        if place and (path == place or path.startswith(place + "/")):
            return path[len(place) + 1 :] or "."
    return path.rstrip("/").rsplit("/", 1)[1]


@cache
def _top_folders() -> frozenset[str]:
    return frozenset(os.listdir("/"))
