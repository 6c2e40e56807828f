"""Removing environments that nobody needs any more."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mlsql_engine.environments.store import EnvironmentStore, Stored


@dataclass(frozen=True)
class Pruned:
    """What was removed, its bytes, and what was not, by reasons that a user reads."""

    removed: tuple[str, ...]
    size: int
    kept: tuple[tuple[str, str], ...]


def prune(store: EnvironmentStore, used_before: datetime) -> Pruned:
    """Remove what was last asked for before a time, and what is left of builds that were killed.

    What is being built, and what a process of this machine runs on, is kept. Raises MlsqlError where the folder
    cannot be read or written.
    """
    programs = list(_programs())
    removed, size, kept = [], 0, []
    for key in store.all_keys():
        try:
            with store.locked(key):
                stored = store.find(key)
                if stored is not None and stored.used >= used_before:
                    continue
                if stored is not None and _runs(stored, programs):
                    kept.append((key, "a process runs on it"))
                    continue
                size += size_of(store.root / key)
                store.remove(key)
                removed.append(key)
        except BlockingIOError:
            kept.append((key, "it is being built"))
    return Pruned(tuple(removed), size, tuple(kept))


def size_of(folder: Path) -> int:
    """The bytes of all files below a folder, also of those that it shares with uv's cache."""
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                size += os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:
                continue
    return size


def _runs(stored: Stored, programs: Iterable[str]) -> bool:
    inside = f"{stored.folder}{os.sep}"
    return any(program.startswith(inside) for program in programs)


def _programs() -> Iterable[str]:
    """What the machine's processes were started as, as far as we may know."""
    import psutil

    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"]
        if command:
            yield command[0]
