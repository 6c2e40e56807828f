"""Folders that a training works in below a local model path, and those that a process left which is gone.

.staging-HOST-PID-…   a version that is being made; its process holds a lock on it as long as it lives
.removed-…            a version that is being removed
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

STAGING: Final = ".staging-"
REMOVED: Final = ".removed-"
_TRIES: Final = 100


@contextmanager
def staging_folder(path: Path) -> Iterator[Path]:
    """A new folder below `path`, which is made if need be; what is left of it at the end is removed.

    It is locked (flock) until then: the kernel drops the lock when the process ends, however that comes, so that
    others can tell what is left of it from what is being made. Raises OSError.
    """
    folder, descriptor = _locked(path)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def removed_folder(path: Path) -> Path:
    """A new name below `path` for a version that is being removed."""
    return path / f"{REMOVED}{uuid.uuid4().hex}"


def clean(path: Path) -> list[str]:
    """Remove what processes that are gone have left below `path`, and give the names of it.

    Where the file system knows no locks, nothing that might be somebody's is touched.
    """
    found = []
    for name in sorted(os.listdir(path)):
        if name.startswith(REMOVED):
            shutil.rmtree(path / name, ignore_errors=True)
            found.append(name)
        elif name.startswith(STAGING) and _remove_if_left(path / name):
            found.append(name)
    return found


def _locked(path: Path) -> tuple[Path, int]:
    """A new folder and the descriptor that holds its lock."""
    host = re.sub(r"[^\w.]", "_", socket.gethostname())[:60]
    for _ in range(_TRIES):
        folder = path / f"{STAGING}{host}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
        try:
            folder.mkdir(parents=True)
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue  # another process has removed it, or the folder above, which was empty
        if _lock(descriptor) is not False and folder.exists():
            return folder, descriptor
        os.close(descriptor)
    raise FileNotFoundError(2, "it is removed again and again by another process", str(path))


def _lock(descriptor: int) -> bool | None:
    """Take the lock if nobody has it; None where the file system has no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _remove_if_left(folder: Path) -> bool:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False  # it has become a version, or is no folder
    try:
        if not _lock(descriptor):
            return False
        # Names are never used again: where the folder has become a version by now, there is nothing of the name.
        shutil.rmtree(folder, ignore_errors=True)
        return True
    finally:
        os.close(descriptor)
