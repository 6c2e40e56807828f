"""conda.yaml: conda's own file of an environment.

https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html#creating-an-environment-file-manually
"""

from __future__ import annotations

from pathlib import Path

from mlsql_engine.environments import conda_packages
from mlsql_engine.environments.documents import read
from mlsql_engine.environments.requirement_lines import RequirementLines
from mlsql_engine.environments.wanted import Wanted
from mlsql_engine.environments.yaml_values import YamlValue, parse

# Of these, name and prefix are where conda would put it: ours has a place of its own.
_KEYS = ("name", "channels", "dependencies", "prefix")


def read_conda(path: Path) -> Wanted:
    """What the file asks for. Raises MlsqlError, placed in the file."""
    document = parse(read(path)).keys("conda.yaml", _KEYS)
    lines = RequirementLines()
    python, packages = "", []
    for item in document["dependencies"].items("dependencies") if "dependencies" in document else []:
        if item.is_mapping():
            _read_pip(item, path.parent, lines)
            continue
        spec = item.text("a dependency")
        if conda_packages.name_of(spec, item.span) == "python":
            python = conda_packages.version_of(spec, item.span)
        else:
            packages.append(spec)
    channels = document["channels"].items("channels") if "channels" in document else []
    return Wanted(
        python=python,
        requirements=tuple(lines.requirements),
        constraints=tuple(lines.constraints),
        options=tuple(lines.options),
        conda=tuple(packages),
        channels=tuple(item.text("a channel") for item in channels),
        local=tuple(lines.local),
        source=str(path),
    )


def _read_pip(value: YamlValue, folder: Path, lines: RequirementLines) -> None:
    """The packages that conda has pip install: `- pip: […]`."""
    for item in value.keys("a dependency", ("pip",))["pip"].items("pip"):
        lines.add(item.text("a requirement"), item.span, folder)
