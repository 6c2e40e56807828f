"""Versions on remote file systems: whole or invisible there too."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import fsspec  # noqa: TID253
import pytest

from mlsql_engine.core.errors import MlsqlError, ModelProblem, UnknownName
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.models import protocols
from mlsql_engine.models.paths import ModelPath
from mlsql_engine.models.pointers import AskedVersion
from unit.models.stored import content, fill, group, manifest, publish, store_at


def files_of(url: str) -> list[str]:
    """The paths of all files of the model, from its own."""
    system, root = fsspec.core.url_to_fs(url)
    system.invalidate_cache()
    return sorted(str(path)[len(root.rstrip("/")) + 1 :] for path in system.find(root))


def test_versions_are_added_and_read(remote: str) -> None:
    store = store_at(remote)
    with pytest.raises(ModelProblem, match="there is no model at"):
        store.resolve()
    first = publish(store, "first")
    assert (first.number, first.path) == (0, f"{remote}/_model_0")
    assert publish(store, "second").number == 1
    other = store_at(remote)
    assert other.numbers() == [0, 1]
    assert [content(other, other.resolve(asked)) for asked in (None, AskedVersion(0))] == ["second", "first"]
    assert other.resolve().manifest == store.resolve().manifest
    assert files_of(remote) == [
        f"_model_{number}/{name}"
        for number in (0, 1)
        for name in ("meta/claim.json", "meta/manifest.json", "model/0/model.pkl")
    ]


def test_folders_and_several_groups(remote: str) -> None:
    store = store_at(remote)
    with store.stage() as staging:
        folder = staging.model_folder(0)
        (folder / "sub" / "deep").mkdir(parents=True)
        (folder / "sub" / "deep" / "a b.bin").write_bytes(bytes(range(256)) * 1000)
        (folder / "empty.txt").write_text("")
        fill(staging, "other", 1)
        version = staging.publish(manifest(group(0), group(1)), keep_versions=True)
    other = store_at(remote)
    got = other.fetch(version, version.group(0))
    assert (got / "sub" / "deep" / "a b.bin").read_bytes() == bytes(range(256)) * 1000
    assert (got / "empty.txt").read_text() == ""
    assert (store.fetch(version, version.group(1)) / "model.pkl").read_text() == "other"


def test_an_abandoned_version_leaves_nothing(remote: str) -> None:
    scratch = Scratch()
    store = store_at(remote, scratch=scratch)
    with pytest.raises(ZeroDivisionError), store.stage() as staging:  # noqa: PT012
        fill(staging, "x")
        raise ZeroDivisionError
    assert store.numbers() == []
    assert list(scratch.path.iterdir()) == []


def test_a_version_is_downloaded_once_in_a_session(remote: str) -> None:
    scratch = Scratch()
    store = store_at(remote, scratch=scratch)
    version = publish(store, "m")
    folder = store.fetch(version, version.group())
    (folder / "model.pkl").write_text("kept")
    assert content(store_at(remote, scratch=scratch), version) == "kept"
    assert content(store_at(remote), version) == "m"


def test_another_version_of_the_same_number_is_another_download(remote: str) -> None:
    store = store_at(remote)
    assert content(store, publish(store, "m")) == "m"
    store.storage.remove(0)
    assert store.numbers() == []
    with store.stage() as staging:
        fill(staging, "new")
        version = staging.publish(manifest(query="another"), keep_versions=True)
    assert (version.number, content(store, version)) == (0, "new")


def test_without_keep_versions_the_others_go_when_the_new_one_is_whole(remote: str) -> None:
    store = store_at(remote)
    old = publish(store, "old")
    with store.stage() as staging:
        fill(staging, "new")
        assert content(store, store.resolve()) == "old"
        staging.publish(manifest(), keep_versions=False)
    assert store.numbers() == [1]
    assert all(name.startswith("_model_1/") for name in files_of(remote))
    with pytest.raises(ModelProblem, match=r"version 0 of the model at .* was removed while it was opened"):
        store_at(remote).fetch(old, old.group())


def test_an_upload_without_a_manifest_is_no_version(remote: str) -> None:
    store = store_at(remote)
    publish(store, "whole")
    publish(store, "half")
    system, root = fsspec.core.url_to_fs(f"{remote}/_model_1/meta/manifest.json")
    system.rm_file(root)
    assert (store.numbers(), store.resolve().number) == ([0], 0)
    assert [version.number for version in store.versions()[0]] == [0]
    # Its number is taken, and it is not ours to remove: another training may be uploading it.
    assert publish(store, "next", keep_versions=False).number == 2
    assert "_model_1/model/0/model.pkl" in files_of(remote)


def test_two_trainings_do_not_mix(remote: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = store_at(remote), store_at(remote)
    # Both have looked for the next number before either has taken it.
    monkeypatch.setattr(type(one), "next_number", lambda self: 0)
    first, second = publish(one, "one"), publish(other, "other")
    assert [(version.number, content(one, version)) for version in (first, second)] == [(0, "one"), (1, "other")]
    assert one.resolve(AskedVersion(1)).manifest.version == 1


def test_a_claim_that_another_has_written_over_is_lost(failing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a server that does not know of exclusive creation."""
    taken: list[str] = []
    write = failing._open

    def also_by_another(self: Any, path: str, mode: str = "rb", **rest: Any) -> Any:
        if mode == "xb" and not taken:
            taken.append(path)
            write(self, path, "wb", data=b"another's")
            raise NotImplementedError
        return write(self, path, mode, **rest)

    monkeypatch.setattr(failing, "_open", also_by_another)
    monkeypatch.setattr(failing, "pipe_file", lambda self, path, value, mode="overwrite": None)
    store = store_at("failing://m")
    assert store.storage._claim(0) is False  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("refused", "operation"),
    [
        (("put", "b.bin"), "put of /m/_model_1/model/0/b.bin"),
        (("pipe", "manifest"), "pipe of /m/_model_1/meta/manifest.json"),
    ],
)
def test_an_upload_that_fails_leaves_nothing(failing: Any, refused: tuple[str, str], operation: str) -> None:
    store = store_at("failing://m")
    publish(store, "old")
    failing.refused.add(refused)
    with pytest.raises(ModelProblem) as caught, store.stage() as staging:  # noqa: PT012
        fill(staging, "x")
        (staging.folder / "model" / "0" / "b.bin").write_text("b")
        staging.publish(manifest(), keep_versions=False)
    assert caught.value.render() == (
        "error[STORAGE]: the model path failing://m cannot be written: PermissionError: "
        f"{operation} with token=hunter2"
    )
    failing.refused.clear()
    assert (store.numbers(), content(store, store.resolve())) == ([0], "old")
    assert {name.partition("/")[0] for name in files_of("failing://m")} == {"_model_0"}


