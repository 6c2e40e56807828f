"""Predict a parquet file in SQL and sum, 2 workers, against Spark in local[2].

The same models, file and question as in `predict_by_hand`; Spark predicts by predict_batch_udf and by a pandas UDF,
in turns with ours. Its session is warm: it has started before, and the first run of each of its queries, which
starts Python workers and compiles, is not counted, as ours is not. Its tasks have one thread of BLAS each, its file
comes in two equal parts, its batches have 65,536 rows.

Spark is no part of .venv: `scripts/install_spark.sh` puts it into .venv/spark.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

from benchmarks import models
from benchmarks.by_hand import ONE_THREAD
from benchmarks.measuring import Bar, Figure, alternate, timed
from benchmarks.predict_by_hand import REGISTERED, SUM
from benchmarks.workspace import COLUMNS, Workspace

BAR = Bar(1 / 5)
_ROOT = Path(__file__).resolve().parents[1]
_PYTHON = _ROOT / ".venv" / "spark" / "bin" / "python"
_KINDS = ("predict_batch_udf", "pandas_udf")


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
    recipes = (models.LINEAR, models.FOREST)
    trained = [models.train(workspace, recipe) for recipe in recipes]
    with _started(workspace) as spark:
        workspace.told(f"Spark's session has started in {spark.session:.0f} s")
        return [
            figure
            for recipe, model in zip(recipes, trained, strict=True)
            for figure in _figures(workspace, spark, recipe.name, model)
        ]


def _figures(workspace: Workspace, spark: _Spark, name: str, trained: models.Trained) -> list[Figure]:
    from mlsql_engine import connect
    from mlsql_engine.core.progress import SilentProgress

    theirs = [partial(spark.seconds, kind, trained.pickle) for kind in _KINDS]
    with connect(progress=SilentProgress()) as session:
        session.run(REGISTERED.format(numbers=workspace.numbers, store=trained.store))

        def summed() -> int:
            return int(session.run(SUM).to_arrow().column(0)[0].as_py())

        ours, *others = alternate(workspace.repeats, timed(summed), *theirs)
        assert spark.sums == {summed()}
    spark.sums.clear()
    what = f"predict and sum {workspace.rows:,} x {COLUMNS} of parquet in SQL, {name}, 2 workers"
    return [
        Figure(what, ours, runs, f"Spark local[2], {kind}", BAR) for kind, runs in zip(_KINDS, others, strict=True)
    ]


class _Spark:
    """A process that runs `spark_sums`. `session` is how long its start took, `sums` what it has answered."""

    def __init__(self, process: subprocess.Popen[str], errors: IO[bytes]) -> None:
        self._process = process
        self._errors = errors
        self.session = float(self._told()["seconds"])
        self.sums: set[float] = set()

    def seconds(self, kind: str, model: Path) -> float:
        """The seconds of a query, as Spark's process measures them."""
        assert self._process.stdin is not None
        print(kind, model, file=self._process.stdin, flush=True)
        told = self._told()
        self.sums.add(told["sum"])
        return float(told["seconds"])

    def _told(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise RuntimeError(f"Spark failed:\n{self._errors.read().decode()[-4000:]}")
        return json.loads(line)


@contextmanager
def _started(workspace: Workspace) -> Iterator[_Spark]:
    command = [str(_PYTHON), str(_ROOT / "benchmarks" / "spark_sums.py"), str(workspace.numbers)]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command,
            cwd=workspace.folder,
            env={**os.environ, **ONE_THREAD},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        # At the end its standard input is closed, and so it ends.
        yield _Spark(process, errors)
