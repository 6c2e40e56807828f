"""`mlsql run` of a one-line select, against a bare `python -c "import duckdb; ..."` that prints the same.

Whole processes, from start to exit, of the same environment: with bytecode kept, as after any first run, and where
nothing is compiled before and none of it is kept.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measuring import Bar, Figure, alternate, timed, without_bytecode
from benchmarks.workspace import Workspace

_RUNS = 6  # for each repeat: they are short
_BARE = "import duckdb; print(duckdb.sql('select 1 as a'))"


def run(workspace: Workspace) -> list[Figure]:
    script = workspace.new_folder("run_start") / "one.mlsql"
    script.write_text("select 1 as a as t;\n")
    what = "mlsql run of a one-line select"
    return [
        _compare(what, script, workspace.repeats, None),
        _compare(f"{what}, nothing compiled", script, workspace.repeats, without_bytecode()),
    ]


def _compare(what: str, script: Path, repeats: int, environment: Mapping[str, str] | None) -> Figure:
    def process(*command: str) -> None:
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)

    ours, bare, nothing = alternate(
        repeats * _RUNS,
        timed(lambda: process(str(Path(sys.executable).with_name("mlsql")), "run", str(script))),
        timed(lambda: process(sys.executable, "-c", _BARE)),
        timed(lambda: process(sys.executable, "-c", "pass")),
    )
    note = f"python -c pass: {nothing.median * 1000:.0f} ms"
    return Figure(what, ours, bare, "python -c 'import duckdb; ...'", Bar(3.0), note)
