"""Where projects log, and what of their runs counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlsql_engine.algorithms.mlflow_project import tracking
from mlsql_engine.algorithms.mlflow_project.tracking import LoggedRuns

RUNS = (
    {"id": "a", "name": "outer", "parent": None, "params": {"x": "1", "y": "1"}, "metrics": {"m": 1.0}},
    {"id": "b", "name": "inner", "parent": "a", "params": {"x": "2"}, "metrics": {"m": 2.0}},
)


def test_a_nested_run_has_the_parameters_of_those_around_it() -> None:
    assert LoggedRuns(RUNS, "b").parameters == {"x": "2", "y": "1"}
    assert LoggedRuns(RUNS, "b").metrics == {"m": 2.0}
    assert LoggedRuns(RUNS, "a").parameters == {"x": "1", "y": "1"}


def test_nothing_logged() -> None:
    assert (LoggedRuns().parameters, LoggedRuns().metrics) == ({}, {})


def test_what_progress_says() -> None:
    assert LoggedRuns(RUNS, "b", "m").told() == (
        "logged to MLflow: 2 runs with 2 parameters and 1 metric, and the model 'm'"
    )


def test_a_store_of_the_training_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_CONTEXT", "GIT_PYTHON_REFRESH", "MLFLOW_DISABLE_TELEMETRY"):
        monkeypatch.delenv(name, raising=False)
    store = tracking.of({}, tmp_path)
    assert store.uri == (tmp_path / "mlflow").as_uri()
    assert store.environment == {
        "MLFLOW_TRACKING_URI": store.uri,
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "MLFLOW_RUN_CONTEXT": json.dumps({"mlsql.training": store.tag}),
        "GIT_PYTHON_REFRESH": "quiet",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    assert tracking.of({}, tmp_path).tag != store.tag


def test_the_users_store_and_tags_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://host")
    monkeypatch.delenv("MLFLOW_RUN_CONTEXT", raising=False)
    store = tracking.of({"MLFLOW_RUN_CONTEXT": '{"team": "x"}'}, tmp_path)
    assert store.uri is None
    assert "MLFLOW_TRACKING_URI" not in store.environment
    assert json.loads(store.environment["MLFLOW_RUN_CONTEXT"]) == {"team": "x", "mlsql.training": store.tag}
