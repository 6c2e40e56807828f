"""pyproject.toml: `requires-python` and `dependencies` of its table [project].

https://packaging.python.org/en/latest/specifications/pyproject-toml/
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from mlsql_engine.core.span import Source, Span
from mlsql_engine.environments.documents import read, wrong
from mlsql_engine.environments.python_versions import python_specifier
from mlsql_engine.environments.requirement_lines import RequirementLines
from mlsql_engine.environments.wanted import Wanted

_PLACE = re.compile(r"(?P<problem>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)")


def read_pyproject(path: Path) -> Wanted:
    """What the project depends on; not the project itself. Raises MlsqlError, placed in the file."""
    source = read(path)
    project = _parse(source).get("project")
    if not isinstance(project, dict):
        raise wrong(
            f"{path} has no table [project]", None, hint='[project] with name, version, dependencies = ["…"]'
        )
    dynamic = project.get("dynamic", [])
    if isinstance(dynamic, list) and "dependencies" in dynamic:
        raise wrong(
            "the dependencies are made when the project is built, and not written here",
            _place(source, "dynamic"),
            hint="write them in [project], or in a requirements.txt",
        )
    python = project.get("requires-python", "")
    if not isinstance(python, str):
        raise wrong("project.requires-python is text", _place(source, "requires-python"))
    return _wanted(source, path, python, project.get("dependencies", []))


def _wanted(source: Source, path: Path, python: str, dependencies: object) -> Wanted:
    if not isinstance(dependencies, list) or not all(isinstance(item, str) for item in dependencies):
        raise wrong("project.dependencies is a list of texts", _place(source, "dependencies"))
    lines = RequirementLines()
    for item in dependencies:
        lines.add_package(item, _place(source, item), path.parent)
    return Wanted(
        python=python_specifier(python, _place(source, python)) if python else "",
        requirements=tuple(lines.requirements),
        source=str(path),
    )


def _parse(source: Source) -> dict[str, Any]:
    try:
        return tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        found = _PLACE.fullmatch(str(error))
        if found is None:
            raise wrong(f"the file {source.name} is not TOML: {error}", None) from error
        before = source.text.splitlines(keepends=True)[: int(found["line"]) - 1]
        start = sum(map(len, before)) + int(found["column"]) - 1
        raise wrong(f"the file is not TOML: {found['problem']}", Span(source, start, start + 1)) from error


def _place(source: Source, text: str) -> Span | None:
    """Where the text stands, or its line as TOML writes it; None where it is written in some other way."""
    start = source.text.find(text)
    return None if start < 0 else Span(source, start, start + len(text))
