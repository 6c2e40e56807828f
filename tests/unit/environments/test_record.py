"""What is written down of an environment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlsql_engine.environments.record import Record
from unit.environments.stored import record


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = record(lacking=("pyarrow",), packages=("a", "b"))
    (tmp_path / "r.json").write_text(written.text())
    assert Record.read(tmp_path / "r.json") == written


def test_there_is_none_where_it_cannot_be_understood(tmp_path: Path) -> None:
    assert Record.read(tmp_path / "none.json") is None
    content = json.loads(record().text())
    damaged = [
        *({**content, name: None} for name in ("format", "lacking", "built")),
        [],
        "text",
        {**content, "format": 2},
    ]
    for number, value in enumerate(damaged):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(value))
        assert Record.read(path) is None
    (tmp_path / "cut.json").write_text(record().text()[:40])
    assert Record.read(tmp_path / "cut.json") is None


@pytest.mark.parametrize("name", ["place", "python", "manager"])
def test_a_key_that_is_missing(tmp_path: Path, name: str) -> None:
    content = json.loads(record().text())
    del content[name]
    (tmp_path / "r.json").write_text(json.dumps(content))
    assert Record.read(tmp_path / "r.json") is None
