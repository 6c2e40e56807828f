"""Predict through the workers' channel, without SQL, against the model in this process on the same NumPy array.

Record batches of 65,536 rows go to one warm worker and its answers come back: the pickled scikit-learn pipeline
without a script, a script of the batch contract, and the quickstart's script of the row contract, which is
compared with the model called for every row in this process.
"""

from __future__ import annotations

import sys
from typing import Any

from benchmarks import models
from benchmarks.measuring import Figure, alternate, timed
from benchmarks.workspace import BATCH_ROWS, COLUMNS, Workspace


def run(workspace: Workspace) -> list[Figure]:
    import pyarrow as pa

    from mlsql_engine.core.functions import FunctionSpec
    from mlsql_engine.core.progress import SilentProgress
    from mlsql_engine.core.scratch import Scratch
    from mlsql_engine.workers.catalog import Functions
    from mlsql_engine.workers.launcher import LocalLauncher
    from mlsql_sdk import vectors

    trained = models.train(workspace)
    model, matrix = trained.in_process(), workspace.matrix
    scalars = workspace.table.to_batches()
    vector = [
        pa.RecordBatch.from_arrays([vectors.from_matrix(matrix[start : start + BATCH_ROWS])], names=["features"])
        for start in range(0, len(matrix), BATCH_ROWS)
    ]
    few = matrix[: workspace.row_rows]
    few_batch = vector[0].slice(0, len(few))
    scratch = Scratch()
    functions = Functions(LocalLauncher(lambda: scratch.folder("sdk")), scratch, SilentProgress())

    def through(script: Any, batches: list[Any]) -> Any:
        spec = FunctionSpec("f", str(trained.folder), sys.executable, None if script is None else str(script))
        functions.add(spec)
        predictor = functions.predictor("f")
        return timed(lambda: [predictor.predict(batch) for batch in batches])

    cases = (
        ("no script, 30 columns", None, scalars),
        ("no script, a vector", None, vector),
        ("batch script, 30 columns", trained.batch_script, scalars),
    )
    figures = []
    try:
        for name, script, batches in cases:
            ours, bare = alternate(
                workspace.repeats, through(script, batches), timed(lambda: model.predict(matrix))
            )
            what = f"predict {len(matrix):,} x {COLUMNS} by channel, {name}"
            figures.append(Figure(what, ours, bare, "model.predict in process", note=rate(len(matrix), ours)))
        work = (through(models.ROW_SCRIPT, [few_batch]), timed(lambda: [model.predict([row]) for row in few]))
        ours, bare = alternate(workspace.row_repeats, *work, warm_up=False)
        what = f"predict {len(few):,} x {COLUMNS} by channel, row script"
        figures.append(Figure(what, ours, bare, "model.predict([row]) in process", note=rate(len(few), ours)))
    finally:
        functions.close()
        scratch.close()
    return figures


def rate(rows: int, runs: Any) -> str:
    return f"{rows / runs.median:,.0f} rows/s"
