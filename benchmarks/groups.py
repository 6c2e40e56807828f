"""Eight parameter groups side by side, against the same groups one after the other.

Both are train statements on the same table; each fit is held to one thread on both sides by OMP_NUM_THREADS=1.
Starts, imports and the hand-over of the data are in both.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.measuring import Bar, Figure, Runs, alternate, in_new_process
from benchmarks.workspace import Workspace

_GROUPS = 8


def run(workspace: Workspace) -> list[Figure]:
    numbers, rows = str(workspace.numbers), workspace.row_rows
    folder = str(workspace.new_folder("groups"))
    together, apart = alternate(
        1 if workspace.repeats == 1 else 2,
        lambda: float(in_new_process(training, folder, numbers, rows, 0)),
        lambda: float(in_new_process(training, folder, numbers, rows, 1)),
        warm_up=False,
    )
    what = f"{_GROUPS} random forests of 40 trees on {rows:,} x 30, as many at once as cores"
    return [Figure(what, together, Runs(apart.seconds), "maxParallel=1", Bar(1 / 1.7))]


def training(folder: str, numbers: str, rows: int, max_parallel: int) -> float:
    """The seconds of a train statement; `max_parallel` 0 leaves the option out."""
    from time import perf_counter

    from mlsql_engine import connect
    from mlsql_engine.core.progress import SilentProgress

    groups = " ".join(f'and fitParam.{index}.min_samples_leaf="{index + 1}"' for index in range(_GROUPS))
    limit = f'and maxParallel="{max_parallel}"' if max_parallel else ""
    common = " ".join(
        f'and fitParam.{index}.n_estimators="40" and fitParam.{index}.random_state="0"' for index in range(_GROUPS)
    )
    with connect(progress=SilentProgress()) as session:
        session.run(f"load parquet.`{numbers}` as n; select *, int(c0 + c1 > 0) as label from n limit {rows} as t;")
        session.run("!cache t;")
        start = perf_counter()
        session.run(
            "train t as SKLearn.`model` where alg='RandomForestClassifier' and keepVersion=\"false\" "
            f"""{groups} {common} {limit} and systemParam.envs='{{"OMP_NUM_THREADS": "1"}}';""",
            folder=Path(folder),
        )
        return perf_counter() - start
