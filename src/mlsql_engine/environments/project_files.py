"""The files in which a project says what it wants of its environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.environments.conda_file import read_conda
from mlsql_engine.environments.documents import read, wrong
from mlsql_engine.environments.pyproject_file import read_pyproject
from mlsql_engine.environments.python_env_file import read_python_env
from mlsql_engine.environments.requirement_lines import read_requirements
from mlsql_engine.environments.wanted import Wanted
from mlsql_engine.environments.yaml_values import parse

_BY_NAME: dict[str, Callable[[Path], Wanted]] = {
    "python_env.yaml": read_python_env,
    "python_env.yml": read_python_env,
    "conda.yaml": read_conda,
    "conda.yml": read_conda,
    "environment.yaml": read_conda,
    "environment.yml": read_conda,
    "requirements.txt": read_requirements,
    "pyproject.toml": read_pyproject,
}
"""The files that are looked for in a folder, in this order."""


def of_folder(folder: Path) -> Wanted | None:
    """What the project in a folder wants; None where nothing says so.

    The file that its MLproject names by python_env or conda_env, else the first that is there of python_env.yaml,
    conda.yaml, environment.yaml, requirements.txt and pyproject.toml. Raises MlsqlError, placed in the file, also
    for a project that wants docker.
    """
    project = folder / "MLproject"
    if project.is_file():
        named = _named_by(project)
        if named is not None:
            return named
    found = next((folder / name for name in _BY_NAME if (folder / name).is_file()), None)
    return None if found is None else of_file(found)


def of_file(path: Path) -> Wanted:
    """What a file asks for: by its name, else any *.txt, *.toml, and *.yaml by the keys that it has.

    Raises MlsqlError, placed in the file.
    """
    reader = _BY_NAME.get(path.name) or _by_form(path)
    return reader(path)


def _by_form(path: Path) -> Callable[[Path], Wanted]:
    match path.suffix:
        case ".txt":
            return read_requirements
        case ".toml":
            return read_pyproject
        case ".yaml" | ".yml":
            document = parse(read(path)).keys(path.name, ())
            return read_python_env if {"python", "build_dependencies"} & document.keys() else read_conda
    read(path)
    raise wrong(
        f"{path} is no file of an environment",
        None,
        hint="it is a conda.yaml, a python_env.yaml, a requirements.txt or a pyproject.toml",
    )


def _named_by(project: Path) -> Wanted | None:
    """What the environment's file wants that an MLproject names; None where it names none."""
    document = parse(read(project)).keys("MLproject", ())
    if "docker_env" in document:
        raise MlsqlError(
            "the project wants docker, in which nothing of it can be run here",
            code="UNSUPPORTED",
            span=document["docker_env"].span,
            hint="give it a python_env.yaml or a conda.yaml",
        )
    for key, reader in (("python_env", read_python_env), ("conda_env", read_conda)):
        if key in document:
            path = project.parent / document[key].text(key)
            read(path, document[key].span)
            return reader(path)
    return None
