"""The parameters of an entry point: from the options of a statement to the words of its command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mlsql_engine.algorithms.mlflow_project.definition import EntryPoint, Parameter
from mlsql_engine.core.errors import BadValue, DataProblem, UnknownName
from mlsql_engine.core.paths import resolve_path
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text

FOR_SCRIPTS: Final = frozenset(
    {"featureCol", "inputCol", "labelCol", "label", "batchSize", "labelSize", "modelFormat"}
)
"""What the module mlsql itself looks for in fit_param: a project need not declare it."""
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:.+")
_WHOLE: Final = frozenset({"int", "integer", "long"})


def values_of(
    entry: EntryPoint, given: Mapping[str, Text], folder: Path, project: Path, span: Span | None
) -> dict[str, str]:
    """The value of every parameter of the entry point: the one given, else the default.

    A path that is given starts from `folder`, one that is a default from the project's. An entry point that
    declares none takes any: they are in mlsql.fit_param. Raises UnknownName and BadValue placed at the value, and
    BadValue placed at `span` for a parameter that has no value.
    """
    for name, text in given.items():
        if entry.parameters and name not in entry.parameters and name not in FOR_SCRIPTS:
            error = UnknownName("parameter", name, entry.parameters, span=text.span)
            error.message = f"the entry point '{entry.name}' has no parameter '{name}'"
            error.code = "UNKNOWN_PROJECT_PARAMETER"
            raise error
    missing = [name for name, one in entry.parameters.items() if name not in given and one.default is None]
    if missing:
        raise BadValue(
            f"the entry point '{entry.name}' needs the parameter '{missing[0]}'",
            span=span,
            hint=f'fitParam.0.{missing[0]}="…" gives it',
        )
    return {
        name: _given(name, one, given[name], folder) if name in given else _default(name, one, project, span)
        for name, one in entry.parameters.items()
    }


def filled(entry: EntryPoint, values: Mapping[str, str]) -> str:
    """The command with the values in their places, each one word of the shell."""
    return entry.command.format(**{name: shlex.quote(value) for name, value in values.items()})


def _given(name: str, parameter: Parameter, text: Text, folder: Path) -> str:
    _check(name, parameter, text.value, text.span)
    if parameter.kind != "path":
        return text.value
    _refuse_uri(name, text.value, text.span)
    place = resolve_path(text, folder)
    if not place.exists():
        raise _no_file(name, place, text.span, "a relative path starts from the folder of the script that holds it")
    return str(place)


def _default(name: str, parameter: Parameter, project: Path, span: Span | None) -> str:
    value = parameter.default or ""
    _check(name, parameter, value, span)
    if parameter.kind != "path" or not value:
        return value
    _refuse_uri(name, value, span)
    if not (project / value).exists():
        raise _no_file(name, project / value, span, "its default, in the MLproject file, starts from the project")
    return value


def _check(name: str, parameter: Parameter, value: str, span: Span | None) -> None:
    wrong = (
        (parameter.kind == "float" and not _is_number(value))
        or (parameter.kind in _WHOLE and not _is_whole(value))
        or (parameter.kind == "uri" and _URI.fullmatch(value) is None)
    )
    if wrong:
        words = {"float": "a number", "uri": "a URI"}
        raise BadValue(
            f"the parameter '{name}' is {words.get(parameter.kind, 'a whole number')}, not '{value}'", span=span
        )


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _is_whole(value: str) -> bool:
    try:
        int(value)
    except ValueError:
        return False
    return True


def _refuse_uri(name: str, value: str, span: Span | None) -> None:
    if "://" in value:
        raise BadValue(
            f"the parameter '{name}' is a path of this machine, not '{value}'",
            span=span,
            hint="a parameter of the type uri is handed to the project as it is",
        )


def _no_file(name: str, place: Path, span: Span | None, hint: str) -> DataProblem:
    return DataProblem(
        f"the parameter '{name}' is a path, and there is no {place}", span=span, code="FILE_NOT_FOUND", hint=hint
    )
