"""An environment of scikit-learn and pandas by uv, against uv's commands by hand, and finding one that is there.

uv's cache is warm: a round before the counted ones fills it, from the registry that uv is set up for. Both install
pyarrow, which ours adds in a step of its own. Ours may take 3 s; finding an environment, 50 ms.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from benchmarks.measuring import Bar, Figure, Runs, alternate, in_new_process, timed
from benchmarks.workspace import Workspace

_PACKAGES = ("scikit-learn", "pandas")
_ADDED = "pyarrow"


def run(workspace: Workspace) -> list[Figure]:
    from uv import find_uv_bin

    folder = workspace.new_folder("environments")
    wanted = folder / "requirements.txt"
    wanted.write_text("\n".join(_PACKAGES))
    by_hand = folder / "by_hand"

    def bare() -> None:
        program, python = find_uv_bin(), str(by_hand / "bin" / "python")
        commands = [
            ["venv", "--no-python-downloads", str(by_hand)],
            ["pip", "install", "--python", python, *_PACKAGES, _ADDED],
        ]
        for command in commands:
            subprocess.run([program, "--quiet", *command], cwd=folder, check=True)

    store = folder / "store"
    ours, uv = alternate(
        workspace.repeats,
        timed(lambda: _build(wanted, store), lambda: _clear(store)),
        timed(bare, lambda: _clear(by_hand)),
    )
    found = [in_new_process(find, str(wanted), str(store)) for _ in range(workspace.repeats)]
    return [
        Figure("environment of scikit-learn and pandas", ours, uv, "uv venv; uv pip install", Bar(0.0, 3.0)),
        Figure(
            "finding it", Runs(tuple(found)), bar=Bar(0.0, 0.05), note="in a process that has found none before"
        ),
    ]


def _clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _build(wanted: Path, store: Path) -> None:
    from mlsql_engine.core.progress import SilentProgress
    from mlsql_engine.environments.plan import Choice
    from mlsql_engine.environments.project_files import of_file
    from mlsql_engine.environments.ready import ready

    ready(of_file(wanted), Choice("uv", store=store), SilentProgress())


def find(wanted: str, store: str) -> float:
    """The seconds in which the environment is found, with what it takes to import; the file has been read."""
    from mlsql_engine.core.progress import SilentProgress
    from mlsql_engine.environments.project_files import of_file

    known = of_file(Path(wanted))
    start = time.perf_counter()
    from mlsql_engine.environments.plan import Choice
    from mlsql_engine.environments.ready import ready

    environment = ready(known, Choice("uv", store=Path(store)), SilentProgress())
    assert environment.python.exists()
    return time.perf_counter() - start
