"""What is shown of paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine.server.disclosure import shown_path, without_paths
from mlsql_engine.server.settings import ServerSettings

SETTINGS = ServerSettings(root=Path("/srv/data"))


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/srv/data/m/_model_0", "m/_model_0"),
        ("/srv/data", "."),
        ("/srv/database/m", "…/m"),
        ("/home/ada/m", "…/m"),
        ("s3://bucket/m", "s3://bucket/m"),
        ("m/x", "m/x"),
    ],
)
def test_paths(path: str, shown: str) -> None:
    assert shown_path(path, SETTINGS) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("save: 3 rows to /srv/data/out.csv", "save: 3 rows to out.csv"),
        ("there is no file /home/ada/x.csv, nor '/etc/a/b'", "there is no file …/x.csv, nor '…/b'"),
        (
            "see https://host/a/b and s3://b/c/d; 1/2/3 and/or a/b/c",
            "see https://host/a/b and s3://b/c/d; 1/2/3 and/or a/b/c",
        ),
        ('File "/srv/data/t.py", line 3', 'File "t.py", line 3'),
        ("the folder /tmp/x/ is gone", "the folder …/ is gone"),
    ],
)
def test_texts(text: str, shown: str) -> None:
    assert without_paths(text, SETTINGS) == shown
