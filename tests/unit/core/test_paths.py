"""Paths as users write them, and what is said of files that are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine.core.errors import BadValue
from mlsql_engine.core.paths import near_file, resolve_path, resolved
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text


def path(value: str) -> Text:
    return Text.literal(value, Span(Source("s", value or " "), 0, max(1, len(value))))


@pytest.mark.parametrize(
    ("written", "found"), [("a/b.csv", "/data/a/b.csv"), ("../x", "/data/../x"), ("/abs", "/abs"), (".", "/data")]
)
def test_a_relative_path_starts_from_the_folder(written: str, found: str) -> None:
    assert resolve_path(path(written), Path("/data")) == Path(found)


def test_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert resolve_path(path("~/a"), Path("/data")) == Path("/home/ann/a")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (" ", "the path is empty"),
        ("a\0b", "the path holds a NUL character"),
        ("~nobody_of_this_name/a", "there is no home folder of 'nobody_of_this_name'"),
        ("x" * 256, "the path is longer than files can be called"),
        ("x/" * 2_500, "the path is longer than files can be called"),
        ("\ud800", "the path holds half a character"),
    ],
)
def test_what_no_file_can_be_called(written: str, message: str) -> None:
    with pytest.raises(BadValue) as caught:
        resolve_path(path(written), Path("/data"))
    assert caught.value.message == message
    assert caught.value.span is not None


def test_a_circle_of_links(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert resolved(tmp_path / "a" / "c").name == "c"


def test_what_is_near_a_file_that_is_not_there(tmp_path: Path) -> None:
    for name in ("people.csv", "_people.csv", ".people.csv"):
        (tmp_path / name).touch()
    assert near_file(str(tmp_path / "poeple.csv")) == "did you mean 'people.csv'?"
    assert near_file(str(tmp_path / "xyz")) == "known: people.csv"
    assert near_file(str(tmp_path / "no" / "xyz")) == f"there is no folder {tmp_path}/no either"
    (tmp_path / "empty").mkdir()
    assert near_file(str(tmp_path / "empty" / "xyz")) == f"there is no file in {tmp_path}/empty yet"
