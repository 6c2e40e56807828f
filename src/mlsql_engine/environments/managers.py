"""Which manager makes an environment."""

from __future__ import annotations

from collections.abc import Mapping

from mlsql_engine.core.progress import Progress
from mlsql_engine.environments import by_conda
from mlsql_engine.environments.by_uv import find_uv
from mlsql_engine.environments.by_virtualenv import VirtualenvManager
from mlsql_engine.environments.plan import Choice, Manager


def chosen(choice: Choice, variables: Mapping[str, str], progress: Progress) -> Manager:
    """The manager that is asked for by name; else conda where there is one, else uv.

    Where an interpreter is named, conda, which brings its own, is not taken unasked. `progress` gets a warning
    where MLFLOW_CONDA_HOME holds no conda and another does it. Raises MlsqlError: NO_CONDA, MISSING_EXTRA.
    """
    match choice.manager:
        case "uv":
            return find_uv(variables)
        case "virtualenv":
            return VirtualenvManager()
    conda = by_conda.find_conda(variables)
    if choice.manager == "conda" and conda is None:
        raise by_conda.no_conda(variables)
    manager: Manager = find_uv(variables) if conda is None or _has_own(choice) else conda
    home = variables.get(by_conda.HOME)
    if home and not _has_own(choice) and by_conda.in_home(variables) is None:
        does = "uv makes the environment" if conda is None else f"{conda.program} is used"
        progress.warn("NO_CONDA", f"{by_conda.HOME}={home} holds no conda; {does}")
    return manager


def _has_own(choice: Choice) -> bool:
    return choice.interpreter is not None and choice.manager is None
