"""An MLflow project as what a training runs."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlsql_engine.algorithms.mlflow_project import parameters, tracking
from mlsql_engine.algorithms.mlflow_project.commands import python_command
from mlsql_engine.algorithms.mlflow_project.definition import Definition, EntryPoint
from mlsql_engine.algorithms.mlflow_project.fetching import Fetched
from mlsql_engine.algorithms.training_program import Interpreter, Launch, Places
from mlsql_engine.core.errors import DataProblem
from mlsql_engine.core.span import Span

if TYPE_CHECKING:
    from mlsql_engine.algorithms.python_alg.groups import ParameterGroup

FOLDER: Final = "project"
"""Where a version of a model has the project that made it."""
_NOT_COPIED: Final = re.compile(
    r"\.git|\.venv|__pycache__|\.ipynb_checkpoints|mlruns|mlartifacts|_model_\d+|\.(staging|removed)-.*"
)
_BLOCK: Final = 1 << 20


@dataclass(frozen=True)
class Asked:
    """What a train statement says of a project; `span` is where the project is named, `folder` where paths start.

    `environment` are the variables of systemParam.envs, `model_name` is modelName.
    """

    span: Span | None
    folder: Path
    environment: Mapping[str, str]
    model_name: str | None


@dataclass(frozen=True)
class ProjectProgram:
    """A project, in a copy of its folder, and the entry point that trains. See TrainingProgram."""

    project: Definition
    entry: EntryPoint
    folder: Path
    interpreter: Interpreter
    asked: Asked
    source: Fetched

    @property
    def built_in(self) -> bool:
        """A project is the user's own."""
        return False

    @property
    def definition(self) -> dict[str, Any]:
        """See TrainingProgram."""
        source = {"name": self.source.name, "commit": self.source.commit} if self.source.commit else {}
        return {**self.project.control(), **({"source": source} if source else {})}

    def title(self, group: ParameterGroup) -> str:  # noqa: ARG002
        """See TrainingProgram."""
        return f"project {self.project.name}"

    def alg(self, group: ParameterGroup) -> str:  # noqa: ARG002
        """See TrainingProgram."""
        return self.project.name

    def hashes(self) -> dict[str, str]:
        """See TrainingProgram."""
        return self._hashes

    @cached_property
    def _hashes(self) -> dict[str, str]:
        files = sorted(Path(place, name) for place, _, names in os.walk(self.folder) for name in names)
        return {str(file.relative_to(self.folder)): _hash(file) for file in files}

    def check(self, group: ParameterGroup) -> dict[str, str]:
        """The parameters of the entry point for a group. Raises as `parameters.values_of` does."""
        return parameters.values_of(self.entry, group.written, self.asked.folder, self.folder, self.asked.span)

    @property
    def _variables(self) -> dict[str, str]:
        return {**self.interpreter.environment, **self.asked.environment}

    def launch(self, group: ParameterGroup, places: Places) -> Launch:
        """See TrainingProgram. Every group runs in a copy of its own, so that it may write there."""
        values = self.check(group)
        folder = copied(self.folder, places.work / FOLDER, self.asked.span)
        command = parameters.filled(self.entry, values)
        tools = search_path_with(self.interpreter.path, self._variables, places.work / "bin")
        plain = python_command(command, folder)
        store = tracking.of(self.asked.environment, places.work)
        project = {
            "shell": None if plain is not None else command,
            "folder": str(places.work / "run"),
            "tracking": {
                "uri": store.uri,
                "tag": store.tag,
                "modelName": self.asked.model_name,
                "artifacts": str(places.artifacts),
            },
        }
        return Launch(
            script=None if plain is None else folder / plain.script,
            folder=folder,
            arguments=() if plain is None else plain.arguments,
            flags=() if plain is None else plain.flags,
            environment={**store.environment, "PATH": tools},
            parameters=values,
            project=project,
            original=self.source.name,
        )


def copied(source: Path, target: Path, span: Span | None) -> Path:
    """A copy of a project's folder without what makes no part of it: repositories, caches, runs and models.

    Links are followed. Raises DataProblem where a file cannot be read or written.
    """
    try:
        shutil.copytree(source, target, ignore=_ignored, ignore_dangling_symlinks=True)
    except (shutil.Error, OSError) as error:
        first = error.args[0][0][2] if isinstance(error, shutil.Error) else error
        raise DataProblem(
            f"the project {source} cannot be copied: {first}", span=span, code="UNREADABLE_FILE"
        ) from error
    return target


def _ignored(folder: str, names: list[str]) -> set[str]:
    """Names that are not copied: also of pipes and sockets, which would be waited for."""
    return {name for name in names if _NOT_COPIED.fullmatch(name) or _is_special(os.path.join(folder, name))}


def _is_special(path: str) -> bool:
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _hash(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def search_path_with(interpreter: str, variables: Mapping[str, str], folder: Path) -> str:
    """The search path on which `python` and `python3` are the interpreter; its programs come next.

    They are scripts in the new `folder`: a link would make another interpreter of that of a virtual environment.
    The rest is PATH of the `variables`, else of this process.
    """
    folder.mkdir()
    for name in ("python", "python3"):
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(interpreter)} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    rest = variables.get("PATH") or os.environ.get("PATH", os.defpath)
    return os.pathsep.join([str(folder), os.path.dirname(interpreter), rest])
