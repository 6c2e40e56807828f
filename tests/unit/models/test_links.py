"""Links in a version hold after it was published, and after what they led to is gone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from mlsql_engine.core.errors import ModelProblem
from mlsql_engine.models import links
from unit.models.stored import group, manifest, store_at


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "staged" / "model"
    path.mkdir(parents=True)
    return path


def test_links_to_files_of_the_folder_hold_where_it_is_moved(folder: Path) -> None:
    (folder / "steps").mkdir()
    (folder / "steps" / "9.bin").write_text("nine")
    (folder / "best.bin").symlink_to(folder / "steps" / "9.bin")
    (folder / "last").symlink_to("steps")
    links.settle(folder)
    moved = folder.rename(folder.parent / "moved")
    assert os.readlink(moved / "best.bin") == "steps/9.bin"
    assert os.readlink(moved / "last") == "steps"
    assert (moved / "last" / "9.bin").read_text() == (moved / "best.bin").read_text() == "nine"


def test_what_links_lead_to_outside_is_copied(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "work"
    (outside / "deep").mkdir(parents=True)
    (outside / "words.txt").write_text("words")
    (outside / "deep" / "again.txt").symlink_to(outside / "words.txt")
    (folder / "words.txt").symlink_to(outside / "words.txt")
    (folder / "all").symlink_to(outside)
    links.settle(folder)
    shutil.rmtree(outside)
    assert not [path for path in folder.rglob("*") if path.is_symlink()]
    assert (folder / "words.txt").read_text() == (folder / "all" / "deep" / "again.txt").read_text() == "words"


def test_a_link_that_leads_nowhere_stays(folder: Path) -> None:
    (folder / "gone").symlink_to("nowhere")
    (folder / "round").symlink_to("round")
    links.settle(folder)
    assert sorted(os.listdir(folder)) == ["gone", "round"]


def test_a_link_to_what_holds_the_model(tmp_path: Path) -> None:
    path = tmp_path / "m"
    store = store_at(path)
    with store.stage() as staging:
        (staging.model_folder(0) / "up").symlink_to(path)
        with pytest.raises(ModelProblem) as caught:
            staging.publish(manifest(group()), keep_versions=True)
    assert caught.value.message == (
        f"the model path {path} cannot be written: up is a link to {path}, which holds the model itself"
    )
    assert store.numbers() == []


def test_a_published_version_holds_its_files(tmp_path: Path) -> None:
    (tmp_path / "vocabulary.txt").write_text("words")
    with store_at(tmp_path / "m").stage() as staging:
        (staging.model_folder(0) / "vocabulary.txt").symlink_to(tmp_path / "vocabulary.txt")
        version = staging.publish(manifest(group()), keep_versions=True)
    (tmp_path / "vocabulary.txt").unlink()
    assert Path(version.model_path(version.group()), "vocabulary.txt").read_text() == "words"
