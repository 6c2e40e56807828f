"""How often it is looked whether a model has another version than its function.

To look at a model on a remote file system takes some requests, each of which may cost money and may wait for long.
Of a folder of this machine the time of its last change tells whether to look at all: versions, and the file of
aliases, are renamed into it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlsql_engine.statements.context import Registration

LONGEST = 16
"""After errors the pause grows up to so many times the usual one."""
_COARSE_SECONDS = 2.0
"""Two changes within so short a time may leave a folder with the same time of change."""


@dataclass
class _Looked:
    """`stamp` is what the folder was like when it was looked at, and since when; `pause` follows an error."""

    registration: Registration
    stamp: object = None
    since: float = 0.0
    at: float = 0.0
    pause: float = 0.0


class RenewalPace:
    """Local models are looked at when their folder has changed, remote ones every `remote_seconds`.

    After an error a local one is looked at again after `local_seconds`, a remote one after `remote_seconds`, then
    after twice as long, at most LONGEST times. `clock` tells seconds, from any time on. For one thread at a time.
    """

    def __init__(
        self, local_seconds: float, remote_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._local_seconds = local_seconds
        self._remote_seconds = remote_seconds
        self._clock = clock
        self._looked: dict[str, _Looked] = {}

    def due(self, name: str, registration: Registration) -> bool:
        """Whether to look for other versions of a function's model now; `looked` or `failed` comes after it."""
        folder = registration.request.path.local
        now = self._clock()
        looked = self._looked.get(name)
        if looked is None or looked.registration is not registration:
            looked = self._looked[name] = _Looked(registration, at=now)
            if folder is None:
                return False  # register has just looked
        if folder is None:
            return now >= looked.at + (looked.pause or self._remote_seconds)
        stamp = _stamp(folder)
        if stamp != looked.stamp or not looked.since:
            looked.stamp, looked.since = stamp, now
            return True
        if looked.pause:
            return now >= looked.at + looked.pause
        return looked.at < looked.since + _COARSE_SECONDS

    def looked(self, name: str) -> None:
        """It was looked at; `due` was asked before."""
        self._looked[name].at, self._looked[name].pause = self._clock(), 0.0

    def failed(self, name: str, registration: Registration) -> None:
        """It could not be looked at; `due` was asked before."""
        usual = self._local_seconds if registration.request.path.local is not None else self._remote_seconds
        looked = self._looked[name]
        looked.at, looked.pause = self._clock(), min(2 * looked.pause or usual, LONGEST * usual)


def _stamp(folder: Path) -> object:
    """What changes with every version and alias; None where there is no folder."""
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
