"""What a training printed, in a file."""

from __future__ import annotations

from pathlib import Path

from mlsql_engine.algorithms.python_alg import log_file
from mlsql_engine.algorithms.python_alg.log_file import LogFile


def test_lines_are_kept_and_late_ones_dropped(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "0.log"
    with LogFile(path) as log:
        log.write("one")
        log.write("half a character: \udce4")
    log.write("late")
    assert path.read_text(encoding="utf-8") == "one\nhalf a character: ?\n"


def test_a_script_that_prints_too_much(tmp_path: Path) -> None:
    path = tmp_path / "0.log"
    with LogFile(path) as log:
        for _ in range(3):
            log.write("x" * (log_file.LONGEST // 2))
    first, last = path.read_text(encoding="utf-8").splitlines()
    assert len(first) == log_file.LONGEST // 2
    assert last == "… (what was printed later is not kept)"
