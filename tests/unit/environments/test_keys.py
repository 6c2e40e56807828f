"""The keys of environments."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mlsql_engine.environments.keys import key_of
from mlsql_engine.environments.plan import Choice
from mlsql_engine.environments.pythons import Python
from mlsql_engine.environments.wanted import Wanted

PYTHON = Python(Path("/usr/bin/python3.11"), "3.11.2", "CPython")
WANTED = Wanted(python="==3.11.*", requirements=("a", "b"), channels=("x", "y"), source="one")


def key(
    wanted: Wanted = WANTED, manager: str = "uv", python: Python | None = PYTHON, choice: Choice | None = None
) -> str:
    return key_of(wanted, manager, python, choice or Choice())


def test_the_same_is_the_same_wherever_and_in_whichever_order_it_is_written() -> None:
    assert key(replace(WANTED, requirements=("b", "a", "a"), source="two")) == key()
    assert len(key()) == 20
    assert key(choice=Choice(variables={"A": "b"}, store=Path("/x"))) == key()


@pytest.mark.parametrize(
    "other",
    [
        key(replace(WANTED, python="")),
        key(replace(WANTED, requirements=("a",))),
        key(replace(WANTED, constraints=("a<2",))),
        key(replace(WANTED, options=(("--pre", ""),))),
        key(replace(WANTED, build=("pip",))),
        key(replace(WANTED, conda=("c",))),
        key(replace(WANTED, channels=("y", "x"))),
        key(manager="virtualenv"),
        key(python=replace(PYTHON, version="3.11.3")),
        key(python=replace(PYTHON, path=Path("/usr/local/bin/python3.11"))),
        key(python=None),
        key(choice=Choice(inject=())),
    ],
)
def test_what_is_not_the_same(other: str) -> None:
    assert other != key()


def test_a_local_file_is_its_content(tmp_path: Path) -> None:
    wheel = tmp_path / "a-1.whl"
    wheel.write_text("one")
    before = key(replace(WANTED, local=(wheel,)))
    os.utime(wheel, (1, 1))
    assert key(replace(WANTED, local=(wheel,))) == before
    wheel.write_text("two")
    assert key(replace(WANTED, local=(wheel,))) != before


def test_a_local_folder_is_its_files_without_what_a_build_leaves(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one")
    before = key(replace(WANTED, local=(tmp_path,)))
    for name in ("build", "a.egg-info", "__pycache__", ".git"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text("x")
    assert key(replace(WANTED, local=(tmp_path,))) == before
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.py").write_text("")
    assert key(replace(WANTED, local=(tmp_path,))) != before
