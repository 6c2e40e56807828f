"""Environments that are complete, without what makes them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from mlsql_engine.environments.record import Record
from mlsql_engine.environments.store import EnvironmentStore, Stored

BUILT = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def record(place: str = "place", **changes: object) -> Record:
    """A record of an environment with the package six."""
    values: dict[str, object] = {
        "manager": "uv",
        "version": "3.11.7",
        "base": "/usr/bin/python3",
        "place": place,
        "python": "bin/python",
        "lacking": (),
        "made_for": "/p/requirements.txt",
        "packages": ("six",),
        "built": BUILT,
        **changes,
    }
    return Record(**values)  # type: ignore[arg-type]


def publish(store: EnvironmentStore, key: str, **changes: object) -> Stored:
    """An environment in a store, whose interpreter is ours."""
    with store.locked(key):
        place = store.new_place(key)
        (place / "bin").mkdir(parents=True)
        (place / "bin" / "python").symlink_to(sys.executable)
        return store.complete(key, record(place.name, **changes))
