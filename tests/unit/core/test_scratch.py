"""The temporary folder of a run."""

from __future__ import annotations

import gc
import os
import stat
import tempfile
from pathlib import Path

import pytest

from mlsql_engine.core.scratch import Scratch


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_nothing_is_made_before_it_is_needed(temporary: Path) -> None:
    scratch = Scratch()
    scratch.close()
    assert list(temporary.iterdir()) == []


def test_the_folder_is_one_and_private(temporary: Path) -> None:
    scratch = Scratch()
    assert scratch.path == scratch.path
    assert list(temporary.iterdir()) == [scratch.path]
    assert scratch.path.name.startswith("mlsql-")
    assert stat.S_IMODE(scratch.path.stat().st_mode) == 0o700


def test_folders_in_it_are_new_and_empty() -> None:
    scratch = Scratch()
    names = [scratch.folder(name).name for name in ("train", "train", "data")]
    assert names == ["train-1", "train-2", "data-3"]
    assert sorted(path.name for path in scratch.path.iterdir()) == ["data-3", "train-1", "train-2"]


def test_close_removes_all_and_it_may_be_used_again(temporary: Path) -> None:
    scratch = Scratch()
    first = scratch.path
    (scratch.folder("data") / "rows.json").write_text("{}")
    scratch.close()
    scratch.close()
    assert list(temporary.iterdir()) == []
    assert scratch.path != first
    assert scratch.path.is_dir()
    scratch.close()
    assert list(temporary.iterdir()) == []


def test_a_folder_that_is_gone_already_is_no_error() -> None:
    scratch = Scratch()
    scratch.path.rmdir()
    scratch.close()


def test_a_forgotten_one_is_removed(temporary: Path) -> None:
    scratch = Scratch()
    scratch.folder("data")
    del scratch
    gc.collect()
    assert list(temporary.iterdir()) == []


def test_a_forked_child_does_not_remove_its_parents_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = Scratch()
    folder = scratch.path
    other = os.getpid() + 1
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: other)
        scratch.close()
    assert folder.is_dir()
