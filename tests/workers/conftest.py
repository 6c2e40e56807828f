"""Real sessions and real worker processes; every test checks that nothing of them is left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlsql_engine import Session, connect
from recorded import RecordedProgress


@pytest.fixture
def progress() -> RecordedProgress:
    """What the session tells."""
    return RecordedProgress()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the session's temporary folder is made: a place of this test's own."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


@pytest.fixture
def session(temporary: Path, progress: RecordedProgress) -> Iterator[Session]:
    """A session; when it is closed, its processes and its temporary folder are gone."""
    with connect(progress=progress) as session:
        session.run("set rows = '''" + ROWS + "'''; load jsonStr.`rows` as data;")
        yield session
    assert list(temporary.iterdir()) == []
    assert workers_of(temporary) == []


ROWS = '{"x": 1.0, "y": 2.0, "label": 0}\n{"x": 3.0, "y": 4.0, "label": 1}\n{"x": 5.0, "y": 6.0, "label": 1}'


def workers_of(folder: Path) -> list[int]:
    """Ids of processes that run below the folder, or have it in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
                place = os.readlink(entry / "cwd")
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if (str(folder) in command or place.startswith(str(folder))) and state != "Z":
                found.append(int(entry.name))
    return found
