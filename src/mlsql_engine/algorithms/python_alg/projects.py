"""The MLflow project that a train statement names: a folder, a zip file, or a git repository."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlsql_engine.algorithms.base import TrainRequest, existing_file
from mlsql_engine.algorithms.mlflow_project import definition, fetching
from mlsql_engine.algorithms.mlflow_project.definition import Definition, EntryPoint
from mlsql_engine.algorithms.mlflow_project.fetching import Fetched, Fetching
from mlsql_engine.algorithms.mlflow_project.interpreters import EnvironmentInterpreters, InterpreterRequest
from mlsql_engine.algorithms.mlflow_project.parameters import values_of
from mlsql_engine.algorithms.mlflow_project.program import FOLDER, Asked, ProjectProgram, copied
from mlsql_engine.algorithms.python_alg.groups import parse_groups
from mlsql_engine.algorithms.python_alg.options import PROJECT_OPTIONS, RunOptions, ScriptOptions
from mlsql_engine.core.errors import BadValue, MlsqlError
from mlsql_engine.core.options import written_at
from mlsql_engine.core.paths import resolve_path
from mlsql_engine.core.progress import SilentProgress
from mlsql_engine.core.text import Text


def is_project(path: Text, folder: Path) -> bool:
    """Whether pythonScriptPath names a project, and no script. Raises NOT_ALLOWED."""
    return fetching.is_repository(path) or fetching.is_zip(path) or resolve_path(path, folder).is_dir()


def check(options: RunOptions, folder: Path) -> None:
    """Raise what training would raise of the project that the options name, where they name one.

    A repository is not asked: that waits for the training.
    """
    path = options.python_script_path if isinstance(options, ScriptOptions) else None
    if not isinstance(options, ScriptOptions) or path is None or fetching.is_repository(path):
        return
    if not is_project(path, folder):
        if resolve_path(path, folder).exists():
            refuse_options(options, path)
        return
    with tempfile.TemporaryDirectory(prefix="mlsql-project-") as place:
        how = Fetching(folder, Path(place) / "fetched", options.project_version, SilentProgress(), lambda: None)
        project = _fetched(path, how)
        with _named(project):
            _read(options, path, project.folder, folder)


def refuse_options(options: ScriptOptions, path: Text) -> None:
    """Raise BadValue for an option that only projects have, where a script is named."""
    for name, word in {**PROJECT_OPTIONS, "entry_point": "entryPoint"}.items():
        if getattr(options, name) is not None:
            raise BadValue(
                f"{word} is an option of MLflow projects, and {path.value} is a script",
                span=written_at(options, name),
                hint="leave it out, or let pythonScriptPath name the folder with the MLproject file",
            )


def program(options: ScriptOptions, path: Text, request: TrainRequest, work: Path, version: Path) -> ProjectProgram:
    """The project, copied into the version; one that is no folder is fetched below `work`.

    Raises what is wrong with it before anything is copied.
    """
    progress = request.workshop.progress
    how = Fetching(request.folder, work / "fetched", options.project_version, progress, request.check)
    source = _fetched(path, how)
    with _named(source):
        project, entry = _read(options, path, source.folder, request.folder)
        wanted = InterpreterRequest(
            definition=project,
            project=source.folder,
            folder=request.folder,
            python_path=options.python_path,
            manager=options.env_manager,
            manager_span=written_at(options, "env_manager"),
            environment=options.environment,
            span=path.span,
        )
        interpreter = EnvironmentInterpreters(progress, request.check).interpreter(wanted)
        asked = Asked(path.span, request.folder, options.environment, _value(options.model_name))
        copy = copied(source.folder, version / FOLDER, path.span)
    return ProjectProgram(project, entry, copy, interpreter, asked, source)


def _fetched(path: Text, how: Fetching) -> Fetched:
    if fetching.is_repository(path) or fetching.is_zip(path):
        return fetching.fetch(path, how)
    if how.version is not None:
        raise BadValue(
            "projectVersion is the branch, tag or commit of a git repository, and the project is a folder",
            span=how.version.span,
            hint="leave it out, or let pythonScriptPath be the address of the repository",
        )
    place = existing_file(path, how.folder, "project")
    return Fetched(place, str(place))


@contextmanager
def _named(project: Fetched) -> Iterator[None]:
    """Errors speak of the project as users know it, and not of the folder that it was fetched into."""
    try:
        yield
    except MlsqlError as error:
        error.message = error.message.replace(str(project.folder), project.name)
        raise


def _read(options: ScriptOptions, path: Text, source: Path, folder: Path) -> tuple[Definition, EntryPoint]:
    """A project and the entry point that trains, which takes the parameters of every group."""
    project = definition.read(source, path.span)
    asked = options.entry_point
    entry = definition.entry_of(project, _value(asked), asked.span if asked else path.span)
    for group in parse_groups(options.fit_param):
        values_of(entry, group.written, folder, source, path.span)
    return project, entry


def _value(text: Text | None) -> str | None:
    return None if text is None else text.value
