"""Texts without the folders of the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine.server.scrubbing import shown_path, without_folders

ROOTS = (Path("/home/me/project"), Path("/tmp/other"))

TEXTS = {
    "cannot read /home/me/project/data/a.csv": "cannot read data/a.csv",
    "cannot read '/home/me/project/my data/a.csv'.": "cannot read 'my data/a.csv'.",
    "/home/me/project": ".",
    "/tmp/other/x and /usr/lib/y.so: no": "x and y.so: no",
    "/home/me/projects/a.csv": "a.csv",
    "in /usr/lib/python3/.": "in python3.",
    'File "/usr/lib/a b.py", line 3': 'File "a b.py", line 3',
    "see file:///home/me/project/a": "see a",
    "(/etc/passwd), [/etc/shadow]": "(passwd), [shadow]",
    "http://host/usr/lib/x": "http://host/usr/lib/x",
    "a/usr/lib/x and ./usr/lib/x and ../etc/x": "a/usr/lib/x and ./usr/lib/x and ../etc/x",
    "s3://bucket/etc/x": "s3://bucket/etc/x",
    "1/2 and / and //": "1/2 and / and //",
    "GET /v2/models/f": "GET /v2/models/f",
    "POST /run/script": "POST /run/script",
    "nothing": "nothing",
}


@pytest.mark.parametrize("text", TEXTS)
def test_paths(text: str) -> None:
    assert without_folders(text, ROOTS, {"/run/script"}) == TEXTS[text]


def test_root_of_everything() -> None:
    assert without_folders("see /etc/passwd", (Path("/"),)) == "see passwd"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/srv/data/m/_model_0", "m/_model_0"),
        ("/srv/data/a model", "a model"),
        ("/srv/data", "."),
        ("/srv/database/m", "m"),
        ("/home/ada/m", "m"),
        ("s3://bucket/m", "s3://bucket/m"),
        ("m/x", "m/x"),
    ],
)
def test_a_path_alone(path: str, shown: str) -> None:
    assert shown_path(path, [Path("/srv/data")]) == shown
