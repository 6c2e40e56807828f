"""Versions as tables: what modelMetrics and modelEvaluation show of evaluations."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine.models import tables
from mlsql_engine.models.store import ModelStore
from unit.models.stored import group, manifest, publish, store_at

VALIDATE: dict[str, Any] = {
    "task": "classification",
    "rows": 4,
    "metrics": {"accuracy": 0.75, "f1": 0.5},
    "score": 0.75,
    "labels": [0, "yes"],
    "confusion_matrix": [[2, 1], [0, 1]],
    "roc": {"yes": {"fpr": [0.0, 1.0], "tpr": [0.5, 1.0], "thresholds": [math.inf, 0.25]}},
}
EVALUATE: dict[str, Any] = {
    "task": "regression",
    "metrics": {"r2": 0.5, "accuracy": 0.75},
    "residuals": [[1.0, 0.5], [2.0, 2.5]],
}
GROUPS = (
    group(0, metrics={"accuracy": 0.75, "mine": 1.5}, evaluations={"validate": VALIDATE, "evaluate": EVALUATE}),
    group(1, status="fail", evaluations={"validate": {"problem": "no label column"}}),
)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return store_at(tmp_path / "m")


def test_metrics_of_the_script_and_of_each_table(store: ModelStore) -> None:
    version = publish(store, "m", *GROUPS)
    rows = [tuple(row.values()) for row in tables.metrics(store.resolve()).to_pylist()]
    assert rows == [
        (0, 0, "script", "mine", 1.5),
        (0, 0, "validate", "accuracy", 0.75),
        (0, 0, "validate", "f1", 0.5),
        (0, 0, "evaluate", "r2", 0.5),
        (0, 0, "evaluate", "accuracy", 0.75),
    ]
    assert version.number == 0


def test_a_group_that_failed_has_no_model_path(store: ModelStore) -> None:
    version = publish(store, "m", *GROUPS)
    assert tables.result(version).column("modelPath").to_pylist() == [f"{version.path}/model/0", None]


def points(store: ModelStore, what: Any) -> list[tuple[object, ...]]:
    return [tuple(row.values())[2:] for row in tables.picture(store.resolve(), what).to_pylist()]


def test_the_cells_of_a_confusion_matrix(store: ModelStore) -> None:
    publish(store, "m", *GROUPS)
    assert points(store, "confusion_matrix") == [
        ("validate", "0", "0", 2),
        ("validate", "0", "yes", 1),
        ("validate", "yes", "0", 0),
        ("validate", "yes", "yes", 1),
    ]


def test_the_points_of_a_roc_curve(store: ModelStore) -> None:
    publish(store, "m", *GROUPS)
    assert points(store, "roc") == [
        ("validate", "yes", 0.0, 0.5, math.inf),
        ("validate", "yes", 1.0, 1.0, 0.25),
    ]


def test_the_residuals(store: ModelStore) -> None:
    publish(store, "m", *GROUPS)
    assert points(store, "residuals") == [("evaluate", 1.0, 0.5, 0.5), ("evaluate", 2.0, 2.5, -0.5)]


@pytest.mark.parametrize("what", ["confusion_matrix", "roc", "residuals"])
def test_no_points_where_nothing_was_evaluated(store: ModelStore, what: Any) -> None:
    publish(store)
    assert points(store, what) == []


def test_the_history_has_logs_queries_and_evaluations(store: ModelStore) -> None:
    with store.stage() as staging:
        (staging.model_folder(0) / "m").write_text("m")
        (staging.folder / "log.txt").write_text("epoch 1\nepoch 2\n")
        known = {"log": "log.txt", "evaluations": {"evaluate": EVALUATE}, "python_version": "3.11.7"}
        staging.publish(manifest(group(0, **known), query="select 1 as a as t;"), keep_versions=True)
    versions, _ = store.versions()
    (row,) = tables.history(store, versions, store.pointers()).to_pylist()
    assert json.loads(row.pop("evaluation")) == {"evaluate": EVALUATE}
    assert {name: row[name] for name in ("version", "log", "query", "pythonVersion", "createdBy", "aliases")} == {
        "version": 0,
        "log": "epoch 1\nepoch 2\n",
        "query": "select 1 as a as t;",
        "pythonVersion": "3.11.7",
        "createdBy": "ann",
        "aliases": [],
    }
