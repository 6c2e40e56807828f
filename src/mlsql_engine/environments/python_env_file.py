"""python_env.yaml: MLflow's file of an environment without conda.

https://mlflow.org/docs/latest/ml/projects/#virtualenv-environments
"""

from __future__ import annotations

from pathlib import Path

from mlsql_engine.environments.documents import read
from mlsql_engine.environments.python_versions import python_specifier
from mlsql_engine.environments.requirement_lines import RequirementLines
from mlsql_engine.environments.wanted import Wanted
from mlsql_engine.environments.yaml_values import parse

_KEYS = ("python", "build_dependencies", "dependencies")


def read_python_env(path: Path) -> Wanted:
    """What the file asks for. Raises MlsqlError, placed in the file."""
    document = parse(read(path)).keys("python_env.yaml", _KEYS)
    python = document.get("python")
    lines, build = RequirementLines(), RequirementLines()
    for key, into in (("build_dependencies", build), ("dependencies", lines)):
        if key in document:
            for item in document[key].items(key):
                into.add(item.text("a requirement"), item.span, path.parent)
    return Wanted(
        python="" if python is None else python_specifier(python.text("python"), python.span),
        requirements=tuple(lines.requirements),
        constraints=(*build.constraints, *lines.constraints),
        options=(*build.options, *lines.options),
        build=tuple(build.requirements),
        local=(*build.local, *lines.local),
        source=str(path),
    )
