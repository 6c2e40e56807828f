"""Predicting by the project that trained a model: its entry points api_predict and batch_predict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mlsql_engine.algorithms.mlflow_project.commands import python_command
from mlsql_engine.algorithms.mlflow_project.definition import EntryPoint, of_control
from mlsql_engine.algorithms.mlflow_project.parameters import filled
from mlsql_engine.algorithms.mlflow_project.program import FOLDER
from mlsql_engine.core.errors import ModelProblem
from mlsql_engine.models.manifest import GroupRecord
from mlsql_engine.models.store import ModelStore, ModelVersion

API: Final = "api_predict"
BATCH: Final = "batch_predict"
ENVIRONMENT: Final = {"PYTHONDONTWRITEBYTECODE": "1"}
"""A published version is not written to."""


@dataclass(frozen=True)
class PredictScript:
    """The script of a function: where it is and runs, and how; without a path the model itself predicts."""

    path: str | None = None
    arguments: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    folder: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def entry_of(version: ModelVersion, name: str) -> EntryPoint | None:
    """The entry point of that name of the project that made a version; None for any other version."""
    project = version.manifest.project
    return of_control(project).entry_points.get(name) if project else None


def command_of(entry: EntryPoint, group: GroupRecord) -> str:
    """The command with the parameters of the training, else the defaults. Raises ModelProblem for one without."""
    values = {
        name: group.train_params.get(name, parameter.default or "") for name, parameter in entry.parameters.items()
    }
    for name, parameter in entry.parameters.items():
        if parameter.default is None and name not in group.train_params:
            raise ModelProblem(
                f"the entry point '{entry.name}' needs the parameter '{name}', which has no default and was no "
                "parameter of the training",
                hint=f"give {name} a default in the MLproject file, and train again",
            )
    return filled(entry, values)


def script_of(store: ModelStore, version: ModelVersion, group: GroupRecord, entry: EntryPoint) -> PredictScript:
    """The script that api_predict runs. Raises ModelProblem where its command is none of a script's."""
    folder: Path = store.fetch_part(version, FOLDER)
    command = command_of(entry, group)
    plain = python_command(command, folder)
    if plain is None:
        raise ModelProblem(
            f"the entry point '{entry.name}' is `{command}`, which runs no Python script of the project",
            hint="python predict.py, for example, whose script ends with python_fun.udf(predict)",
        )
    script = str(folder / plain.script)
    return PredictScript(script, plain.arguments, plain.flags, str(folder), ENVIRONMENT)
