"""One row through a warm worker, without SQL, against the model's own predict of that row.

Ours is `Predictor.predict` of a record batch of one row, 30 columns or one vector, from the call to the answer as
an Arrow array. The model's own time is that of `model.predict` on a 1 x 30 matrix that is there already, in a bare
process that does nothing else; so ours pays for building the matrix. The times are p50 of thousands of calls, ours
and the model's in turns. The last line has no bar: a bare process that holds the matrix and is told by a byte to
predict it, which shows what two switches of processes and caches that are cold after them cost anybody.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks import models
from benchmarks.by_hand import Started, predict_a_row
from benchmarks.channel import opened
from benchmarks.measuring import Bar, Figure, Runs, in_new_process
from benchmarks.workspace import COLUMNS, Workspace

if TYPE_CHECKING:
    import pyarrow as pa

BAR = Bar(plus=0.000_150)
_CALLS, _WARM = 3_000, 300


def run(workspace: Workspace) -> list[Figure]:
    trained = models.train(workspace)
    figures = []
    with opened(trained) as predictor:
        ask = predictor(None).predict
        for name, row in (("30 columns", workspace.table.to_batches()[0].slice(0, 1)), ("a vector", _vector())):
            ours: list[float] = []
            bare: list[float] = []
            for _ in range(workspace.repeats):
                bare += in_new_process(own_seconds, str(trained.pickle))
                ours += _seconds(lambda row=row: ask(row))  # type: ignore[misc]
            what = f"one row through a warm worker, {name}"
            note = f"p99: ours {_p99(ours)}, the model {_p99(bare)}; {len(ours):,} calls"
            figures.append(Figure(what, Runs(tuple(ours)), Runs(tuple(bare)), "model.predict", BAR, note))
    by_byte = Runs(tuple(_seconds_by_byte(str(trained.pickle))))
    return [
        *figures,
        Figure("one row by a bare process told by a byte", by_byte, Runs(tuple(bare)), "model.predict"),
    ]


def own_seconds(path: str) -> list[float]:
    """The seconds of every call of the estimator of a pickle."""
    import pickle
    from pathlib import Path

    import numpy as np

    model = pickle.loads(Path(path).read_bytes())
    row = np.asfortranarray(np.zeros((1, COLUMNS)))
    return _seconds(lambda: model.predict(row))


def _seconds(call: Callable[[], object]) -> list[float]:
    taken = []
    for _ in range(_WARM + _CALLS):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return taken[_WARM:]


def _seconds_by_byte(path: str) -> list[float]:
    worker = Started(predict_a_row, path, COLUMNS)

    def ask() -> None:
        worker.pipe.send(True)
        worker.pipe.recv()

    try:
        return _seconds(ask)
    finally:
        worker.end()


def _vector() -> pa.RecordBatch:
    import numpy as np
    import pyarrow as pa

    from mlsql_sdk import vectors

    return pa.RecordBatch.from_arrays([vectors.from_matrix(np.zeros((1, COLUMNS)))], names=["features"])


def _p99(seconds: list[float]) -> str:
    return f"{statistics.quantiles(seconds, n=100)[-1] * 1_000_000:.0f} µs"
