"""Where a model is: a folder, or a URL."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine.core.errors import BadValue
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text
from mlsql_engine.models.paths import ModelPath


def path_of(written: str, folder: str = "/folder") -> ModelPath:
    return ModelPath.of_text(Text.literal(written, Span(Source("s", written, Path(folder)), 0, 1)), Path(folder))


@pytest.mark.parametrize(
    ("written", "local"),
    [
        ("m", "/folder/m"),
        ("/tmp/m", "/tmp/m"),
        ("file:///tmp/m/", "/tmp/m"),
        ("FILE:///tmp/m", "/tmp/m"),
        ("local:///tmp/m", "/tmp/m"),
        ("s3:/bucket/m", "/folder/s3:/bucket/m"),
    ],
)
def test_folders(written: str, local: str) -> None:
    path = path_of(written)
    assert (str(path), path.local, path.protocol) == (local, Path(local), "")


@pytest.mark.parametrize(
    ("written", "text", "protocol"),
    [
        ("s3://bucket/m", "s3://bucket/m", "s3"),
        (" S3://Bucket/m/ ", "s3://Bucket/m", "s3"),
        ("memory://m", "memory://m", "memory"),
        ("memory:///m", "memory:///m", "memory"),
        ("sftp://host:22/m", "sftp://host:22/m", "sftp"),
        ("abfs://box@account.net/m", "abfs://box@account.net/m", "abfs"),
    ],
)
def test_urls(written: str, text: str, protocol: str) -> None:
    path = path_of(written)
    assert (str(path), path.local, path.protocol) == (text, None, protocol)


def test_equal_where_their_texts_are() -> None:
    assert len({path_of("m"), path_of("/folder/m"), path_of("./m"), path_of("file:///folder/m")}) == 1
    assert path_of("m") != path_of("n")


def test_what_is_below_a_path() -> None:
    assert path_of("m").holds("/folder/m/_model_0/model/0")
    assert not path_of("m").holds("/folder/m2/_model_0/model/0")
    assert not path_of("m").holds("/folder/m")
    assert path_of("s3://b/m").holds("s3://b/m/_model_0")
    assert path_of("/").holds("/x")


@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        ("", "the path is empty", None),
        ("s3://", "the URL s3:// names no folder", None),
        ("s3:////", "the URL s3://// names no folder", None),
        ("simplecache::s3://b/m", "a model path is one URL, not a chain of them", None),
        ("zip://m::file:///x.zip", "a model path is one URL, not a chain of them", None),
        (
            "sftp://ann:hunter2@host/m",
            "the URL of a model holds a password, which would stand in manifests and tables",
            "leave it out: credentials come from the environment (docs/models.md)",
        ),
        (
            "file://m",
            "a file:// URL names an absolute path",
            "file:///folder/model; a path without file:// may be relative",
        ),
    ],
)
def test_what_no_folder_can_be(written: str, message: str, hint: str | None) -> None:
    with pytest.raises(BadValue) as caught:
        path_of(written)
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert caught.value.span is not None
