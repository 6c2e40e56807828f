"""pyproject.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine.environments.pyproject_file import read_pyproject
from mlsql_engine.environments.wanted import Wanted
from unit.environments.written import refusal, write


def test_dependencies_and_python(tmp_path: Path) -> None:
    text = '[project]\nname = "x"\nrequires-python = ">=3.9"\ndependencies = ["Six >= 1", "attrs"]\n'
    assert read_pyproject(write(tmp_path, "pyproject.toml", text)) == Wanted(
        python=">=3.9", requirements=("six>=1", "attrs")
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "[tool.x]\n",
            "<folder>/pyproject.toml has no table [project]\n"
            '  = help: [project] with name, version, dependencies = ["…"]',
        ),
        (
            "[project\n",
            "the file is not TOML: Expected ']' at the end of a table declaration\n"
            " --> <folder>/pyproject.toml:1:9\n  |\n1 | [project\n  |         ^",
        ),
        (
            '[project]\ndependencies = ["six=1"]\n',
            "'six=1' is no requirement: expected semicolon (after name with no "
            'version specifier) or end\n --> <folder>/pyproject.toml:2:18\n  |\n2 | dependencies = ["six=1"]\n'
            "  |                  ^^^^^\n  = help: such as numpy, numpy==2.1.0 or numpy>=2,<3",
        ),
        (
            '[project]\nrequires-python = "new"\n',
            "'new' is no version of Python\n --> <folder>/pyproject.toml:2:20\n"
            '  |\n2 | requires-python = "new"\n  |                    ^^^\n'
            '  = help: such as "3.11", "3.11.7" or ">=3.10,<3.13"',
        ),
        (
            "[project]\nrequires-python = 3\n",
            "project.requires-python is text\n --> <folder>/pyproject.toml:2:1\n  |\n"
            "2 | requires-python = 3\n  | ^^^^^^^^^^^^^^^",
        ),
        (
            '[project]\ndependencies = "six"\n',
            "project.dependencies is a list of texts\n"
            ' --> <folder>/pyproject.toml:2:1\n  |\n2 | dependencies = "six"\n  | ^^^^^^^^^^^^',
        ),
        (
            '[project]\ndynamic = ["dependencies"]\n',
            "the dependencies are made when the project is built, and not "
            'written here\n --> <folder>/pyproject.toml:2:1\n  |\n2 | dynamic = ["dependencies"]\n  | ^^^^^^^\n'
            "  = help: write them in [project], or in a requirements.txt",
        ),
    ],
)
def test_what_is_wrong(tmp_path: Path, text: str, error: str) -> None:
    assert refusal(read_pyproject, write(tmp_path, "pyproject.toml", text)) == f"error[ENVIRONMENT_FILE]: {error}"
