"""The built-in trainer on 1,000,000 x 30, against the same fit called directly on NumPy arrays in memory.

Ours: a train statement of a table that the engine holds: hand-over, reading, fit, saving; without starts and
imports, which are those of the same statement on a table of a few rows. Direct: the fit alone. The peak memory is
that of the worker process, without what it has after the same statement on a few rows, as a multiple of the data.
"""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from benchmarks.measuring import Bar, Figure, Runs, in_new_process
from benchmarks.workspace import COLUMNS, Workspace

_MODELS = {
    "HistGradientBoostingClassifier": {"max_iter": 120, "early_stopping": False, "random_state": 0},
    "SGDClassifier": {"max_iter": 60, "tol": None, "random_state": 0},
}
_FEW = 1_000


def run(workspace: Workspace) -> list[Figure]:
    folder, numbers = str(workspace.new_folder("trainer")), str(workspace.numbers)
    figures: list[Figure] = []
    for name, parameters in _MODELS.items():
        ours, direct, peaks = [], [], []
        for _ in range(max(1, workspace.repeats - 1)):
            few, few_peak = in_new_process(training, folder, numbers, _FEW, name, parameters)
            seconds, peak = in_new_process(training, folder, numbers, workspace.rows, name, parameters)
            ours.append(seconds - few)
            peaks.append((peak - few_peak) / (workspace.rows * COLUMNS * 8))
            direct.append(float(in_new_process(fitting, numbers, name, parameters)))
        note = f"peak memory {statistics.median(peaks):.2f}x the data (bar 2.5x)"
        what = f"built-in trainer, {name} on {workspace.rows:,} x {COLUMNS}"
        figures.append(Figure(what, Runs(tuple(ours)), Runs(tuple(direct)), "fit(X, y)", Bar(1.15), note))
    return figures


def training(folder: str, numbers: str, rows: int, name: str, parameters: dict[str, Any]) -> tuple[float, int]:
    """The seconds of a train statement, and the peak memory of its worker in bytes."""
    import resource
    from time import perf_counter

    from mlsql_engine import connect
    from mlsql_engine.core.progress import SilentProgress

    given = " ".join(f'and fitParam.0.{key}="{value}"' for key, value in parameters.items())
    with connect(progress=SilentProgress()) as session:
        session.run(f"load parquet.`{numbers}` as n; select *, int(c0 + c1 > 0) as label from n limit {rows} as t;")
        session.run("!cache t;")
        start = perf_counter()
        session.run(
            f"train t as SKLearn.`model` where alg='{name}' {given} and keepVersion=\"false\";", folder=Path(folder)
        )
        seconds = perf_counter() - start
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def fitting(numbers: str, name: str, parameters: dict[str, Any]) -> float:
    """The seconds of the fit alone."""
    import importlib
    from time import perf_counter

    import numpy as np
    import pyarrow.parquet as pq

    modules = {"HistGradientBoostingClassifier": "sklearn.ensemble", "SGDClassifier": "sklearn.linear_model"}
    features = np.ascontiguousarray(
        np.column_stack([column.to_numpy() for column in pq.read_table(numbers).columns])
    )
    y = (features[:, 0] + features[:, 1] > 0).astype(int)
    model = getattr(importlib.import_module(modules[name]), name)(**parameters)
    start = perf_counter()
    model.fit(features, y)
    return perf_counter() - start
