"""conda.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine.environments.conda_file import read_conda
from mlsql_engine.environments.wanted import Wanted
from unit.environments.written import refusal, write


def test_all_of_it(tmp_path: Path) -> None:
    write(tmp_path, "more.txt", "six\n")
    text = """
name: tutorial
channels: [conda-forge, defaults]
prefix: /opt/x
dependencies:
  - python=3.10
  - Numpy=1.26.*
  - pip
  - pip:
    - mlflow >= 1.0
    - -r more.txt
    - --extra-index-url https://host/simple
"""
    path = write(tmp_path, "conda.yaml", text)
    assert read_conda(path) == Wanted(
        python="==3.10.*",
        requirements=("mlflow>=1.0", "six"),
        options=(("--extra-index-url", "https://host/simple"),),
        conda=("Numpy=1.26.*", "pip"),
        channels=("conda-forge", "defaults"),
    )


def test_nothing_is_wanted_by_an_empty_file(tmp_path: Path) -> None:
    assert read_conda(write(tmp_path, "conda.yaml", "")) == Wanted()
    assert read_conda(write(tmp_path, "conda.yaml", "dependencies:\nchannels: null\n")) == Wanted()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "dependencies: [numpy\n",
            "the file is not YAML: expected ',' or ']', but got '<stream end>'\n"
            " --> <folder>/conda.yaml:2:1\n  |\n2 | \n  | ^",
        ),
        (
            "dependency: [numpy]\n",
            "'dependency' is no key of conda.yaml\n --> <folder>/conda.yaml:1:1\n  |\n"
            "1 | dependency: [numpy]\n  | ^^^^^^^^^^\n  = help: did you mean 'dependencies'?",
        ),
        (
            "name: a\nname: b\n",
            "the key 'name' is there twice\n --> <folder>/conda.yaml:2:1\n  |\n2 | name: b\n  | ^^^^",
        ),
        (
            "- numpy\n",
            "conda.yaml has keys and values\n --> <folder>/conda.yaml:1:1\n  |\n1 | - numpy\n  | ^^^^^^^\n"
            "  = help: it has: name, channels, dependencies, prefix",
        ),
        (
            "dependencies: numpy\n",
            "dependencies is a list\n --> <folder>/conda.yaml:1:15\n  |\n1 | dependencies: numpy\n"
            "  |               ^^^^^\n  = help: dependencies:\n      - first\n      - second",
        ),
        (
            "dependencies:\n  - [a, b]\n",
            "a dependency is one value\n --> <folder>/conda.yaml:2:5\n  |\n2 |   - [a, b]\n  |     ^^^^^^",
        ),
        (
            "dependencies:\n  - python=a\n",
            "'python=a' means something to conda only\n --> <folder>/conda.yaml:2:5\n  |\n2 |   - python=a\n"
            "  |     ^^^^^^^^\n  = help: write it as name, name=1.2, name==1.2.3 or name>=1.2,<2; or use "
            'systemParam.envManager="conda"',
        ),
        (
            "dependencies:\n  - pipp:\n    - six\n",
            "'pipp' is no key of a dependency\n --> <folder>/conda.yaml:2:5\n  |\n2 |   - pipp:\n  |     ^^^^\n"
            "  = help: did you mean 'pip'?",
        ),
        (
            "dependencies:\n  - pip:\n    - six=1\n",
            "'six=1' is no requirement: expected semicolon (after name with no version specifier) or end\n"
            " --> <folder>/conda.yaml:3:7\n  |\n3 |     - six=1\n  |       ^^^^^\n"
            "  = help: such as numpy, numpy==2.1.0 or numpy>=2,<3",
        ),
    ],
)
def test_what_is_wrong_is_shown_where_it_stands(tmp_path: Path, text: str, error: str) -> None:
    assert refusal(read_conda, write(tmp_path, "conda.yaml", text)) == f"error[ENVIRONMENT_FILE]: {error}"


def test_tags_have_no_effect(tmp_path: Path) -> None:
    text = "dependencies: [!!python/object/apply:os.system [exit 1]]\n"
    assert "a dependency is one value" in refusal(read_conda, write(tmp_path, "conda.yaml", text))
