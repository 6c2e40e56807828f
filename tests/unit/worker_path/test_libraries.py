"""Which distributions a run used, and how another interpreter's differ."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

from mlsql_sdk import libraries

PATH = str(Path(libraries.__file__).parents[1])


def test_what_was_imported_since() -> None:
    """In a process of its own: what a test run has imported says nothing."""
    code = (
        f"import sys; sys.path.insert(0, {PATH!r}); before = set(sys.modules)\n"
        "import json, joblib, mlsql, dateutil\n"
        "from mlsql_sdk import libraries; print(libraries.imported(before)); print(libraries.imported(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found, nothing = map(eval, done.stdout.splitlines())
    assert found["joblib"] == metadata.version("joblib")
    assert found["python-dateutil"] == metadata.version("python-dateutil")  # whose module is called otherwise
    assert list(found) == sorted(found, key=str.lower)
    assert not {"pytest", "mlsql-engine", "pip"} & set(found)
    assert nothing == {}


def test_differences_are_versions_and_absences() -> None:
    here = metadata.version("numpy")
    trained = {"numpy": here, "pyarrow": "0.1", "no-such-thing": "2.0"}
    assert libraries.differences(trained) == [
        ["no-such-thing", "2.0", None],
        ["pyarrow", "0.1", metadata.version("pyarrow")],
    ]
    assert libraries.differences({}) == []