def test_a_place_that_cannot_be_reached_is_told_before_the_training(failing: Any) -> None:
    failing.refused.add(("list", ""))
    with pytest.raises(ModelProblem, match="cannot be read: PermissionError"), store_at("failing://m").stage():
        pytest.fail("the training has begun")


@pytest.mark.parametrize("remote", ["disk", pytest.param("s3", marks=pytest.mark.heavy)], indirect=True)
def test_several_that_train_at_the_same_time(remote: str) -> None:
    """Each has a store of its own, as in another process; only a memory has no exclusive creation."""
    begin = threading.Barrier(3)
    told: list[tuple[int, str]] = []

    def train(name: str) -> None:
        store = store_at(remote)
        begin.wait()
        told.extend((publish(store, f"{name}{turn}").number, f"{name}{turn}") for turn in range(3))

    threads = [threading.Thread(target=train, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = store_at(remote)
    assert sorted(number for number, _ in told) == store.numbers()
    assert len(told) == 9
    for number, text in told:
        assert content(store, store.resolve(AskedVersion(number))) == text


def test_a_place_that_cannot_be_read(failing: Any) -> None:
    store = store_at("failing://m")
    publish(store)
    failing.refused.add(("list", ""))
    for read in (store.resolve, store.numbers, store.versions):
        with pytest.raises(ModelProblem) as caught:
            read()
        assert caught.value.code == "STORAGE"
        assert caught.value.message.startswith(
            "the model path failing://m cannot be read: PermissionError: list of "
        )
    failing.refused.clear()
    failing.refused.add(("read", "manifest"))
    for read in (store.resolve, store.numbers, store.versions):
        with pytest.raises(ModelProblem, match="failing://m cannot be read: PermissionError: read of"):
            read()


def test_a_download_that_fails_is_not_taken_for_whole(failing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_at("failing://m")
    version = publish(store)
    get = failing.get_file

    def breaks(self: Any, rpath: str, lpath: str, **rest: Any) -> None:
        Path(lpath).write_text("half")
        raise ConnectionError("gone")

    monkeypatch.setattr(failing, "get_file", breaks)
    with pytest.raises(ModelProblem, match="cannot be read: ConnectionError: gone"):
        store.fetch(version, version.group())
    monkeypatch.setattr(failing, "get_file", get)
    assert content(store, version) == "m"


def test_names_that_lead_out_of_the_folder(failing: Any) -> None:
    store = store_at("failing://m")
    version = publish(store)
    failing.store["/m/_model_0/model/0/../../../../x"] = failing.store["/m/_model_0/model/0/model.pkl"]
    with pytest.raises(ModelProblem) as caught:
        store.fetch(version, version.group())
    assert caught.value.message == (
        "the model holds a file with the name '../../../../x', which no folder can hold"
    )


def test_the_log_of_a_training(remote: str) -> None:
    store = store_at(remote)
    with store.stage() as staging:
        fill(staging, "m")
        (staging.folder / "log.txt").write_text("x" * 70_000 + "end")
        version = staging.publish(manifest(group(0, log="log.txt"), group(1, log="gone.txt")), keep_versions=True)
    log = store.log(version, version.manifest.groups[0])
    assert log is not None
    assert (len(log), log[-4:]) == (65_536, "xend")
    assert store.log(version, version.manifest.groups[1]) is None


def test_a_protocol_that_nobody_knows() -> None:
    with pytest.raises(UnknownName) as caught:
        protocols.check(ModelPath("sftpp://b/m"))
    assert (caught.value.code, caught.value.message) == ("UNKNOWN_PROTOCOL", "there is no protocol 'sftpp'")
    assert caught.value.hint == "did you mean 'sftp'?"


def test_the_package_of_a_protocol_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(MlsqlError) as caught:
        protocols.check(ModelPath("gs://b/m"))
    assert caught.value.render() == (
        "error[MISSING_EXTRA]: the model path gs://b/m needs a package that is not installed: Please install gcsfs "
        "to access Google Storage\n  = help: pip install gcsfs"
    )


def test_fsspec_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MlsqlError) as caught:
        protocols.check(ModelPath("s3://b/m"))
    assert caught.value.render() == (
        "error[MISSING_EXTRA]: the model path s3://b/m needs fsspec, which is not installed\n"
        "  = help: pip install 'mlsql-engine[remote]'"
    )


@pytest.mark.heavy
def test_a_bucket_that_is_not_there_is_not_made(s3: str) -> None:
    with pytest.raises(ModelProblem) as caught, store_at("s3://nobody-has-this/m").stage():
        pass
    assert caught.value.render() == (
        "error[STORAGE]: the model path s3://nobody-has-this/m cannot be written: FileNotFoundError: "
        "there is no 'nobody-has-this'"
    )
    assert not fsspec.filesystem("s3").exists("nobody-has-this")


@pytest.mark.heavy
def test_no_credentials_stand_in_a_manifest(s3: str) -> None:
    url = f"{s3}/m"
    publish(store_at(url))
    system = fsspec.filesystem("s3")
    for name in files_of(url):
        assert b"secret" not in system.cat_file(f"{url}/{name}")
