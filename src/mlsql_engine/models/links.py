"""Symbolic links in a version that is about to be published."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path


def settle(folder: Path) -> None:
    """Make the links below `folder` hold wherever it is moved to, and whatever is removed beside it.

    A link to something inside becomes relative; a link to something outside becomes a copy of it; one that leads
    nowhere stays. Raises OSError, also for a link to a folder that `folder` itself is in.
    """
    inside = Path(os.path.realpath(folder))
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            link = Path(place, name)
            if link.is_symlink() and link.exists():
                _settle(link, inside)


def _settle(link: Path, inside: Path) -> None:
    target = Path(os.path.realpath(link))
    if inside.is_relative_to(target):
        raise OSError(errno.ELOOP, f"{link.name} is a link to {target}, which holds the model itself")
    if target.is_relative_to(inside):
        near = os.path.relpath(target, os.path.realpath(link.parent))
        link.unlink()
        os.symlink(near, link)
    elif target.is_dir():
        link.unlink()
        shutil.copytree(target, link)
    elif target.is_file():
        link.unlink()
        shutil.copy2(target, link)
