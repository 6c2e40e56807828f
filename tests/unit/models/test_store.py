"""The model store: a version is whole or it is not there."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlsql_engine.core.errors import ModelProblem
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.models.manifest import GroupRecord, Manifest
from mlsql_engine.models.paths import ModelPath
from mlsql_engine.models.pointers import AskedVersion
from mlsql_engine.models.store import ModelStore, ModelVersion, Staging
from recorded import RecordedProgress

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)


def open_store(folder: Path, progress: RecordedProgress | None = None) -> ModelStore:
    return ModelStore(ModelPath.of_folder(folder), Scratch(), progress or RecordedProgress())


def group(index: int = 0, *, score: float | None = None, status: str = "success") -> GroupRecord:
    return GroupRecord(
        alg_index=index,
        alg="train",
        model_path=f"model/{index}",
        status=status,  # type: ignore[arg-type]
        message="",
        start_time=NOON,
        end_time=NOON,
        score=score,
    )


def manifest(*groups: GroupRecord) -> Manifest:
    return Manifest("PythonAlg", NOON, "ann", "0.1.0", (("label", "double"),), groups or (group(),))


def fill(staging: Staging, text: str) -> None:
    (staging.model_folder(0) / "model.pkl").write_text(text)


def publish(store: ModelStore, text: str = "m", *, keep_versions: bool = True) -> ModelVersion:
    with store.stage() as staging:
        fill(staging, text)
        return staging.publish(manifest(), keep_versions=keep_versions)


def content(version: ModelVersion) -> str:
    return Path(version.model_path(version.group()), "model.pkl").read_text()


def folder_of(store: ModelStore) -> Path:
    assert store.path.local is not None
    return store.path.local


def asked(written: str) -> AskedVersion:
    return AskedVersion(int(written)) if written.isdigit() else AskedVersion(None, written)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return open_store(tmp_path / "some" / "model")


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
    with open_store(tmp_path / "model").stage():
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
    with pytest.raises(ModelProblem) as caught, open_store(tmp_path / "file" / "model").stage():
        pass
    assert caught.value.render() == (
        f"error[CANNOT_WRITE]: the model path {tmp_path}/file/model cannot be written: Not a directory"
    )


@pytest.mark.parametrize("name", ["nothing", "file", "empty"])
def test_a_path_without_a_model(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    store = open_store(tmp_path / name)
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


def version_of(*groups: GroupRecord) -> ModelVersion:
    return ModelVersion("/m/_model_4", 4, manifest(*groups))


@pytest.mark.parametrize(
    ("groups", "chosen"),
    [
        ([group(0), group(1)], 0),
        ([group(0, status="fail"), group(1)], 1),
        ([group(0, score=0.1), group(1, score=0.9), group(2, score=0.5)], 1),
        ([group(0), group(1, score=-3.0)], 1),
        ([group(0, score=-2.0), group(1, score=-1.0)], 1),
        ([group(0, score=-1.0), group(1, score=0.0)], 1),
        ([group(0, score=0.9, status="fail"), group(1, score=0.1)], 1),
        ([group(0, score=0.5), group(1, score=0.5)], 0),
    ],
)
def test_without_a_number_the_group_of_the_best_score_else_the_first(
    groups: list[GroupRecord], chosen: int
) -> None:
    assert version_of(*groups).group().alg_index == chosen


def test_a_group_by_its_number() -> None:
    version = version_of(group(0, score=1.0), group(3))
    assert version.group(3).alg_index == 3
    assert version.model_path(version.group(3)) == "/m/_model_4/model/3"


@pytest.mark.parametrize("index", [1, 2])
def test_a_group_that_failed_or_is_not_there(index: int) -> None:
    version = version_of(group(0), group(1, status="fail"), group(3))
    with pytest.raises(ModelProblem) as caught:
        version.group(index)
    assert caught.value.render() == (
        f"error[MODEL]: version 4 of the model has no parameter group {index} that was trained\n"
        "  = help: its groups: 0, 3"
    )


def test_a_version_in_which_all_failed() -> None:
    with pytest.raises(ModelProblem, match="no parameter group of version 4 was trained"):
        version_of(group(0, status="fail")).group()


def published(store: ModelStore, *groups: GroupRecord) -> ModelVersion:
    with store.stage() as staging:
        fill(staging, "m")
        return staging.publish(manifest(*groups), keep_versions=True)


def test_the_newest_version_with_a_group_that_succeeded(store: ModelStore) -> None:
    good = published(store, group(0))
    published(store, group(0, status="fail"))
    assert store.resolve() == good


def test_where_no_version_has_a_model_the_newest_says_so(store: ModelStore) -> None:
    published(store, group(0, status="fail"))
    newest = published(store, group(0, status="fail"))
    assert store.resolve() == newest
    assert not newest.has_model
