"""Which parameter group of a version is meant: by its number, by a metric, by the score."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Final

from mlsql_engine.core.errors import ModelProblem
from mlsql_engine.models.manifest import GroupRecord

_SYNONYMS: Final = (
    ("root_mean_squared_error", "rmse"),
    ("mean_squared_error", "mse"),
    ("mean_absolute_error", "mae"),
    ("mean_absolute_percentage_error", "mape"),
    ("r2", "r2_score"),
    ("accuracy", "accuracy_score"),
    ("log_loss", "logloss"),
    ("f1", "f1_score", "f1_weighted"),
    ("precision", "precision_score", "precision_weighted"),
    ("recall", "recall_score", "recall_weighted"),
    ("roc_auc", "auc", "roc_auc_score", "roc_auc_ovr", "roc_auc_ovr_weighted"),
)
"""Names of scikit-learn's scorers with other words for the same; those of several classes stand last."""
_SEVERAL_CLASSES: Final = re.compile(r"_(weighted|ovr|ovr_weighted)\Z")
_LESS: Final = frozenset(("loss", "error", "deviance", "perplexity", "entropy", "bouldin"))
_LESS_NAMES: Final = frozenset(("rmse", "mse", "mae", "mape", "logloss", "crossentropy"))
SCORE: Final = "score"


def group_of(
    groups: Sequence[GroupRecord], version: int, index: int | None = None, metric: str | None = None
) -> GroupRecord:
    """The group of number `index`; else the best by `metric`; else the best by score, else the first.

    Only groups that were trained count; of equal ones it is the lowest number; NaN is never the best. Raises
    ModelProblem where there is no such group, and where no group has the metric.
    """
    good = sorted((group for group in groups if group.status == "success"), key=lambda group: group.alg_index)
    if index is not None:
        return _numbered(good, version, index)
    if not good:
        raise ModelProblem(f"no parameter group of version {version} was trained")
    if metric is not None:
        return _best(good, version, metric)
    scored = [(group, group.score) for group in good if group.score is not None and not math.isnan(group.score)]
    return max(scored, key=lambda pair: pair[1])[0] if scored else good[0]


def less_is_better(metric: str) -> bool:
    """Whether a metric is a loss or an error; scikit-learn's neg_… are not."""
    words = metric.lower().split("_")
    if words[0] == "neg":
        return False
    return not _LESS.isdisjoint(words) or not _LESS_NAMES.isdisjoint(words)


def _numbered(good: Sequence[GroupRecord], version: int, index: int) -> GroupRecord:
    for group in good:
        if group.alg_index == index:
            return group
    known = ", ".join(str(group.alg_index) for group in good)
    raise ModelProblem(
        f"version {version} of the model has no parameter group {index} that was trained",
        hint=f"its groups: {known}" if known else "none of its groups was trained",
    )


def _best(good: Sequence[GroupRecord], version: int, metric: str) -> GroupRecord:
    metrics = [_metrics(group) for group in good]
    known = {name.lower() for values in metrics for name in values}
    name = next((word for word in _words(metric) if word in known), None)
    if name is None:
        shown = sorted({name for values in metrics for name in values})
        raise ModelProblem(
            f"no parameter group of version {version} has the metric '{metric}'",
            hint=f"its metrics: {', '.join(shown)}" if shown else "it has none: name a validateTable at train",
        )
    values = [(group, _value(found, name)) for group, found in zip(good, metrics, strict=True)]
    told = [(group, value) for group, value in values if not math.isnan(value)]
    if not told:
        raise ModelProblem(f"the metric '{metric}' of version {version} is no number in any parameter group")
    sign = -1.0 if less_is_better(name) else 1.0
    return max(told, key=lambda pair: sign * pair[1])[0]


def _metrics(group: GroupRecord) -> dict[str, float]:
    score = {} if group.score is None else {SCORE: group.score}
    return {**score, **group.metrics}


def _value(metrics: dict[str, float], name: str) -> float:
    return next((value for key, value in metrics.items() if key.lower() == name), math.nan)


def _words(metric: str) -> Iterable[str]:
    """The names that a metric may have, the one that was asked for first."""
    asked = metric.strip().lower()
    family = next((names for names in _SYNONYMS if asked in names), ())
    if _SEVERAL_CLASSES.search(asked):
        return (asked,)
    return (asked, *(name for name in family if name != asked))
