"""Which parameter group is meant: by its number, by a metric, by the score."""

from __future__ import annotations

import math

import pytest

from mlsql_engine.core.errors import ModelProblem
from mlsql_engine.models.manifest import GroupRecord
from mlsql_engine.models.selection import less_is_better
from mlsql_engine.models.store import ModelVersion
from unit.models.stored import group, manifest


def version_of(*groups: GroupRecord) -> ModelVersion:
    return ModelVersion("/m/_model_4", 4, manifest(*groups))


@pytest.mark.parametrize(
    ("groups", "chosen"),
    [
        ([group(0), group(1)], 0),
        ([group(0, status="fail"), group(1)], 1),
        ([group(0, score=0.1), group(1, score=0.9), group(2, score=0.5)], 1),
        ([group(0), group(1, score=-3.0)], 1),
        ([group(0, score=-2.0), group(1, score=-1.0)], 1),
        ([group(0, score=-1.0), group(1, score=0.0)], 1),
        ([group(0, score=0.9, status="fail"), group(1, score=0.1)], 1),
        ([group(0, score=0.5), group(1, score=0.5)], 0),
        ([group(1, score=0.5), group(0, score=0.5)], 0),
        ([group(0, score=math.nan), group(1, score=-1.0)], 1),
        ([group(0, score=math.nan), group(1)], 0),
    ],
)
def test_without_a_number_the_group_of_the_best_score_else_the_first(
    groups: list[GroupRecord], chosen: int
) -> None:
    assert version_of(*groups).group().alg_index == chosen


def test_a_group_by_its_number() -> None:
    version = version_of(group(0, score=1.0), group(3))
    assert version.group(3).alg_index == 3
    assert version.model_path(version.group(3)) == "/m/_model_4/model/3"


@pytest.mark.parametrize("index", [1, 2])
def test_a_group_that_failed_or_is_not_there(index: int) -> None:
    version = version_of(group(0), group(1, status="fail"), group(3))
    with pytest.raises(ModelProblem) as caught:
        version.group(index)
    assert caught.value.render() == (
        f"error[MODEL]: version 4 of the model has no parameter group {index} that was trained\n"
        "  = help: its groups: 0, 3"
    )


def test_a_version_in_which_all_failed() -> None:
    with pytest.raises(ModelProblem, match="no parameter group of version 4 was trained"):
        version_of(group(0, status="fail")).group()


def measured(*values: dict[str, float]) -> ModelVersion:
    return version_of(*(group(index, metrics=metrics) for index, metrics in enumerate(values)))


@pytest.mark.parametrize(
    ("metric", "values", "chosen"),
    [
        ("accuracy", [{"accuracy": 0.5}, {"accuracy": 0.9}], 1),
        ("Accuracy", [{"ACCURACY": 0.9}, {"accuracy": 0.5}], 0),
        ("accuracy_score", [{"accuracy": 0.1}, {"accuracy": 0.9}], 1),
        ("log_loss", [{"log_loss": 0.5}, {"log_loss": 0.9}], 0),
        ("rmse", [{"root_mean_squared_error": 2.0}, {"root_mean_squared_error": 1.0}], 1),
        ("root_mean_squared_error", [{"rmse": 2.0}, {"rmse": 1.0}], 1),
        ("mae", [{"mean_absolute_error": 1.0}, {"mean_absolute_error": 2.0}], 0),
        ("mse", [{"mean_squared_error": 2.0}, {"mean_squared_error": 1.0}], 1),
        ("neg_mean_squared_error", [{"neg_mean_squared_error": -2.0}, {"neg_mean_squared_error": -1.0}], 1),
        ("val_loss", [{"val_loss": 2.0}, {"val_loss": 1.0}], 1),
        ("r2", [{"r2": -1.0}, {"r2": 0.1}], 1),
        # The plain name comes before that of several classes, and one metric is compared with itself only.
        ("f1", [{"f1_weighted": 0.9}, {"f1_weighted": 0.5}], 0),
        ("f1", [{"f1_weighted": 0.9}, {"f1_weighted": 0.5, "f1": 0.4}], 1),
        ("f1_weighted", [{"f1": 0.9, "f1_weighted": 0.1}, {"f1_weighted": 0.5}], 1),
        ("precision", [{"precision_weighted": 0.1}, {"precision_weighted": 0.2}], 1),
        ("recall", [{"recall_weighted": 0.1}, {"recall_weighted": 0.2}], 1),
        ("auc", [{"roc_auc": 0.9}, {"roc_auc": 0.8}], 0),
        ("roc_auc", [{"roc_auc_ovr": 0.7}, {"roc_auc_ovr": 0.8}], 1),
        # NaN never wins, equal ones are told by their number, and a group without the metric is passed over.
        ("accuracy", [{"accuracy": math.nan}, {"accuracy": 0.1}], 1),
        ("log_loss", [{"log_loss": math.nan}, {"log_loss": math.inf}], 1),
        ("accuracy", [{"accuracy": 0.5}, {"accuracy": 0.5}], 0),
        ("accuracy", [{}, {"accuracy": 0.5}], 1),
    ],
)
def test_the_best_by_a_metric(metric: str, values: list[dict[str, float]], chosen: int) -> None:
    assert measured(*values).group(metric=metric).alg_index == chosen


def test_the_score_is_a_metric_too() -> None:
    assert version_of(group(0, score=0.1), group(1, score=0.2)).group(metric="score").alg_index == 1


def test_a_number_is_asked_for_before_a_metric() -> None:
    assert measured({"accuracy": 0.9}, {"accuracy": 0.1}).group(1, "accuracy").alg_index == 1


def test_groups_that_failed_are_never_the_best() -> None:
    version = version_of(group(0, metrics={"r2": 0.9}, status="fail"), group(1, metrics={"r2": 0.1}))
    assert version.group(metric="r2").alg_index == 1


@pytest.mark.parametrize(
    ("values", "message", "hint"),
    [
        (
            [{"accuracy": 0.5}, {"log_loss": 0.2, "accuracy": 0.4}],
            "no parameter group of version 4 has the metric 'f1'",
            "its metrics: accuracy, log_loss",
        ),
        (
            [{}],
            "no parameter group of version 4 has the metric 'f1'",
            "it has none: name a validateTable at train",
        ),
        ([{"f1": math.nan}], "the metric 'f1' of version 4 is no number in any parameter group", None),
    ],
)
def test_a_metric_that_is_not_there(values: list[dict[str, float]], message: str, hint: str | None) -> None:
    with pytest.raises(ModelProblem) as caught:
        measured(*values).group(metric="f1")
    assert (caught.value.code, caught.value.message, caught.value.hint) == ("MODEL", message, hint)


@pytest.mark.parametrize(
    "name", ["log_loss", "hinge_loss", "max_error", "rmse", "val_mae", "logLoss", "mean_pinball_loss"]
)
def test_less_is_better(name: str) -> None:
    assert less_is_better(name)


@pytest.mark.parametrize("name", ["accuracy", "r2", "neg_log_loss", "neg_max_error", "f1", "roc_auc", "glossary"])
def test_more_is_better(name: str) -> None:
    assert not less_is_better(name)
