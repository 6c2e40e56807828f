"""The built-in trainer on 1,000,000 x 30, against the same fit called directly on NumPy arrays in memory.

Ours: a train statement of a table that the engine holds: hand-over, reading, fit, saving; without starts and
imports, which are those of the same statement on a table of a few rows with one iteration. Direct: the fit alone.
The peak memory is that of a worker that runs the trainer (VmHWM), without what it has on a few rows, as a multiple
of the data.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.measuring import Bar, Figure, Runs, in_new_process
from benchmarks.workspace import COLUMNS, Workspace

_MODELS = {
    "HistGradientBoostingClassifier": {"max_iter": 310, "early_stopping": False, "random_state": 0},
    "SGDClassifier": {"max_iter": 80, "tol": None, "random_state": 0},
}
_FEW = 1_000
_PEAK = """
from mlsql_sdk import trainer
trainer.train()
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def run(workspace: Workspace) -> list[Figure]:
    folder, numbers = str(workspace.new_folder("trainer")), str(workspace.numbers)
    figures: list[Figure] = []
    for name, parameters in _MODELS.items():
        short = {**parameters, "max_iter": 1}
        ours, direct = [], []
        for _ in range(max(1, workspace.repeats - 1)):
            few = float(in_new_process(training, folder, numbers, _FEW, name, short))
            ours.append(float(in_new_process(training, folder, numbers, workspace.rows, name, parameters)) - few)
            direct.append(float(in_new_process(fitting, numbers, name, parameters)))
        few_peak, peak = (
            int(in_new_process(peak_memory, folder, numbers, rows, name, parameters))
            for rows in (_FEW, workspace.rows)
        )
        note = f"peak memory {(peak - few_peak) / (workspace.rows * COLUMNS * 8):.2f}x the data (bar 2.5x)"
        what = f"built-in trainer, {name} on {workspace.rows:,} x {COLUMNS}"
        figures.append(Figure(what, Runs(tuple(ours)), Runs(tuple(direct)), "fit(X, y)", Bar(1.15), note))
    return figures


def training(folder: str, numbers: str, rows: int, name: str, parameters: dict[str, Any]) -> float:
    """The seconds of a train statement."""
    return _train(folder, numbers, rows, f"SKLearn.`model` where alg='{name}'", parameters)[0]


def peak_memory(folder: str, numbers: str, rows: int, name: str, parameters: dict[str, Any]) -> int:
    """The bytes that a worker had at most which ran the trainer, called by a script that reads them."""
    Path(folder, "peak.py").write_text(_PEAK)
    target = f"PythonAlg.`model` where pythonScriptPath='peak.py' and fitParam.0.alg='{name}'"
    target += " and dataLocalFormat='arrow'"
    return int(_train(folder, numbers, rows, target, parameters)[1]) * 1024


def _train(folder: str, numbers: str, rows: int, target: str, parameters: dict[str, Any]) -> tuple[float, str]:
    """The seconds of the statement, and what was printed."""
    from time import perf_counter

    from mlsql_engine import connect
    from mlsql_engine.core.progress import SilentProgress

    given = " ".join(f'and fitParam.0.{key}="{value}"' for key, value in parameters.items())
    with connect(progress=SilentProgress()) as session:
        session.run(f"load parquet.`{numbers}` as n; select *, int(c0 + c1 > 0) as label from n limit {rows} as t;")
        session.run("!cache t;")
        start = perf_counter()
        table = session.run(f'train t as {target} {given} and keepVersion="false";', folder=Path(folder))
        seconds = perf_counter() - start
        assert table is not None
        return seconds, str(table.to_arrow().column("message")[0])


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
