"""The folder of environments."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlsql_engine.core.errors import Cancelled, MlsqlError
from mlsql_engine.environments.store import EnvironmentStore, default_root
from unit.environments.stored import publish, record


@pytest.fixture
def store(tmp_path: Path) -> EnvironmentStore:
    return EnvironmentStore(tmp_path / "store")


def test_what_is_complete_is_found(store: EnvironmentStore) -> None:
    published = publish(store, "a")
    found = store.find("a")
    assert found is not None
    assert (found.record, found.folder, found.python) == (published.record, published.folder, published.python)
    assert found.python == store.root / "a" / published.record.place / "bin" / "python"
    assert store.find("b") is None


def test_what_is_not_complete_is_not_found_and_goes_with_the_next(store: EnvironmentStore) -> None:
    with store.locked("a"):
        first = store.new_place("a")
        first.mkdir()
    assert store.find("a") is None
    assert (store.all_keys(), store.all()) == (["a"], [])
    with store.locked("a"):
        second = store.new_place("a")
    assert first != second
    assert not first.exists()
    assert list(second.parent.iterdir()) == []


def test_one_without_its_interpreter_is_none(store: EnvironmentStore) -> None:
    published = publish(store, "a")
    published.python.unlink()
    assert store.find("a") is None
    published.python.symlink_to("/nothing/python")
    assert store.find("a") is None


def test_the_last_used_is_first(store: EnvironmentStore) -> None:
    for day, key in ((2, "b"), (3, "c"), (1, "a")):
        publish(store, key)
        then = datetime(2026, 1, day, tzinfo=UTC).timestamp()
        os.utime(store.root / key / "environment.json", (then, then))
    assert [stored.key for stored in store.all()] == ["c", "b", "a"]
    found = store.find("a")
    assert found is not None
    store.touch(found)
    assert [stored.key for stored in store.all()] == ["a", "c", "b"]


def test_what_is_removed_is_gone_with_what_was_left_of_others(store: EnvironmentStore) -> None:
    publish(store, "a")
    (store.root / ".removed-x").mkdir()
    store.remove("a")
    store.remove("never")
    assert sorted(path.name for path in store.root.iterdir()) == ["locks"]


def test_a_lock_that_another_holds(store: EnvironmentStore) -> None:
    waited = threading.Event()
    got: list[str] = []

    def second() -> None:
        with store.locked("a", waits=waited.set):
            got.append("second")

    with store.locked("a"):
        with pytest.raises(BlockingIOError), store.locked("a"):
            pytest.fail("two have it")
        with store.locked("b"):
            got.append("other key")
        thread = threading.Thread(target=second)
        thread.start()
        assert waited.wait(10)
        got.append("first")
    thread.join()
    assert got == ["other key", "first", "second"]


def test_waiting_for_a_lock_is_ended(store: EnvironmentStore) -> None:
    waited, raised = threading.Event(), []

    def second() -> None:
        with pytest.raises(Cancelled) as caught, store.locked("a", stop=waited.is_set, waits=waited.set):
            pytest.fail("two have it")
        raised.append(caught.value.message)

    with store.locked("a"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert raised == ["the making of an environment was ended"]


@pytest.mark.parametrize(
    ("folder", "problem"),
    [("<tmp>/file/store", "Not a directory"), ("/proc/none/store", "No such file or directory")],
)
def test_a_folder_that_cannot_be_written(tmp_path: Path, folder: str, problem: str) -> None:
    (tmp_path / "file").write_text("")
    root = Path(folder.replace("<tmp>", str(tmp_path)))
    with pytest.raises(MlsqlError) as caught, EnvironmentStore(root).locked("a"):
        pytest.fail("there is a lock")
    assert caught.value.render() == (
        f"error[CANNOT_WRITE]: the folder of environments, {root}, cannot be written: {problem}\n"
        "  = help: MLSQL_ENVIRONMENTS names another one"
    )


def test_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MlsqlError) as caught:
        EnvironmentStore(tmp_path / "file").all_keys()
    assert caught.value.render() == (
        f"error[UNREADABLE_FILE]: the folder of environments, {tmp_path}/file, cannot be read: Not a directory\n"
        "  = help: MLSQL_ENVIRONMENTS names another one"
    )
    assert EnvironmentStore(tmp_path / "none").all() == []


def test_the_default_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLSQL_ENVIRONMENTS", str(tmp_path / "e"))
    assert default_root() == tmp_path / "e"
    monkeypatch.delenv("MLSQL_ENVIRONMENTS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert default_root() == tmp_path / "cache" / "mlsql" / "environments"


def test_a_damaged_record_is_no_environment(store: EnvironmentStore) -> None:
    published = publish(store, "a")
    (store.root / "a" / "environment.json").write_text(record(published.record.place).text()[:-3])
    assert store.find("a") is None
