"""Which Python runs a project."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from mlsql_engine.algorithms.mlflow_project.definition import Definition
from mlsql_engine.algorithms.mlflow_project.interruptible import interruptible
from mlsql_engine.algorithms.training_program import Interpreter
from mlsql_engine.core.errors import BadValue, InternalError, errors_at
from mlsql_engine.core.progress import Progress
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text
from mlsql_engine.environments import interpreters, project_files
from mlsql_engine.environments.plan import Choice, ManagerName
from mlsql_engine.environments.ready import LOCAL, Environment, known, ready
from mlsql_engine.environments.wanted import Wanted


@dataclass(frozen=True)
class InterpreterRequest:
    """The Python of a project, as a statement asks for it.

    `project` is the project's folder, `folder` what the paths of options start from; `manager` is
    systemParam.envManager and stands at `manager_span`; `environment` are the variables of systemParam.envs; `span`
    is where the project is named.
    """

    definition: Definition
    project: Path
    folder: Path
    python_path: Text | None
    manager: ManagerName | None
    manager_span: Span | None
    environment: Mapping[str, str]
    span: Span | None


class EnvironmentInterpreters:
    """Runs projects in environments of their own, as far as they ask for one.

    `progress` is told of builds; `check`, which is called again and again meanwhile, raises where the statement is
    ended.
    """

    def __init__(self, progress: Progress, check: Callable[[], None]) -> None:
        self._progress = progress
        self._check = check

    def interpreter(self, request: InterpreterRequest) -> Interpreter:
        """The Python of a project.

        That of the environment that the project's files ask for, made by systemParam.envManager. Without one it is
        the interpreter that pythonPath names, else the one that runs mlsql; with the manager local, or a pythonPath
        and no manager, it is taken as it is. Raises what environments.ready raises, and BAD_VALUE for a manager
        where no file says what to put into an environment.
        """
        named = None if request.python_path is None else interpreters.resolve(request.python_path, request.folder)
        manager: ManagerName | None = request.manager or (None if named is None else "local")
        with errors_at(request.manager_span or request.span):
            wanted = project_files.of_folder(request.project)
            if wanted is None and request.manager not in (None, LOCAL):
                raise BadValue(
                    f"the project {request.definition.name} has no file that says what its environment holds",
                    hint="give it a python_env.yaml, a conda.yaml or a requirements.txt, or leave envManager out",
                )
            if wanted is None:
                return Interpreter(named or sys.executable)
            choice = Choice(manager, named, variables=request.environment)
            made = self._ready(wanted, choice)
        return _interpreter(made, choice)

    def of_model(
        self, made: Mapping[str, str], environment: Mapping[str, str], project: Callable[[], Path]
    ) -> Interpreter:
        """The Python that a model was trained with, from what its manifest tells of how it was `made`.

        Where that environment is gone, or was another machine's, it is made anew from the files of the `project`,
        which is the folder that the version keeps. `environment` are the variables of systemParam.envs. Raises what
        environments.ready raises.
        """
        choice = Choice(cast("ManagerName", made["manager"]), made.get("interpreter"), variables=environment)
        found = known(made["key"], self._progress)
        if found is None:
            wanted = project_files.of_folder(project())
            if wanted is None:
                raise InternalError("a version has an environment, and its project has no file that asks for one")
            found = self._ready(wanted, choice)
        return _interpreter(found, choice)

    def _ready(self, wanted: Wanted, choice: Choice) -> Environment:
        return interruptible(lambda ending: ready(wanted, choice, self._progress, ending), self._check)


def _interpreter(found: Environment, choice: Choice) -> Interpreter:
    made: dict[str, str] = {}
    if found.folder is not None:
        made = {"key": found.key, "manager": found.manager}
        if choice.interpreter is not None:
            made["interpreter"] = choice.interpreter
    return Interpreter(str(found.python), found.variables({**os.environ, **choice.variables}), made)
