"""Predict a parquet file in SQL and sum, 2 workers, against Spark in local[2].

The same models, file and question as in `predict_by_hand`; Spark predicts by predict_batch_udf and by a pandas UDF.
Its session is warm: it has started before, and the first run of each of its queries, which starts its Python
workers and compiles, is not counted, as ours is not. Its tasks have one thread of BLAS each, its file comes in two
equal parts, its batches have 65,536 rows. Spark is no part of .venv: `scripts/install_spark.sh` puts it into
.venv/spark.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from benchmarks import models
from benchmarks.by_hand import ONE_THREAD
from benchmarks.measuring import Bar, Figure, Runs, alternate, timed
from benchmarks.predict_by_hand import REGISTERED, SUM
from benchmarks.workspace import COLUMNS, Workspace

BAR = Bar(1 / 5)
_ROOT = Path(__file__).resolve().parents[1]
_PYTHON = _ROOT / ".venv" / "spark" / "bin" / "python"


def absent() -> str | None:
    """What Spark lacks here and how to get it, or None."""
    if not (_PYTHON.parent.parent / "installed").exists():
        return "there is no Spark in .venv/spark; scripts/install_spark.sh puts it there (1 GB)"
    if shutil.which("java") is None:
        return "Spark needs the command java; on Debian: apt-get install default-jre-headless"
    return None


def run(workspace: Workspace) -> list[Figure]:
    problem = absent()
    if problem is not None:
        raise SystemExit(f"predict_spark cannot run: {problem}")
    trained = {recipe.name: models.train(workspace, recipe) for recipe in (models.LINEAR, models.FOREST)}
    told = _spark(workspace, trained)
    figures = []
    for name, model in trained.items():
        ours, answer = _ours(workspace, model)
        for kind, sums in told["models"][name].items():
            assert sums["sum"] == answer
            what = f"predict and sum {workspace.rows:,} x {COLUMNS} of parquet in SQL, {name}, 2 workers"
            note = f"Spark's session: {told['session']:.0f} s, the first run of this: {sums['first']:.0f} s"
            theirs = Runs(tuple(sums["seconds"]))
            figures.append(Figure(what, ours, theirs, f"Spark local[2], {kind}", BAR, note))
    return figures


def _ours(workspace: Workspace, trained: models.Trained) -> tuple[Runs, int]:
    from mlsql_engine import connect
    from mlsql_engine.core.progress import SilentProgress

    with connect(progress=SilentProgress()) as session:
        session.run(REGISTERED.format(numbers=workspace.numbers, store=trained.store))

        def summed() -> int:
            return int(session.run(SUM).to_arrow().column(0)[0].as_py())

        (ours,) = alternate(workspace.repeats, timed(summed))
        return ours, summed()


def _spark(workspace: Workspace, trained: dict[str, models.Trained]) -> Any:
    """What `spark_sums` tells of the models."""
    named = [f"{name}={model.pickle}" for name, model in trained.items()]
    command = [str(_PYTHON), str(_ROOT / "benchmarks" / "spark_sums.py")]
    command += [str(workspace.numbers), str(workspace.repeats), *named]
    environment = {**os.environ, **ONE_THREAD}
    done = subprocess.run(
        command, cwd=workspace.folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"Spark failed:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.splitlines()[-1])
