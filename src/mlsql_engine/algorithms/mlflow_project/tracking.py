"""Where the runs of a project are logged while it trains, and what of it becomes ours."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mlsql_sdk.mlflow_runs import TAG

_URI: Final = "MLFLOW_TRACKING_URI"
_CONTEXT: Final = "MLFLOW_RUN_CONTEXT"


@dataclass(frozen=True)
class Store:
    """`uri` is a store of this training alone, None where the user's is used; `tag` marks the training's runs."""

    uri: str | None
    tag: str
    environment: Mapping[str, str]


def of(environment: Mapping[str, str], work: Path) -> Store:
    """The store that MLFLOW_TRACKING_URI names, in systemParam.envs or around mlsql, else one in the work folder.

    That is one of files, since no other can be read by an interpreter that has no more than mlflow-skinny.
    """
    variables = {**os.environ, **environment}
    tag = uuid.uuid4().hex
    added = {
        _CONTEXT: json.dumps({**_context(variables.get(_CONTEXT)), TAG: tag}),
        "GIT_PYTHON_REFRESH": variables.get("GIT_PYTHON_REFRESH", "quiet"),
        "MLFLOW_DISABLE_TELEMETRY": variables.get("MLFLOW_DISABLE_TELEMETRY", "true"),
    }
    if variables.get(_URI):
        return Store(None, tag, added)
    uri = (work / "mlflow").as_uri()
    # MLflow takes stores of files for outdated unless it is told that they are meant.
    return Store(uri, tag, {**added, _URI: uri, "MLFLOW_ALLOW_FILE_STORE": "true"})


def _context(written: str | None) -> dict[str, Any]:
    """The tags that the user wants all runs to have."""
    try:
        content = json.loads(written or "{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


@dataclass(frozen=True)
class LoggedRuns:
    """What a project has logged: every run as `mlsql_sdk.mlflow_runs` tells it, and the id of the one that counts.

    `model` is the name of the logged model that became the model, None where none did.
    """

    runs: Sequence[Mapping[str, Any]] = ()
    main: str | None = None
    model: str | None = None
    by_id: Mapping[str, Mapping[str, Any]] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {str(run["id"]): run for run in self.runs})

    @property
    def metrics(self) -> dict[str, float]:
        """The last values of the metrics of the run that counts."""
        return {} if self.main is None else dict(self.by_id[self.main]["metrics"])

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the run that counts, and of those that it is nested in."""
        found: dict[str, str] = {}
        run = None if self.main is None else self.by_id[self.main]
        while run is not None:
            found = {**run["params"], **found}
            run = self.by_id.get(run["parent"])
        return found

    def told(self) -> str:
        """What progress says of it."""
        count = len(self.runs)
        counted = [
            f"{number} {word}{'' if number == 1 else 's'}"
            for number, word in ((count, "run"), (len(self.parameters), "parameter"), (len(self.metrics), "metric"))
        ]
        model = f", and the model '{self.model}'" if self.model is not None else ""
        return f"logged to MLflow: {counted[0]} with {counted[1]} and {counted[2]}{model}"


def of_report(report: Mapping[str, Any]) -> LoggedRuns:
    """What a worker tells."""
    return LoggedRuns(tuple(report["runs"]), report["main"], report["model"])
