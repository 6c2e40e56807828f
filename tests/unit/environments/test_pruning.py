"""Removing environments."""

from __future__ import annotations

import os
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlsql_engine.environments.pruning import Pruned, prune, size_of
from mlsql_engine.environments.store import EnvironmentStore
from unit.environments.stored import publish

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> EnvironmentStore:
    """Two environments, `old` last used ten days before `new`."""
    store = EnvironmentStore(tmp_path / "store")
    for key, used in (("old", NOW - timedelta(days=10)), ("new", NOW)):
        publish(store, key)
        os.utime(store.root / key / "environment.json", (used.timestamp(), used.timestamp()))
    return store


def test_what_is_older_goes(store: EnvironmentStore) -> None:
    size = size_of(store.root / "old")
    assert prune(store, NOW - timedelta(days=10)) == Pruned((), 0, ())
    assert prune(store, NOW - timedelta(days=9)) == Pruned(("old",), size, ())
    assert [stored.key for stored in store.all()] == ["new"]


def test_what_was_never_completed_goes_whatever_its_age(store: EnvironmentStore) -> None:
    with store.locked("half"):
        store.new_place("half").mkdir()
    assert prune(store, NOW - timedelta(days=99)) == Pruned(("half",), 0, ())


def test_what_a_process_runs_on_stays(store: EnvironmentStore) -> None:
    found = store.find("old")
    assert found is not None
    with subprocess.Popen([str(found.python), "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert prune(store, NOW).kept == (("old", "a process runs on it"),)
        process.communicate()
    assert prune(store, NOW).removed == ("old",)


def test_what_is_being_built_stays(store: EnvironmentStore) -> None:
    pruned: list[Pruned] = []
    with store.locked("old"):
        thread = threading.Thread(target=lambda: pruned.append(prune(store, NOW)))
        thread.start()
        thread.join()
    assert pruned == [Pruned((), 0, (("old", "it is being built"),))]


def test_size_counts_files_and_not_what_links_lead_to(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("12345")
    (tmp_path / "b").symlink_to("a")
    assert size_of(tmp_path) == 6
    assert size_of(tmp_path / "none") == 0
