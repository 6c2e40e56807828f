"""The contracts of predict scripts, through one warm worker without SQL.

A row script of the reference text's shape that computes next to nothing (unpickle, deserialize, a dot product,
serialize) must do 20,000 rows a second. A batch script that calls the model itself is compared with the model
without a script, on batches of 65,536 rows of 30 columns.
"""

from __future__ import annotations

from benchmarks import models
from benchmarks.channel import opened
from benchmarks.measuring import Bar, Figure, alternate
from benchmarks.predict_channel import asked, rate, vector_batches
from benchmarks.workspace import COLUMNS, Workspace

ROWS_A_SECOND = 20_000


def run(workspace: Workspace) -> list[Figure]:
    trained = models.train(workspace)
    rows = 2 * workspace.row_rows
    with opened(trained) as predictor:
        few = [batch.slice(0, rows) for batch in vector_batches(workspace)[:2]]
        rows = sum(batch.num_rows for batch in few)
        (light,) = alternate(workspace.repeats, asked(predictor(trained.light_script), few))
        whole = workspace.table.to_batches()
        batch, plain = alternate(
            workspace.repeats, asked(predictor(trained.batch_script), whole), asked(predictor(None), whole)
        )
    what = f"predict {workspace.rows:,} x {COLUMNS} by channel, batch script"
    return [
        Figure(
            f"a light row script, {rows:,} vectors of {COLUMNS}",
            light,
            bar=Bar(0, rows / ROWS_A_SECOND),
            note=f"{rate(rows, light)}; the bar is {ROWS_A_SECOND:,} rows/s",
        ),
        Figure(what, batch, plain, "no script", Bar(1.1)),
    ]
