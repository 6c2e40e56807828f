"""`mlsql env`: environments on the command line."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlsql_engine.cli.main import main
from mlsql_engine.environments.pruning import size_of
from mlsql_engine.environments.store import EnvironmentStore
from unit.environments.stored import publish
from wheels import write_wheel


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EnvironmentStore:
    """The store of the command."""
    monkeypatch.setenv("MLSQL_ENVIRONMENTS", str(tmp_path / "store"))
    return EnvironmentStore(tmp_path / "store")


def used(store: EnvironmentStore, key: str, then: datetime) -> None:
    os.utime(store.root / key / "environment.json", (then.timestamp(), then.timestamp()))


def test_list_as_json(store: EnvironmentStore, capfd: pytest.CaptureFixture[str]) -> None:
    publish(store, "a", packages=("six", "numpy==2.1"))
    publish(store, "b", manager="conda", version="3.10.1", made_for="/p/conda.yaml", packages=())
    used(store, "a", datetime(2026, 11, 2, 3, 4, 5, tzinfo=UTC))
    used(store, "b", datetime(2026, 11, 1, tzinfo=UTC))
    assert main(["env", "list", "--format", "json"]) == 0
    assert [json.loads(line) for line in capfd.readouterr().out.splitlines()] == [
        {
            "key": "a",
            "manager": "uv",
            "python": "3.11.7",
            "size": len(sys.executable),
            "lastUsed": "2026-11-02T03:04:05+00:00",
            "madeFor": "/p/requirements.txt",
            "packages": ["six", "numpy==2.1"],
        },
        {
            "key": "b",
            "manager": "conda",
            "python": "3.10.1",
            "size": len(sys.executable),
            "lastUsed": "2026-11-01T00:00:00+00:00",
            "madeFor": "/p/conda.yaml",
            "packages": [],
        },
    ]


def test_list_as_a_table(store: EnvironmentStore, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "list"]) == 0
    empty = capfd.readouterr().out.splitlines()
    assert empty[0].split() == ["key", "manager", "python", "size", "lastUsed", "madeFor", "packages"]
    publish(store, "a", packages=("six", "numpy==2.1"))
    used(store, "a", datetime(2026, 11, 2, 3, 4, 5, tzinfo=UTC))
    assert main(["env", "list"]) == 0
    line = capfd.readouterr().out.splitlines()[-1]
    shown = ["a", "uv", "3.11.7", str(len(sys.executable)), "bytes", "2026-11-02T03:04:05+00:00"]
    assert line.split() == [*shown, "/p/requirements.txt", "six,", "numpy==2.1"]


def test_prune(store: EnvironmentStore, capfd: pytest.CaptureFixture[str]) -> None:
    now = datetime.now(UTC)
    for key, days in (("a", 0), ("b", 8), ("c", 31)):
        publish(store, key)
        used(store, key, now - timedelta(days=days, minutes=1))
    size = size_of(store.root / "c")
    assert main(["env", "prune", "--older-than", "30"]) == 0
    assert capfd.readouterr() == ("c\n", f"1 removed, {size} bytes\n")
    assert main(["env", "prune", "--older-than", "30"]) == 0
    assert capfd.readouterr() == ("", "0 removed, 0 bytes\n")
    assert main(["env", "prune", "--all"]) == 0
    assert sorted(capfd.readouterr().out.split()) == ["a", "b"]
    assert store.all_keys() == []


def test_build_prints_the_python_and_nothing_else(
    store: EnvironmentStore, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_wheel(tmp_path / "wheels", "shape", "1.0", {"shape.py": ""})
    write_wheel(tmp_path / "wheels", "pyarrow", "99.0", {"pyarrow.py": ""})
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "requirements.txt").write_text("--no-index\n-f ../wheels\nshape\n", encoding="utf-8")
    assert main(["env", "build", str(tmp_path / "p"), "--manager", "uv"]) == 0
    (stored,) = store.all()
    out, told = capfd.readouterr()
    assert out == f"{stored.python}\n"
    assert told.splitlines()[-1] == f"environment {stored.key}: ready"
    assert main(["env", "build", str(tmp_path / "p" / "requirements.txt"), "--manager", "uv"]) == 0
    assert capfd.readouterr() == (out, "")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("none", "error[FILE_NOT_FOUND]: there is no file <folder>/none\n"),
        (
            ".",
            "error[FILE_NOT_FOUND]: nothing in <folder> says what it wants of its environment\n"
            "  = help: a project has a python_env.yaml, conda.yaml, requirements.txt or pyproject.toml\n",
        ),
    ],
)
def test_where_nothing_is_wanted(tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, error: str) -> None:
    assert main(["env", "build", str(tmp_path / name)]) == 1
    assert capfd.readouterr() == ("", error.replace("<folder>", str(tmp_path)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: ACTION"),
        (["prune"], "one of the arguments --older-than --all is required"),
        (["prune", "--older-than", "x"], "argument --older-than: 'x' is no number of days"),
        (["prune", "--older-than", "-1"], "argument --older-than: '-1' is no number of days"),
        (["prune", "--all", "--older-than", "1"], "argument --older-than: not allowed with argument --all"),
        (
            ["build", ".", "--manager", "local"],
            "argument --manager: invalid choice: 'local' (choose from 'conda', 'uv', 'virtualenv')",
        ),
    ],
)
def test_wrong_usage(capfd: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert main(["env", *arguments]) == 2
    assert capfd.readouterr().err.splitlines()[-1].endswith(f"error: {message}")
