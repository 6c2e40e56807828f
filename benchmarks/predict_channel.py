"""Predict through the workers' channel, without SQL, against the model in this process on the same NumPy array.

Record batches of 65,536 rows go to one warm worker and its answers come back: the pickled scikit-learn pipeline
without a script, a script of the batch contract, and the quickstart's script of the row contract, which is
compared with the model called for every row in this process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from benchmarks import models
from benchmarks.channel import opened
from benchmarks.measuring import Figure, alternate, timed
from benchmarks.workspace import BATCH_ROWS, COLUMNS, Workspace

if TYPE_CHECKING:
    import pyarrow as pa

    from mlsql_engine.core.functions import Predictor


def run(workspace: Workspace) -> list[Figure]:
    trained = models.train(workspace)
    model, matrix = trained.in_process(), workspace.matrix
    scalars, vector = workspace.table.to_batches(), vector_batches(workspace)
    few = matrix[: workspace.row_rows]
    cases = (
        ("no script, 30 columns", None, scalars),
        ("no script, a vector", None, vector),
        ("batch script, 30 columns", trained.batch_script, scalars),
    )
    figures = []
    with opened(trained) as predictor:
        for name, script, batches in cases:
            ours, bare = alternate(
                workspace.repeats, asked(predictor(script), batches), timed(lambda: model.predict(matrix))
            )
            what = f"predict {len(matrix):,} x {COLUMNS} by channel, {name}"
            figures.append(Figure(what, ours, bare, "model.predict in process", note=rate(len(matrix), ours)))
        by_row = asked(predictor(models.ROW_SCRIPT), [vector[0].slice(0, len(few))])
        in_process = timed(lambda: [model.predict([row]) for row in few])
        ours, bare = alternate(workspace.row_repeats, by_row, in_process, warm_up=False)
        what = f"predict {len(few):,} x {COLUMNS} by channel, row script"
        figures.append(Figure(what, ours, bare, "model.predict([row]) in process", note=rate(len(few), ours)))
    return figures


def vector_batches(workspace: Workspace) -> list[pa.RecordBatch]:
    """The matrix as one column of dense vectors, in batches of 65,536."""
    import pyarrow as pa

    from mlsql_sdk import vectors

    matrix = workspace.matrix
    return [
        pa.RecordBatch.from_arrays([vectors.from_matrix(matrix[start : start + BATCH_ROWS])], names=["features"])
        for start in range(0, len(matrix), BATCH_ROWS)
    ]


def asked(predictor: Predictor, batches: list[pa.RecordBatch]) -> Callable[[], float]:
    """The seconds that the answers to all of the batches take."""
    return timed(lambda: [predictor.predict(batch) for batch in batches])


def rate(rows: int, runs: Any) -> str:
    return f"{rows / runs.median:,.0f} rows/s"
