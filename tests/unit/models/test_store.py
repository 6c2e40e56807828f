"""The model store: a version is whole or it is not there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine.core.errors import ModelProblem
from mlsql_engine.models.pointers import AskedVersion, Pointers
from mlsql_engine.models.store import ModelStore, ModelVersion
from recorded import RecordedProgress
from unit.models.stored import fill, group, manifest, publish, store_at


def content(version: ModelVersion) -> str:
    return Path(version.model_path(version.group()), "model.pkl").read_text()


def folder_of(store: ModelStore) -> Path:
    assert store.path.local is not None
    return store.path.local


def asked(written: str) -> AskedVersion:
    return AskedVersion(int(written)) if written.isdigit() else AskedVersion(None, written)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return store_at(tmp_path / "some" / "model")


def test_the_first_version_is_0(store: ModelStore) -> None:
    version = publish(store, "first")
    assert version.number == 0
    assert version.path == str(folder_of(store) / "_model_0")
    assert version.manifest.version == 0
    assert content(version) == "first"
    assert sorted(path.name for path in folder_of(store).iterdir()) == ["_model_0"]
    assert store.resolve() == version


def test_versions_are_added_and_the_newest_is_resolved(store: ModelStore) -> None:
    for text in ("a", "b", "c"):
        publish(store, text)
    assert store.numbers() == [0, 1, 2]
    assert content(store.resolve()) == "c"
    assert [content(store.resolve(AskedVersion(number))) for number in (0, 1, 2)] == ["a", "b", "c"]


def test_numbers_are_compared_as_numbers(store: ModelStore) -> None:
    for _ in range(11):
        publish(store)
    assert store.numbers() == list(range(11))
    assert store.next_number() == 11
    assert store.resolve().number == 10


def test_without_keep_versions_only_the_new_one_is_left(store: ModelStore) -> None:
    publish(store, "a")
    publish(store, "b")
    version = publish(store, "c", keep_versions=False)
    assert version.number == 2
    assert [path.name for path in folder_of(store).iterdir()] == ["_model_2"]
    assert publish(store, "d").number == 3


def test_a_gap_is_not_filled(store: ModelStore) -> None:
    publish(store)
    publish(store)
    shutil.rmtree(folder_of(store) / "_model_0")
    assert publish(store).number == 2


def test_what_is_no_version_is_passed_over(store: ModelStore) -> None:
    publish(store)
    for name in ("_model_x", "_model_", "_model_7.bak", "x_model_8", ".staging-1", "notes"):
        (folder_of(store) / name).mkdir()
    assert store.numbers() == [0]
    assert publish(store).number == 1


def test_a_version_that_is_being_made_cannot_be_seen(store: ModelStore) -> None:
    with store.stage() as staging:
        fill(staging, "half")
        assert store.numbers() == []
        with pytest.raises(ModelProblem, match="there is no model at"):
            store.resolve()
        staging.publish(manifest(), keep_versions=True)
        assert store.numbers() == [0]


def test_the_folder_of_a_group_is_new_and_empty(store: ModelStore) -> None:
    with store.stage() as staging:
        folder = staging.model_folder(3)
        assert folder.relative_to(staging.folder) == Path("model/3")
        assert list(folder.iterdir()) == []
        with pytest.raises(FileExistsError):
            staging.model_folder(3)


def test_an_abandoned_version_leaves_nothing(store: ModelStore, tmp_path: Path) -> None:
    with store.stage() as staging:
        fill(staging, "x")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_version_leaves_nothing_and_its_error(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), store.stage() as staging:  # noqa: PT012
        fill(staging, "x")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_an_abandoned_version_leaves_the_others_and_what_was_there(store: ModelStore) -> None:
    publish(store, "kept")
    (folder_of(store) / "notes.txt").write_text("mine")
    with store.stage() as staging:
        fill(staging, "x")
    assert sorted(path.name for path in folder_of(store).iterdir()) == ["_model_0", "notes.txt"]
    assert content(store.resolve()) == "kept"


def test_a_folder_that_was_there_before_is_not_removed(tmp_path: Path) -> None:
    with store_at(tmp_path / "model").stage():
        (tmp_path / "other").mkdir()
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_two_stagings_both_become_versions(store: ModelStore) -> None:
    with store.stage() as one, store.stage() as other:
        fill(one, "one")
        fill(other, "other")
        first = other.publish(manifest(), keep_versions=True)
        second = one.publish(manifest(), keep_versions=True)
    assert (first.number, content(first)) == (0, "other")
    assert (second.number, content(second)) == (1, "one")
    assert sorted(path.name for path in folder_of(store).iterdir()) == ["_model_0", "_model_1"]


def test_two_that_publish_at_the_same_time_get_numbers_of_their_own(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(store, "first")
    # Both have looked for the next number before either has taken it.
    monkeypatch.setattr(ModelStore, "next_number", lambda self: 0)
    second, third = publish(store, "second"), publish(store, "third")
    assert (second.number, third.number) == (1, 2)
    # The manifest in the folder tells the number that was taken in the end.
    assert [store.resolve(AskedVersion(number)).manifest.version for number in (0, 1, 2)] == [0, 1, 2]
    assert [content(store.resolve(AskedVersion(number))) for number in (0, 1, 2)] == ["first", "second", "third"]


def test_an_abandoned_staging_does_not_take_the_others_folder_away(store: ModelStore) -> None:
    with store.stage() as one:
        with store.stage() as other:
            fill(other, "other")
        fill(one, "one")
        version = one.publish(manifest(), keep_versions=True)
    assert content(version) == "one"


def test_a_rename_that_cannot_be_made_is_not_tried_for_ever(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[object] = []

    def refuse(source: object, target: object) -> None:
        tries.append(target)
        assert len(tries) == 1
        raise PermissionError(13, "Permission denied")

    with store.stage() as staging:
        fill(staging, "x")
        monkeypatch.setattr(os, "rename", refuse)
        with pytest.raises(ModelProblem, match="cannot be written: Permission denied"):
            staging.publish(manifest(), keep_versions=True)
    assert not folder_of(store).exists()


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelProblem) as caught, store_at(tmp_path / "file" / "model").stage():
        pass
    assert caught.value.render() == (
        f"error[CANNOT_WRITE]: the model path {tmp_path}/file/model cannot be written: Not a directory"
    )


@pytest.mark.parametrize("name", ["nothing", "file", "empty"])
def test_a_path_without_a_model(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    store = store_at(tmp_path / name)
    assert store.numbers() == []
    with pytest.raises(ModelProblem) as caught:
        store.resolve()
    assert caught.value.render() == (
        f"error[NO_MODEL]: there is no model at {tmp_path}/{name}\n  = help: train … as ALGORITHM.`path` makes one"
    )


def test_a_version_that_is_not_there(store: ModelStore) -> None:
    publish(store)
    publish(store)
    with pytest.raises(ModelProblem) as caught:
        store.resolve(AskedVersion(7))
    assert caught.value.render() == (
        f"error[NO_MODEL]: the model at {store.path} has no version 7\n  = help: its versions: 0, 1"
    )


def test_a_version_without_its_manifest_is_damaged(store: ModelStore) -> None:
    version = publish(store)
    Path(version.path, "meta", "manifest.json").unlink()
    with pytest.raises(ModelProblem, match="cannot be read"):
        store.resolve()


def test_the_newest_version_with_a_group_that_succeeded(store: ModelStore) -> None:
    good = publish(store, "m", group(0))
    publish(store, "m", group(0, status="fail"))
    assert store.resolve() == good


def test_where_no_version_has_a_model_the_newest_says_so(store: ModelStore) -> None:
    publish(store, "m", group(0, status="fail"))
    newest = publish(store, "m", group(0, status="fail"))
    assert store.resolve() == newest
    assert not newest.has_model


@pytest.mark.parametrize("word", [None, "current", "CURRENT", "newest"])
def test_words_for_the_newest_that_has_a_model(store: ModelStore, word: str | None) -> None:
    good = publish(store, "m", group(0))
    publish(store, "m", group(0, status="fail"))
    assert store.resolve(None if word is None else asked(word)) == good


def test_numbers_and_aliases_that_are_not_there(store: ModelStore, tmp_path: Path) -> None:
    publish(store)
    publish(store)
    store.storage.write_pointers(Pointers({"champion": 0, "Other": 1}).to_json())
    assert store.resolve(asked("CHAMPION")).number == 0
    for written, message, hint in (
        ("7", "has no version 7", "its versions: 0, 1; its aliases: Other (1), champion (0)"),
        (
            "champ",
            "has no version 'champ'",
            "did you mean 'champion'? its versions: 0, 1; its aliases: Other (1), champion (0)",
        ),
    ):
        with pytest.raises(ModelProblem) as caught:
            store.resolve(asked(written))
        assert caught.value.render() == (f"error[NO_MODEL]: the model at {store.path} {message}\n  = help: {hint}")
    with pytest.raises(ModelProblem, match="there is no model at"):
        store_at(tmp_path / "none").resolve(asked("champion"))


def test_without_keep_versions_those_with_an_alias_stay(tmp_path: Path) -> None:
    progress = RecordedProgress()
    store = store_at(tmp_path / "m", progress)
    for _ in range(3):
        publish(store)
    store.storage.write_pointers(Pointers({"champion": 1, "best": 1}).to_json())
    publish(store, keep_versions=False)
    assert store.numbers() == [1, 3]
    assert progress.notes == [f"train: version 1 of {store.path} is kept: its alias is best, champion"]


def test_a_version_without_a_model_replaces_none(store: ModelStore) -> None:
    publish(store)
    publish(store, "m", group(0, status="fail"), keep_versions=False)
    assert store.numbers() == [0, 1]


def test_the_number_of_a_version_that_was_removed_is_not_used_again(store: ModelStore) -> None:
    publish(store)
    store.storage.write_pointers(Pointers(highest=4).to_json())
    assert publish(store).number == 5


def test_a_version_that_is_removed_while_it_is_opened(store: ModelStore) -> None:
    version = publish(store)
    publish(store, keep_versions=False)
    with pytest.raises(ModelProblem) as caught:
        store.fetch(version, version.group())
    assert caught.value.render() == (
        f"error[NO_MODEL]: version 0 of the model at {store.path} was removed while it was opened\n"
        '  = help: run the statement again, or train with keepVersion="true"'
    )


def test_damaged_versions_are_told_apart_and_the_newest_is_not_passed_over(store: ModelStore) -> None:
    for _ in range(3):
        publish(store)
    (folder_of(store) / "_model_2" / "meta" / "manifest.json").write_bytes(b"\xff")
    (folder_of(store) / "_model_1" / "meta" / "manifest.json").write_text("{}")
    readable, damaged = store.versions()
    assert [version.number for version in readable] == [0]
    assert {number: problem.message for number, problem in damaged.items()} == {
        2: f"the manifest {store.path}/_model_2/meta/manifest.json cannot be read: "
        "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
        1: f"the manifest {store.path}/_model_1/meta/manifest.json cannot be read: it has no 'format'",
    }
    with pytest.raises(ModelProblem, match=r"the manifest .*_model_2.* cannot be read"):
        store.resolve()
    assert store.resolve(AskedVersion(0)).number == 0


def test_the_end_of_a_long_log(store: ModelStore) -> None:
    with store.stage() as staging:
        fill(staging, "m")
        (staging.folder / "log.txt").write_text("x" * 70_000 + "end")
        version = staging.publish(manifest(group(0, log="log.txt"), group(1, log="gone.txt")), keep_versions=True)
    log = store.log(version, version.manifest.groups[0])
    assert log is not None
    assert (len(log), log[-4:]) == (65_536, "xend")
    assert store.log(version, version.manifest.groups[1]) is None
    assert store.log(version, group(2)) is None


def test_a_version_that_is_removed_while_its_manifest_is_read_is_none(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(store)
    publish(store)
    read = Path.read_text

    def removed_first(self: Path, *rest: Any, **more: Any) -> str:
        shutil.rmtree(folder_of(store) / "_model_1", ignore_errors=True)
        return read(self, *rest, **more)

    monkeypatch.setattr(Path, "read_text", removed_first)
    assert store.resolve().number == 0
