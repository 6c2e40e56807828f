"""How often models are looked at for newer versions."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mlsql_engine.models.paths import ModelPath
from mlsql_engine.statements.renewal_pace import RenewalPace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def registration(path: ModelPath) -> Any:
    return SimpleNamespace(request=SimpleNamespace(path=path))


REMOTE = ModelPath("s3://models/m")


def test_a_local_model_is_looked_at_when_its_folder_has_changed(tmp_path: Path) -> None:
    clock, one = Clock(), registration(ModelPath.of_folder(tmp_path))
    pace = RenewalPace(2.0, 60.0, clock)

    def looks() -> list[bool]:
        """What becomes of three looks, two seconds apart."""
        found = []
        for _ in range(3):
            found.append(pace.due("f", one))
            if found[-1]:
                pace.looked("f")
            clock.now += 2.0
        return found

    # The second look is for what came within the coarseness of the file system's times.
    assert looks() == [True, True, False]
    assert looks() == [False, False, False]
    (tmp_path / "_model_0").mkdir()
    os.utime(tmp_path, ns=(1, 1))
    assert looks() == [True, True, False]
    os.rename(tmp_path, tmp_path.with_name("gone"))
    assert looks() == [True, True, False]


def test_a_local_model_that_cannot_be_read_is_looked_at_ever_more_seldom(tmp_path: Path) -> None:
    clock, one = Clock(), registration(ModelPath.of_folder(tmp_path))
    pace = RenewalPace(2.0, 60.0, clock)
    looked = []
    for second in range(0, 140, 2):
        if pace.due("f", one):
            looked.append(second)
            pace.failed("f", one)
        clock.now += 2.0
    assert looked == [0, 2, 6, 14, 30, 62, 94, 126]
    os.utime(tmp_path, ns=(1, 1))
    assert pace.due("f", one)


def test_a_remote_model_is_looked_at_now_and_then() -> None:
    clock, one = Clock(), registration(REMOTE)
    pace = RenewalPace(2.0, 60.0, clock)
    looked = []
    for second in range(0, 400, 10):
        if pace.due("f", one):
            looked.append(second)
            if second in {120, 180}:
                pace.failed("f", one)
            else:
                pace.looked("f")
        clock.now += 10.0
    assert looked == [60, 120, 180, 300, 360]


def test_pauses_after_errors_have_an_end() -> None:
    clock, one = Clock(), registration(REMOTE)
    pace = RenewalPace(2.0, 60.0, clock)
    assert not pace.due("f", one)
    for _ in range(10):
        pace.failed("f", one)
    clock.now += 959.9
    assert not pace.due("f", one)
    clock.now += 0.1
    assert pace.due("f", one)


def test_another_registration_begins_anew(tmp_path: Path) -> None:
    pace = RenewalPace(2.0, 60.0, Clock())
    assert pace.due("f", registration(ModelPath.of_folder(tmp_path)))
    pace.looked("f")
    assert pace.due("f", registration(ModelPath.of_folder(tmp_path)))
