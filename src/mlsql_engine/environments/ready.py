"""An environment of what a project wants: the one that there is, else one that is built now."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlsql_engine.core.errors import BadValue
from mlsql_engine.core.progress import Progress
from mlsql_engine.environments import managers, pythons, remembered
from mlsql_engine.environments.building import Build
from mlsql_engine.environments.commands import Ending
from mlsql_engine.environments.keys import key_of
from mlsql_engine.environments.plan import Choice, Manager
from mlsql_engine.environments.store import EnvironmentStore, Stored, default_root, pythons_cache
from mlsql_engine.environments.wanted import Wanted

LOCAL = "local"


@dataclass(frozen=True)
class Environment:
    """An interpreter with what a project wants.

    `key` is "local" for one that was taken as it is, whose `folder` is None. `lacking` are the requirements that
    mlsql adds and that could not be added; who needs them has been warned.
    """

    python: Path
    key: str
    manager: str
    version: str
    folder: Path | None = None
    lacking: tuple[str, ...] = ()

    def variables(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The variables by which its programs are found, as where it is switched on: PATH, and its folder."""
        if self.folder is None:
            return {}
        path = inherited.get("PATH", os.defpath)
        name = "CONDA_PREFIX" if self.manager == "conda" else "VIRTUAL_ENV"
        return {"PATH": os.pathsep.join([str(self.python.parent), path]), name: str(self.folder)}


def known(key: str, progress: Progress, root: Path | None = None) -> Environment | None:
    """The environment of a key, as `ready` gives it, where it is there: what asked for it need not be read."""
    store = EnvironmentStore(root or default_root())
    stored = store.find(key)
    if stored is None:
        return None
    store.touch(stored)
    _warn(stored, progress)
    return _environment(stored)


def ready(
    wanted: Wanted, choice: Choice, progress: Progress, ending: Ending | None = None, *, again: bool = False
) -> Environment:
    """The environment, which is built where there is none yet: by one process, however many ask for it.

    One that is there takes no network, and starts nothing. `progress` is told of a build, line by line, and warned
    of what is not as wanted; `ending` lets another thread end it; `again` builds anew what is there. Raises
    MlsqlError: NO_PYTHON, UNKNOWN_INTERPRETER, NO_CONDA, MISSING_EXTRA, ENVIRONMENT_FILE and CANNOT_WRITE before
    anything is built, ENVIRONMENT where the build fails; Cancelled.
    """
    if choice.manager == LOCAL:
        return _local(wanted, choice, progress)
    variables = {**os.environ, **choice.variables}
    manager = managers.chosen(choice, variables, progress)
    root = choice.store or default_root()
    python = _python(wanted, choice, manager, variables, pythons_cache(root))
    store = EnvironmentStore(root)
    key = key_of(wanted, manager.name, python, choice)
    stored = None if again else store.find(key)
    if stored is None:
        manager.check(wanted)
        build = Build(wanted, choice, manager, python, key)
        stored = build.run(store, progress, ending or Ending(), again=again)
    else:
        store.touch(stored)
    _warn(stored, progress)
    return _environment(stored)


def _python(
    wanted: Wanted, choice: Choice, manager: Manager, variables: Mapping[str, str], cache: Path
) -> pythons.Python | None:
    """What the environment is made from; None for conda, which brings it."""
    if manager.name == "conda":
        if choice.interpreter is not None:
            raise BadValue("conda brings its own Python: no interpreter can be named")
        return None
    if choice.interpreter is not None:
        return pythons.named(choice.interpreter, wanted, cache)
    if not wanted.python:
        return pythons.own()
    question = f"{wanted.python}\n{pythons.own()}\n{pythons.search_path(variables)}"
    found = remembered.recall(cache, question)
    if found is None:
        found = pythons.fitting(wanted, variables, cache)
        remembered.remember(cache, question, found)
    return found


def _local(wanted: Wanted, choice: Choice, progress: Progress) -> Environment:
    """The interpreter as it is; another version than the project wants is a warning."""
    root = choice.store or default_root()
    path, version = Path(sys.executable), pythons.own().version
    if choice.interpreter is not None:
        path, version = (
            Path(choice.interpreter),
            pythons.named(choice.interpreter, Wanted(), pythons_cache(root)).version,
        )
    if wanted.python and not pythons.fits(wanted.python, version):
        progress.warn(
            "PYTHON_VERSION", f"{wanted.source} wants Python {wanted.python}, and runs with {version} ({path})"
        )
    return Environment(path, LOCAL, LOCAL, version)


def _warn(stored: Stored, progress: Progress) -> None:
    for package in stored.record.lacking:
        progress.warn(
            "NOT_INJECTED",
            f"the environment {stored.key} has no {package}, which does not go with what {stored.record.made_for} "
            "wants: predictions, and data in Arrow's format, need it",
        )


def _environment(stored: Stored) -> Environment:
    record = stored.record
    return Environment(
        stored.python, stored.key, record.manager, record.version, stored.folder, lacking=record.lacking
    )
