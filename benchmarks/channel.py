"""Predictors without an engine: the workers of a model, asked through their channel."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.models import Trained

if TYPE_CHECKING:
    from mlsql_engine.core.functions import Predictor


@contextmanager
def opened(trained: Trained) -> Iterator[Callable[[Path | None], Predictor]]:
    """Gives a predictor of one started worker for a script, or for the model without one."""
    from mlsql_engine.core.functions import FunctionSpec, Resources
    from mlsql_engine.core.progress import SilentProgress
    from mlsql_engine.workers.catalog import Functions
    from mlsql_engine.workers.host import WorkerHost
    from mlsql_engine.workers.roster import Roster

    host = WorkerHost()
    functions = Functions(host.pools, Roster(), SilentProgress())

    def predictor(script: Path | None) -> Predictor:
        name = "f" if script is None else script.stem
        path = None if script is None else str(script)
        functions.add(FunctionSpec(name, str(trained.folder), sys.executable, path, resources=Resources(workers=1)))
        return functions.predictor(name)

    try:
        yield predictor
    finally:
        functions.close()
        host.close()
