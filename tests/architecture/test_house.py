"""The house's rules that a linter does not know."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mlsql_engine.language import ast
from mlsql_engine.statements import execution

ROOT = Path(__file__).parent.parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_no_room_without_a_purpose() -> None:
    names = {path.stem for path in SOURCES}
    assert names.isdisjoint({"utils", "util", "helpers", "common", "manager", "misc"})


def test_every_statement_of_the_tree_is_run() -> None:
    text = Path(execution.__file__).read_text(encoding="utf-8")
    statements = {cls.__name__ for cls in ast.Statement.__subclasses__()}
    assert {name for name in statements if f"ast.{name}" not in text} == set()


def test_the_worker_path_holds_exactly_the_sdk() -> None:
    names = {path.name for path in (ROOT / "src" / "worker_path").iterdir() if path.name != "__pycache__"}
    assert names == {"mlsql.py", "python_fun.py", "mlsql_sdk"}


@pytest.mark.parametrize("module", ["mlsql_engine", "mlsql_engine.cli.main", "mlsql", "python_fun"])
def test_importing_brings_nothing_heavy(module: str) -> None:
    code = (
        f"import sys, {module}; "
        "print({'duckdb', 'pyarrow', 'numpy', 'pandas', 'sqlglot', 'lark', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_the_sdk_needs_the_standard_library_only() -> None:
    """In an interpreter without site-packages, as any user's may be."""
    folder = str(ROOT / "src" / "worker_path")
    code = f"import sys; sys.path.insert(0, {folder!r}); import mlsql_sdk.boot, mlsql, python_fun"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


def test_only_text_of_ours_is_committed() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    assert not [name for name in listed.splitlines() if name.endswith((".min.js", ".lock", ".pkl", ".whl", ".zip"))]
