"""Copies of projects, and the search path that their commands have."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlsql_engine.algorithms.mlflow_project.program import copied, search_path_with
from mlsql_engine.core.errors import MlsqlError


def test_a_copy_has_what_makes_the_project(tmp_path: Path) -> None:
    source = tmp_path / "source"
    left_out = (".git", ".venv", "mlruns", "mlartifacts", "__pycache__", "inner/_model_3", "inner/.staging-host-1")
    for name in (*left_out, "inner", "_model"):
        (source / name).mkdir(parents=True, exist_ok=True)
        (source / name / "file").touch()
    (tmp_path / "linked.py").write_text("1")
    (source / "link.py").symlink_to(tmp_path / "linked.py")
    (source / "nowhere").symlink_to(tmp_path / "nowhere")
    os.mkfifo(source / "pipe")
    copy = copied(source, tmp_path / "copy", None)
    found = sorted(str(path.relative_to(copy)) for path in copy.rglob("*"))
    assert found == ["_model", "_model/file", "inner", "inner/file", "link.py"]
    assert not (copy / "link.py").is_symlink()


def test_a_project_that_cannot_be_copied(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "circle").symlink_to(source)
    with pytest.raises(MlsqlError) as caught:
        copied(source, tmp_path / "copy", None)
    assert caught.value.code == "UNREADABLE_FILE"
    assert caught.value.message.startswith(f"the project {source} cannot be copied: ")


def test_python_is_the_interpreter_whatever_the_search_path_says(tmp_path: Path) -> None:
    path = search_path_with(sys.executable, {"PATH": "/usr/bin:/bin"}, tmp_path / "it's")
    assert path.split(os.pathsep)[1:] == [os.path.dirname(sys.executable), "/usr/bin", "/bin"]
    for name in ("python", "python3"):
        command = [name, "-c", "import sys; print(sys.executable, sys.argv[1:])", "a b"]
        done = subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, check=True)
        assert done.stdout == f"{sys.executable} ['a b']\n"
