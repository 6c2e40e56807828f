"""From the train statement to the script's first line, against a bare `python train.py` to the same line.

The script's first line writes the system-wide monotonic clock into a file; the clock starts before
`session.run`, or before the process is started. A table of one row: its hand-over is timed by itself and stays in
ours. The first train of a new process, which still has to import and to copy the script-side SDK, and later ones.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.measuring import Bar, Figure, Runs, alternate, in_new_process, timed, without_bytecode
from benchmarks.workspace import Workspace, bare_engine

_RUNS = 6
_FIRST_LINE = "import time; open({clock!r}, 'w').write(repr(time.monotonic()))\n"
_REST = "import mlsql\nmlsql.save_model(1)\n"


def run(workspace: Workspace) -> list[Figure]:
    folder = workspace.new_folder("train_start")
    clock, bare = folder / "clock", folder / "bare.py"
    bare.write_text(_FIRST_LINE.format(clock=str(clock)))
    (folder / "train.py").write_text(bare.read_text() + _REST)
    runs, note = workspace.repeats * _RUNS, f"hand-over of the row, in ours: {_hand_over(folder) * 1000:.0f} ms"

    def bare_start() -> float:
        start = time.monotonic()
        subprocess.run([sys.executable, str(bare)], check=True)
        return float(clock.read_text()) - start

    def first(environment: Mapping[str, str] | None) -> Callable[[], float]:
        return lambda: float(in_new_process(trainings, str(folder), 1, environment=environment)[0])

    cold, cold_without, theirs = alternate(runs, first(None), first(without_bytecode()), bare_start)
    later = Runs(tuple(in_new_process(trainings, str(folder), runs + 1)[1:]))
    bar = Bar(plus=0.150)
    lines = (
        ("train statement to the script's first line, first train of a process", cold, bar),
        ("the same, nothing compiled", cold_without, None),
        ("the same, later trains of a process", later, bar),
    )
    return [Figure(what, ours, theirs, "python train.py", limit, note) for what, ours, limit in lines]


def trainings(folder: str, count: int) -> list[float]:
    """The seconds to the script's first line of each train in this process."""
    from mlsql_engine import connect
    from mlsql_engine.core.progress import SilentProgress

    seconds = []
    with connect(progress=SilentProgress()) as session:
        session.run("select 1 as a as t;")
        for _ in range(count):
            start = time.monotonic()
            session.run(
                "train t as PythonAlg.`model` where pythonScriptPath='train.py' and keepVersion='false';",
                folder=Path(folder),
            )
            seconds.append(float(Path(folder, "clock").read_text()) - start)
    return seconds


def _hand_over(folder: Path) -> float:
    from mlsql_engine.core.span import Source, Span
    from mlsql_engine.core.text import Text
    from mlsql_engine.transport import local_files

    query = "select 1 as a"
    with bare_engine() as engine:
        relation = engine.sql(Text.literal(query, Span(Source("<benchmark>", query, folder), 0, len(query))))
        (taken,) = alternate(9, timed(lambda: local_files.write(engine, relation, folder / "one_row", "json")))
    return taken.median
