"""Which Python runs a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mlsql_engine.algorithms.mlflow_project.definition import Definition
from mlsql_engine.algorithms.training_program import Interpreter
from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text
from mlsql_engine.environments import interpreters


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
    manager: str | None
    manager_span: Span | None
    environment: Mapping[str, str]
    span: Span | None


class ProjectInterpreters(Protocol):
    """Gives the interpreter of a project, and makes its environment where there is none yet."""

    def interpreter(self, request: InterpreterRequest) -> Interpreter:
        """Raises MlsqlError where there is none, and where its environment cannot be made."""


class LocalInterpreters:
    """Runs projects by an interpreter that is there: it makes no environments."""

    def interpreter(self, request: InterpreterRequest) -> Interpreter:
        """The one that pythonPath names; without it, or with the manager local, the one that runs mlsql.

        Raises MlsqlError with code UNSUPPORTED for every other manager, and for a project that has an environment
        file where nothing says that another Python may run it.
        """
        file = request.definition.environment_file
        if request.manager not in (None, "local"):
            raise MlsqlError(
                f"this version of mlsql makes no environments by {request.manager}",
                span=request.manager_span,
                code="UNSUPPORTED",
                hint=_WAYS_OUT,
            )
        if request.manager is None and request.python_path is None and file:
            raise MlsqlError(
                f"the project {request.definition.name} asks for an environment ({file}), and this version of "
                "mlsql makes none",
                span=request.span,
                code="UNSUPPORTED",
                hint=_WAYS_OUT,
            )
        return Interpreter(interpreters.resolve(request.python_path, request.folder))


_WAYS_OUT = (
    'systemParam.envManager="local" takes the Python that runs mlsql, and systemParam.pythonPath another one '
    "that has what the project needs"
)
