"""What a training runs: a script file, scripts that tables hold, an MLflow project, or the built-in trainer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlsql_engine.algorithms.base import TrainRequest, existing_file
from mlsql_engine.algorithms.python_alg import projects
from mlsql_engine.algorithms.python_alg.groups import ParameterGroup, estimator_name
from mlsql_engine.algorithms.python_alg.options import RunOptions, ScriptOptions, SKLearnOptions
from mlsql_engine.algorithms.scripts import script_of_table
from mlsql_engine.algorithms.training_program import Interpreter, Launch, Places, TrainingProgram
from mlsql_engine.core.options import names_in
from mlsql_engine.core.text import Text
from mlsql_engine.environments import interpreters


@dataclass(frozen=True)
class Program:
    """What runs for every group: the script, or None for the built-in trainer. See TrainingProgram.

    `files` are the texts of the script by file name, for the manifest.
    """

    interpreter: Interpreter
    script: Path | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def built_in(self) -> bool:
        """See TrainingProgram."""
        return self.script is None

    @property
    def definition(self) -> dict[str, Any]:
        """Only projects have one."""
        return {}

    def title(self, group: ParameterGroup) -> str:
        """What progress and errors call what runs for a group: the script's file, or the estimator's class."""
        return self.alg(group) if self.script is None else self.script.name

    def alg(self, group: ParameterGroup) -> str:
        """What the result calls the algorithm of a group: the script's name, or the estimator's class."""
        if self.script is not None:
            return self.script.stem
        return estimator_name(group.parameters) or "the built-in trainer"

    def hashes(self) -> dict[str, str]:
        """See TrainingProgram."""
        return {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()}

    def launch(self, group: ParameterGroup, places: Places) -> Launch:  # noqa: ARG002
        """See TrainingProgram."""
        return Launch(self.script, places.work)


def with_algorithm(groups: tuple[ParameterGroup, ...], options: RunOptions) -> tuple[ParameterGroup, ...]:
    """The groups, those that name no estimator with the one that the option `alg` of SKLearn names."""
    if not isinstance(options, SKLearnOptions) or options.alg is None:
        return groups
    return tuple(
        group
        if estimator_name(group.parameters)
        else ParameterGroup(group.index, {**group.parameters, "alg": options.alg.value}, group.resources)
        for group in groups
    )


def program_of(request: TrainRequest, work: Path, version: Path) -> TrainingProgram:
    """What the options say to run; scripts that tables hold are written below `work`, projects below `version`.

    Raises UNKNOWN_INTERPRETER, DataProblem for a script file or project that is not there or wrong, BadValue for a
    table that holds no script and for parameters that a project does not take.
    """
    options: RunOptions = request.options
    path = options.python_script_path if isinstance(options, ScriptOptions) else None
    if isinstance(options, ScriptOptions) and path is not None:
        if projects.is_project(path, request.folder):
            return projects.program(options, path, request, work, version)
        place = existing_file(path, request.folder, "script")
        projects.refuse_options(options, path)
        return Program(_interpreter(request), place, {place.name: place.read_bytes()})
    if isinstance(options, ScriptOptions) and options.scripts is not None:
        return _of_tables(options.scripts, options.entry_point, request, work / "scripts")
    return Program(_interpreter(request))


def _interpreter(request: TrainRequest) -> Interpreter:
    return Interpreter(interpreters.resolve(request.options.python_path, request.folder))


def _of_tables(scripts: Text, entry_point: Text | None, request: TrainRequest, place: Path) -> Program:
    names = names_in(scripts)
    place.mkdir()
    files: dict[str, bytes] = {}
    for name in names:
        table = request.tables[f"scripts.{name.value}"]
        content = script_of_table(table, request.engine, name).text.encode()
        files[f"{name.value}.py"] = content
        (place / f"{name.value}.py").write_bytes(content)
    first = (entry_point or names[0]).value
    script = next(place / file for file in files if file.lower() == f"{first}.py".lower())
    return Program(_interpreter(request), script, files)
