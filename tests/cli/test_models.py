"""`mlsql models`: the versions of a model on the command line."""

from __future__ import annotations

import json
from contextlib import chdir
from pathlib import Path

import pytest

from mlsql_engine.cli.main import main
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text
from mlsql_engine.models import changes
from unit.models.stored import group, publish, store_at


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model of a damaged version, one without a model, and one that has it and an alias."""
    path = tmp_path / 'it`s a "model"'
    store = store_at(path)
    publish(store, "m", group(0, score=0.5), group(1, status="fail"), group(2, score=0.75))
    publish(store, "m", group(0, status="fail"))
    publish(store)
    (path / "_model_2" / "meta" / "manifest.json").write_text("{}")
    changes.set_alias(store, Text.literal("champion", Span(Source("s", "champion", path), 0, 1)), 0)
    changes.roll_back(store, None)
    return path


def test_versions_as_json(model: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with chdir(model.parent):
        assert main(["models", model.name, "--format", "json"]) == 0
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    shown = [{name: row[name] for name in ("version", "current", "aliases", "status", "score")} for row in rows]
    assert shown == [
        {"version": 2, "current": False, "aliases": [], "status": "damaged", "score": None},
        {"version": 1, "current": False, "aliases": [], "status": "fail", "score": None},
        {"version": 0, "current": True, "aliases": ["champion"], "status": "success", "score": 0.75},
    ]
    assert [(row["groups"], row["trained"], row["createdBy"]) for row in rows] == [
        (None, None, None),
        (1, 0, "ann"),
        (3, 2, "ann"),
    ]
    assert (
        rows[0]["message"] == f"the manifest {model}/_model_2/meta/manifest.json cannot be read: it has no 'format'"
    )


def test_versions_as_a_table(model: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["models", str(model)]) == 0
    out = capfd.readouterr().out.splitlines()
    assert out[0].split() == [
        *("version", "current", "aliases", "status", "score", "groups", "trained", "algorithm", "createdAt"),
        *("createdBy", "message"),
    ]
    assert [line.split()[0] for line in out[2:]] == ["2", "1", "0"]


@pytest.mark.parametrize(
    ("path", "error"),
    [
        (
            "none",
            "error[NO_MODEL]: there is no model at <folder>/none\n"
            "  = help: train … as ALGORITHM.`path` makes one\n",
        ),
        ("s3p://b/m", "error[UNKNOWN_PROTOCOL]: there is no protocol 's3p'\n  = help: did you mean 's3'?\n"),
        ("", "error[BAD_VALUE]: the path is empty\n"),
    ],
)
def test_where_there_is_none(tmp_path: Path, capfd: pytest.CaptureFixture[str], path: str, error: str) -> None:
    with chdir(tmp_path):
        assert main(["models", path]) == 1
    assert capfd.readouterr() == ("", error.replace("<folder>", str(tmp_path)))
