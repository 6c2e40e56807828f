"""What an MLproject file says: MLflow's own parser reads it, and we what that parser does not know.

https://mlflow.org/docs/latest/ml/projects
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from mlsql_engine.core.errors import DataProblem, MlsqlError, UnknownName
from mlsql_engine.core.extras import require
from mlsql_engine.core.span import Span

_FILE: Final = "mlproject"
_REFUSED: Final = {"docker_env": "a Docker image", "databricks_spark_job": "a job of Databricks"}


@dataclass(frozen=True)
class Parameter:
    """A parameter of an entry point: float, path, uri, string, or another word, which means text.

    Without a default it must be given.
    """

    kind: str = "string"
    default: str | None = None


@dataclass(frozen=True)
class EntryPoint:
    """A command with places for its parameters: `python train.py {alpha}`."""

    name: str
    command: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


@dataclass(frozen=True)
class Definition:
    """A project: its name and its entry points. What its environment holds, environments.project_files tells."""

    name: str
    entry_points: Mapping[str, EntryPoint]

    def control(self) -> dict[str, Any]:
        """The same as JSON has it; `of_control` reads it."""
        return asdict(self)


def of_control(content: Mapping[str, Any]) -> Definition:
    """What `Definition.control` gave, of a manifest."""
    entries = {
        name: EntryPoint(
            entry["name"],
            entry["command"],
            {key: Parameter(**parameter) for key, parameter in entry["parameters"].items()},
        )
        for name, entry in content["entry_points"].items()
    }
    return Definition(content["name"], entries)


def file_of(folder: Path) -> Path | None:
    """The MLproject file of a folder, in whatever case."""
    names = [name for name in sorted(os.listdir(folder)) if name.lower() == _FILE]
    return folder / names[0] if names else None


def read(folder: Path, span: Span | None) -> Definition:
    """The project in a folder.

    Raises DataProblem, placed at `span`, for a folder without an MLproject file and for one that is wrong;
    MlsqlError with code UNSUPPORTED for environments that are no Python's, MISSING_EXTRA without MLflow.
    """
    try:
        file = file_of(folder)
    except OSError as error:
        raise DataProblem(
            f"the folder {folder} cannot be read: {error.strerror}", span=span, code="UNREADABLE_FILE"
        ) from error
    if file is None:
        raise DataProblem(
            f"the folder {folder} has no MLproject file",
            span=span,
            code="FILE_NOT_FOUND",
            hint="pythonScriptPath names a .py file, or the folder of an MLflow project",
        )
    content = _content(file, span)
    for word, what in _REFUSED.items():
        if content.get(word) is not None:
            raise MlsqlError(
                f"{file} wants {what} ({word}), which mlsql does not start",
                span=span,
                code="UNSUPPORTED",
                hint="give the project a python_env or a conda_env",
            )
    entries = {name: _entry(name, written, file, span) for name, written in _flat(content, file, span)}
    loaded = _loaded(folder, file, span)
    return Definition(str(loaded.name or folder.resolve().name), entries)


def entry_of(definition: Definition, asked: str | None, span: Span | None) -> EntryPoint:
    """The entry point that trains: the one asked for, else train, else main, else the only one.

    Raises UnknownName, placed at `span`, for one that there is not.
    """
    entries = definition.entry_points
    if asked is None:
        found = next((entries[name] for name in ("train", "main") if name in entries), None)
        if found is None and len(entries) == 1:
            found = next(iter(entries.values()))
    else:
        found = entries.get(asked)
    if found is None:
        raise UnknownName("entry point", asked or "main", entries, span=span)
    return found


def _content(file: Path, span: Span | None) -> dict[str, Any]:
    yaml = require("yaml", extra="mlflow", purpose="an MLflow project")
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataProblem(f"{file} cannot be read: {error.strerror}", span=span, code="UNREADABLE_FILE") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        place = getattr(error, "problem_mark", None)
        line = f", line {place.line + 1}" if place is not None else ""
        raise _wrong(file, f"it is no YAML{line}: {getattr(error, 'problem', None) or error}", span) from error
    if not isinstance(content, dict):
        raise _wrong(file, "it is no mapping", span)
    return content


def _flat(content: Mapping[str, Any], file: Path, span: Span | None) -> Iterator[tuple[str, Any]]:
    """The entry points by their names, those of the nested form among them: `main: {train: {command: …}}`."""
    entries = content.get("entry_points")
    if not isinstance(entries, dict) or not entries:
        raise _wrong(file, "it has no entry_points", span)
    for name, entry in entries.items():
        inner = entry if isinstance(entry, dict) and "command" not in entry else {}
        if inner and all(isinstance(one, dict) and "command" in one for one in inner.values()):
            yield from ((str(inner_name), one) for inner_name, one in inner.items())
        else:
            yield str(name), entry


def _entry(name: str, written: Any, file: Path, span: Span | None) -> EntryPoint:
    command = written.get("command") if isinstance(written, dict) else None
    if not isinstance(command, str) or not command.strip():
        raise _wrong(file, f"the entry point '{name}' has no command", span)
    parameters = written.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise _wrong(file, f"the parameters of the entry point '{name}' are no mapping", span)
    entry = EntryPoint(
        name, command, {str(key): _parameter(name, key, value, file, span) for key, value in parameters.items()}
    )
    _check_places(entry, file, span)
    return entry


def _parameter(entry: str, name: Any, written: Any, file: Path, span: Span | None) -> Parameter:
    if isinstance(written, str):
        return Parameter(written)
    if not isinstance(written, dict) or not written.keys() <= {"type", "default"}:
        raise _wrong(
            file,
            f"the parameter '{name}' of the entry point '{entry}' is neither a type nor {{type, default}}",
            span,
        )
    default = written.get("default")
    return Parameter(str(written.get("type", "string")), None if default is None else str(default))


def _check_places(entry: EntryPoint, file: Path, span: Span | None) -> None:
    """Raise DataProblem where the command has a place for a parameter that is not declared."""
    try:
        entry.command.format(**dict.fromkeys(entry.parameters, ""))
    except KeyError as error:
        raise _wrong(
            file,
            f"the command of the entry point '{entry.name}' uses {{{error.args[0]}}}, which is no parameter",
            span,
        ) from error
    except (ValueError, IndexError, AttributeError) as error:
        raise _wrong(
            file,
            f"the command of the entry point '{entry.name}' has a brace that is no place of a parameter: {error}",
            span,
        ) from error


def _loaded(folder: Path, file: Path, span: Span | None) -> Any:
    """What MLflow's parser makes of the folder."""
    # Reading a project tells nobody, and git need not be there.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    projects = require("mlflow.projects.utils", extra="mlflow", purpose="an MLflow project")
    try:
        return projects.load_project(str(folder))
    except Exception as error:
        # Its text begins with words of its own, and MLflow's exceptions have no common class here.
        text = re.sub(r"^Project configuration \(MLproject file\) was invalid: ", "", str(error))
        raise _wrong(file, text or type(error).__name__, span) from error


def _wrong(file: Path, why: str, span: Span | None) -> DataProblem:
    return DataProblem(f"{file} cannot be used: {why}", span=span, code="PROJECT")
