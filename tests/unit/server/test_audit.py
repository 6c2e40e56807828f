"""The audit log."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.server.audit import Audit


def test_line(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "log")
    audit.write(event="request", sql='connect jdbc where password="secret1"', code=None, status=200)
    audit.write(event="x" * 3_000)
    audit.close()
    first, second = (json.loads(line) for line in (tmp_path / "log").read_text().splitlines())
    assert first.pop("time").endswith("+00:00")
    assert first == {"event": "request", "sql": 'connect jdbc where password="*******"', "status": 200}
    assert len(second["event"]) == 2_000


def test_line_cannot_be_forged(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "log")
    audit.write(path='/a\n{"event":"forged"}')
    audit.close()
    assert len((tmp_path / "log").read_text().splitlines()) == 1


def test_it_is_added_to(tmp_path: Path) -> None:
    for number in range(2):
        audit = Audit(tmp_path / "log")
        audit.write(number=number)
        audit.close()
    assert [json.loads(line)["number"] for line in (tmp_path / "log").read_text().splitlines()] == [0, 1]


def test_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(MlsqlError) as raised:
        Audit(tmp_path / "none" / "log")
    assert raised.value.code == "CANNOT_WRITE"
    assert raised.value.message == f"the audit log {tmp_path}/none/log cannot be written: No such file or directory"


def test_full_disk_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    audit = Audit(Path("/dev/full"))
    with caplog.at_level(logging.ERROR):
        audit.write(event="a")
        audit.write(event="b")
    audit.close()
    assert [record.getMessage() for record in caplog.records] == [
        "the audit log cannot be written: No space left on device"
    ]


def test_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    Audit().write(event="a")
    assert json.loads(capsys.readouterr().err)["event"] == "a"
