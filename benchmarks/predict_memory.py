"""The memory of the process that runs the SQL while 20,000,000 x 20 doubles of parquet are predicted and summed.

3.2 GB of doubles go through 2 workers. A thread of the process looks at its resident memory (RssAnon + RssFile +
RssShmem of /proc, without the workers) every 20 ms, from the register statement to the sum. The most of the whole
run has a bar, and so has its growth: the most in the last third of the time against the most in the first third,
which may be a tenth more. A tenth of the time at either end belongs to no third: there the run starts and ends.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from benchmarks import models
from benchmarks.measuring import Bar, Figure, Runs, in_new_process
from benchmarks.predict_by_hand import REGISTERED, SUM
from benchmarks.predict_channel import rate
from benchmarks.workspace import Workspace

COLUMNS = 20
TIMES_THE_ROWS = 20
_PIECES = 10
_EDGE, _LOOK_SECONDS = 0.1, 0.02
_PAGE = os.sysconf("SC_PAGE_SIZE")


def run(workspace: Workspace) -> list[Figure]:
    rows = TIMES_THE_ROWS * workspace.rows
    numbers = _numbers(workspace, rows)
    trained = models.train(workspace, models.LINEAR, numbers)
    seconds, before, first, last, most = in_new_process(predicting, str(numbers), str(trained.store))
    for piece in numbers.iterdir():
        piece.unlink()
    what = f"resident memory while {rows:,} x {COLUMNS} are predicted"
    note = f"{before:.0f} MB before the select; {rate(rows, Runs((seconds,)))}"
    return [
        Figure(what, Runs((most,)), bar=Bar(0, 1_000), note=note, unit="MB"),
        Figure(
            "the most of it in the last third", Runs((last,)), Runs((first,)), "first third", Bar(1.1), unit="MB"
        ),
    ]


def _numbers(workspace: Workspace, rows: int) -> Path:
    """A folder of parquet files, written by DuckDB."""
    import duckdb

    workspace.told(f"making {rows:,} x {COLUMNS} doubles as {_PIECES} parquet files")
    folder = workspace.new_folder("many")
    columns = ", ".join(f"random() AS c{index}" for index in range(COLUMNS))
    with duckdb.connect() as database:
        for piece in range(_PIECES):
            select = f"SELECT {columns} FROM range({rows // _PIECES})"
            database.execute(f"COPY ({select}) TO '{folder / f'{piece}.parquet'}' (FORMAT parquet)")
    return folder


def predicting(numbers: str, store: str) -> tuple[float, float, float, float, float]:
    """The seconds of the select; megabytes before it, the most in its first and last third, the most of all."""
    from mlsql_engine import connect
    from mlsql_engine.core.progress import SilentProgress

    with connect(progress=SilentProgress()) as session, _Watch() as watch:
        session.run(REGISTERED.format(numbers=numbers, store=store))
        before = watch.look()
        start = time.perf_counter()
        answer = session.run(SUM).to_arrow().column(0)[0].as_py()
        end = time.perf_counter()
        assert answer > 0
    edge = _EDGE * (end - start)
    third = (end - start - 2 * edge) / 3
    first = watch.most(start + edge, start + edge + third)
    last = watch.most(end - edge - third, end - edge)
    return end - start, before, first, last, watch.most(0, end)


class _Watch:
    """What this process had resident, in megabytes, every now and then."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, float]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def look(self) -> float:
        resident = int(Path("/proc/self/statm").read_text().split()[1])
        return resident * _PAGE / 1e6

    def most(self, start: float, end: float) -> float:
        """The most between two times of `time.perf_counter`."""
        return max(megabytes for moment, megabytes in self._seen if start <= moment <= end)

    def _run(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            self._seen.append((time.perf_counter(), self.look()))
