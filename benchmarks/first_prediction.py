"""From the register statement to the first prediction in SQL, against a bare process that predicts one row.

The bare one is `python -c`: it starts, imports pyarrow, unpickles the same model (which imports scikit-learn) and
predicts one row; ours has the same to do in its worker, and may add 0.3 s. Then the query alone, with the worker
warm.
"""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks import models
from benchmarks.measuring import Bar, Figure, Runs, alternate, in_new_process, timed
from benchmarks.workspace import COLUMNS, Workspace

_BARE = """
import pickle
import pyarrow
with open({path!r}, "rb") as file:
    model = pickle.load(file)
model.predict([[0.0] * {columns}])
"""


def run(workspace: Workspace) -> list[Figure]:
    trained = models.train(workspace)
    code = _BARE.format(path=str(trained.pickle), columns=COLUMNS)
    warm: list[float] = []

    def registered() -> float:
        first, second = in_new_process(predictions, str(trained.store))
        warm.append(second)
        return float(first)

    ours, bare = alternate(
        workspace.repeats, registered, timed(lambda: subprocess.run([sys.executable, "-c", code], check=True))
    )
    return [
        Figure("register and first prediction", ours, bare, "start, import, unpickle, predict", Bar(plus=0.3)),
        Figure("a later prediction of one row in SQL", Runs(tuple(warm[1:]))),
    ]


def predictions(store: str) -> tuple[float, float]:
    """The seconds of register and a query of one row, and of the same query again."""
    from mlsql_engine import connect
    from mlsql_engine.core.progress import SilentProgress

    query = "select f(array({})) as p as predicted;".format(", ".join(["0.0D"] * COLUMNS))
    with connect(progress=SilentProgress()) as session:
        session.run("select 1 as a as t;").to_arrow()
        start = time.perf_counter()
        session.run(f"register PythonAlg.`{store}` as f;")
        session.run(query).to_arrow()
        middle = time.perf_counter()
        session.run(query).to_arrow()
        return middle - start, time.perf_counter() - middle
