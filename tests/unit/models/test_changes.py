"""Aliases, rollback and removal, on local and remote paths alike."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from mlsql_engine.core.errors import BadValue, MlsqlError, ModelProblem, UnknownName
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text
from mlsql_engine.models import changes
from mlsql_engine.models.pointers import AskedVersion, Pointers, Rollback
from mlsql_engine.models.store import ModelStore
from unit.models.stored import group, publish, store_at


def text(value: str) -> Text:
    return Text.literal(value, Span(Source("s", value, Path("/")), 0, 1))


@pytest.fixture
def store(place: Path | str) -> ModelStore:
    """A model of three versions."""
    store = store_at(place)
    for name in "abc":
        publish(store, name)
    return store


def failure(error: MlsqlError) -> tuple[str, str, str | None]:
    return error.code, error.message, error.hint


def test_an_alias_is_set_moved_and_dropped(store: ModelStore) -> None:
    assert changes.set_alias(store, text("champion"), 0) is None
    assert store.resolve(AskedVersion(None, "champion")).number == 0
    assert changes.set_alias(store, text("Champion"), 2) == 0
    assert store.pointers() == Pointers({"Champion": 2})
    assert changes.set_alias(store, text("best"), 2) is None
    assert changes.drop_alias(store, text("CHAMPION")) == 2
    assert store.pointers() == Pointers({"best": 2})


def test_an_alias_of_what_is_not_there(store: ModelStore) -> None:
    publish(store, "m", group(0, status="fail"))
    with pytest.raises(ModelProblem, match="has no version 9"):
        changes.set_alias(store, text("champion"), 9)
    with pytest.raises(ModelProblem, match="no parameter group of version 3 was trained"):
        changes.set_alias(store, text("champion"), 3)
    with pytest.raises(BadValue, match="cannot be an alias"):
        changes.set_alias(store, text("9"), 0)
    assert store.pointers() == Pointers()


def test_an_alias_that_is_not_there_is_guessed(store: ModelStore) -> None:
    changes.set_alias(store, text("champion"), 0)
    with pytest.raises(UnknownName) as caught:
        changes.drop_alias(store, text("champoin"))
    assert failure(caught.value) == ("UNKNOWN_ALIAS", "there is no alias 'champoin'", "did you mean 'champion'?")


@pytest.mark.parametrize("word", ["alias", "unalias", "rollback", "remove"])
def test_a_model_that_is_not_there(place: Path | str, word: str) -> None:
    store = store_at(place)
    change = {
        "alias": lambda: changes.set_alias(store, text("a"), 0),
        "unalias": lambda: changes.drop_alias(store, text("a")),
        "rollback": lambda: changes.roll_back(store, None),
        "remove": lambda: changes.remove(store, 0),
    }[word]
    with pytest.raises(ModelProblem) as caught:
        change()
    assert (caught.value.code, caught.value.message) == ("NO_MODEL", f"there is no model at {store.path}")


def test_rollback_holds_until_the_next_version(store: ModelStore) -> None:
    assert changes.roll_back(store, None).number == 1
    assert store.resolve().number == 1
    assert store.resolve(AskedVersion(None, "newest")).number == 2
    assert changes.roll_back(store, None).number == 0
    assert store.pointers().rollback == Rollback(0, 2)
    publish(store, "m", group(0, status="fail"))
    assert store.resolve().number == 0
    publish(store)
    assert store.resolve().number == 4


def test_rollback_to_a_version_and_forward(store: ModelStore) -> None:
    assert changes.roll_back(store, 0).number == 0
    assert changes.roll_back(store, 2).number == 2
    assert (store.resolve().number, store.pointers().rollback) == (2, None)


def test_rollback_further_than_there_is(store: ModelStore) -> None:
    changes.roll_back(store, 0)
    with pytest.raises(ModelProblem) as caught:
        changes.roll_back(store, None)
    assert caught.value.message == f"the model at {store.path} has no version with a model before version 0"
    with pytest.raises(ModelProblem, match="has no version 7"):
        changes.roll_back(store, 7)
    assert store.resolve().number == 0


def test_rollback_passes_over_versions_without_a_model(store: ModelStore) -> None:
    publish(store, "m", group(0, status="fail"))
    publish(store)
    assert changes.roll_back(store, None).number == 2


def test_a_version_is_removed_and_its_number_not_used_again(store: ModelStore) -> None:
    changes.remove(store, 2)
    assert (store.numbers(), store.resolve().number) == ([0, 1], 1)
    assert publish(store).number == 3
    with pytest.raises(ModelProblem) as caught:
        changes.remove(store, 2)
    assert failure(caught.value) == (
        "NO_MODEL",
        f"the model at {store.path} has no version 2",
        "its versions: 0, 1, 3",
    )


def test_a_version_that_is_pointed_at_is_not_removed(store: ModelStore) -> None:
    changes.set_alias(store, text("champion"), 0)
    changes.roll_back(store, 1)
    for number, message, hint in (
        (
            0,
            "version 0 has the alias champion",
            f"!model `{store.path}` unalias champion; first, or give the alias to another version",
        ),
        (
            1,
            "the model was rolled back to version 1",
            f"!model `{store.path}` rollback version N; to another first",
        ),
    ):
        with pytest.raises(BadValue) as caught:
            changes.remove(store, number)
        assert failure(caught.value) == ("BAD_VALUE", message, hint)
    assert store.numbers() == [0, 1, 2]
    publish(store)
    changes.remove(store, 1)
    assert store.numbers() == [0, 2, 3]


def test_a_version_that_was_rolled_back_to_and_is_gone(store: ModelStore) -> None:
    changes.roll_back(store, 1)
    store.storage.remove(1)
    with pytest.raises(ModelProblem) as caught:
        store.resolve()
    assert failure(caught.value) == (
        "NO_MODEL",
        f"the model at {store.path} was rolled back to version 1, which is not there",
        f"!model `{store.path}` rollback version N; names another",
    )
    assert changes.roll_back(store, 0).number == 0


def test_a_damaged_newest_version_is_rolled_back_from_and_removed(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    for _ in range(3):
        publish(store)
    (tmp_path / "_model_2" / "meta" / "manifest.json").write_text("{")
    with pytest.raises(ModelProblem, match="cannot be read"):
        store.resolve()
    assert changes.roll_back(store, None).number == 1
    assert store.resolve().number == 1
    changes.remove(store, 2)
    assert store.numbers() == [0, 1]


def test_two_who_set_aliases_at_the_same_time(tmp_path: Path) -> None:
    """One waits for the other, so that no alias is lost; no lock is left."""
    store = store_at(tmp_path)
    publish(store)
    names = [f"alias{number}" for number in range(40)]
    begin = threading.Barrier(4)

    def set_some(first: int) -> None:
        own = store_at(tmp_path)
        begin.wait()
        for name in names[first::4]:
            changes.set_alias(own, text(name), 0)

    threads = [threading.Thread(target=set_some, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(store.pointers().aliases) == sorted(names)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["_aliases.json", "_model_0"]
