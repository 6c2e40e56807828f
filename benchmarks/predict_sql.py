"""Predict in SQL, parquet scan and sum included, against the model in this process on the NumPy array.

`select sum(f(struct(*)))` over 30 columns and `select sum(f(features))` over a vector column of a parquet file: the
pickled scikit-learn pipeline without a script, a script of the batch contract, and the quickstart's script of the
row contract, which `predict_channel` compares with the bare thing. The stream of batches that a plain call goes
through is compared with the engine's own way, functions of 2,048 rows a call, which a call inside CASE still takes.
"""

from __future__ import annotations

from functools import partial

from benchmarks import models
from benchmarks.measuring import Figure, alternate, timed
from benchmarks.predict_channel import rate
from benchmarks.workspace import COLUMNS, Workspace

_TABLES = """
load parquet.`{numbers}` as numbers;
load parquet.`{vectors}` as vectors;
select * from vectors limit {few} as few;
"""


def run(workspace: Workspace) -> list[Figure]:
    from mlsql_engine import connect
    from mlsql_engine.core.progress import SilentProgress

    trained = models.train(workspace)
    model, matrix = trained.in_process(), workspace.matrix
    few = matrix[: workspace.row_rows]
    batch = f"where pythonScriptPath='{trained.batch_script}'"
    row = f"where pythonScriptPath='{models.ROW_SCRIPT}'"
    columns, vector = "sum(if(f(struct(*)), 1, 0))", "sum(if(f(features), 1, 0))"
    guarded = "sum(if(case when c0 is not null then f(struct(*)) end, 1, 0))"
    cases = (
        ("no script, struct(*)", "", f"{columns} as s from numbers"),
        ("no script, a vector", "", f"{vector} as s from vectors"),
        ("batch script, struct(*)", batch, f"{columns} as s from numbers"),
    )
    figures = []
    with connect(progress=SilentProgress()) as session:
        session.run(_TABLES.format(numbers=workspace.numbers, vectors=workspace.vectors, few=len(few)))

        def answer(select: str) -> int:
            return int(session.run(f"select {select} as answer;").to_arrow().column(0)[0].as_py())

        for name, options, select in cases:
            session.run(f"register PythonAlg.`{trained.store}` as f {options};")
            assert answer(select) == model.predict(matrix).sum()
            in_sql, in_process = timed(partial(answer, select)), timed(partial(model.predict, matrix))
            ours, bare = alternate(workspace.repeats, in_sql, in_process)
            what = f"predict {len(matrix):,} x {COLUMNS} in SQL, {name}"
            figures.append(Figure(what, ours, bare, "model.predict in process", note=rate(len(matrix), ours)))
        for workers in (1, 2):
            session.run(f"register PythonAlg.`{trained.store}` as f where workers='{workers}';")
            by_stream = timed(partial(answer, f"{columns} as s from numbers"))
            by_function = timed(partial(answer, f"{guarded} as s from numbers"))
            ours, bare = alternate(workspace.repeats, by_stream, by_function)
            plural = "s" if workers > 1 else ""
            what = f"predict {len(matrix):,} x {COLUMNS} in SQL, {workers} worker{plural}"
            figures.append(Figure(what, ours, bare, "the same, 2,048 rows a call", note=rate(len(matrix), ours)))
        session.run(f"register PythonAlg.`{trained.store}` as f {row};")
        in_sql = timed(partial(answer, "sum(vec_array(f(features))[0]) as s from few"))
        (ours,) = alternate(workspace.row_repeats, in_sql, warm_up=False)
        what = f"predict {len(few):,} x {COLUMNS} in SQL, row script, a vector"
        return [*figures, Figure(what, ours, note=rate(len(few), ours))]
