"""How good a trained model is on a table of its own: the model as prediction without a script loads it.

Metrics are called as scikit-learn calls its scorers. A classifier's score is its accuracy, a regressor's r2.
"""

from __future__ import annotations

import warnings
from importlib import util
from typing import Any

from . import estimator_tags, estimators, model_files, training_data
from .failures import ContractError, install_line
from .local_data import Columns, no_column

_BATCH_ROWS = 65_536
_MOST_POINTS = 200
_MOST_RESIDUALS = 1_000
_MOST_LABELS = 100
_MOST_CURVES = 20
# Probabilities of all classes of all rows are held at once; above 400 MB the metrics that need them are left out.
_MOST_SCORES = 50_000_000


def evaluate(model_path: str, data_folder: str, columns: Columns) -> dict[str, Any]:
    """How the model of the folder predicts the table in `data_folder`, as plain JSON.

    {"task": "classification" or "regression", "rows", "metrics": {name: value}, "score"} and, of a classifier:
    "labels" and "confusion_matrix" (row: true, column: predicted; both only up to 100 labels), "roc": {label:
    {"fpr", "tpr", "thresholds"}}, at most 200 points each, the first threshold None for infinite; of a regressor:
    "residuals", [true, predicted] of at most 1,000 rows. Raises ContractError when nothing can be measured.
    """
    if util.find_spec("sklearn") is None:
        message, hint = install_line("scikit-learn")
        raise ContractError(f"{message}, which computes the metrics", hint)
    model = model_files.load(model_files.find(model_path))
    if not callable(getattr(model, "predict", None)):
        raise ContractError(f"{type(model).__name__} has no predict method")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        predicted = _Predicted(model, data_folder, columns)
        if _is_classification(model, predicted):
            return _classification(predicted)
        return _regression(predicted)


class _Predicted:
    """True and predicted values of all rows, and scores by class where the model gives them."""

    def __init__(self, model: Any, folder: str, columns: Columns) -> None:
        import numpy as np

        columns, width = _checked(model, folder, columns)
        score = _scorer(model)
        true, made, scores, rows = [], [], [], 0
        shape = "numpy" if hasattr(model, "feature_names_in_") else "auto"
        for batch in training_data.batches(folder, columns, _BATCH_ROWS, shape):
            if batch.missing:
                raise ContractError(f"the label '{columns.label}' is NULL in some rows of the table")
            features = estimators.named(model, batch.features, batch.names)
            made.append(_one_column(model.predict(features)))
            true.append(batch.label)
            rows += batch.features.shape[0]
            if score is not None and rows * width <= _MOST_SCORES:
                scores.append(np.asarray(score(features), dtype=np.float64))
        if not rows:
            raise ContractError("the table has no rows")
        self.rows = rows
        self.true, self.made = _comparable(np.concatenate(true), np.concatenate(made))
        whole = score is not None and len(scores) == len(made)
        self.scores = np.concatenate(scores) if whole else None
        self.is_probability = hasattr(model, "predict_proba")
        classes = getattr(model, "classes_", None)
        self.classes = None if classes is None or isinstance(classes, list) else np.asarray(classes)


def _checked(model: Any, folder: str, columns: Columns) -> tuple[Columns, int]:
    """The columns to predict by, those that the model was fitted on first; and how many scores a row has."""
    names = training_data.all_names(folder)
    if not names:
        raise ContractError("the table has no rows")
    if columns.label not in names:
        raise no_column(columns.label, names)
    fitted = [str(name) for name in getattr(model, "feature_names_in_", ())]
    if fitted and set(fitted) <= set(names):
        columns = columns.of_features(fitted)
    classes = getattr(model, "classes_", None)
    return columns, 1 if classes is None else len(classes)


def _one_column(values: Any) -> Any:
    import numpy as np

    values = np.asarray(values)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values.ravel()
    if values.ndim != 1:
        raise ContractError(f"the model gives {values.shape[1]} values for each row, and only one can be scored")
    return values


def _scorer(model: Any) -> Any:
    for name in ("predict_proba", "decision_function"):
        if callable(getattr(model, name, None)) and getattr(model, "classes_", None) is not None:
            return getattr(model, name)
    return None


def _comparable(true: Any, made: Any) -> tuple[Any, Any]:
    texts = [values.dtype.kind in "OUS" for values in (true, made)]
    if texts[0] != texts[1]:
        kinds = ["text" if text else "numbers" for text in texts]
        raise ContractError(f"the labels are {kinds[0]}, and the model predicts {kinds[1]}")
    return (true.astype(str), made.astype(str)) if texts[0] else (true, made)


def _is_classification(model: Any, predicted: _Predicted) -> bool:
    from sklearn.base import is_classifier, is_regressor

    kind = _kind(model)
    if kind not in (None, "classifier", "regressor"):
        raise ContractError(
            f"{type(model).__name__} is {_article(kind)}: what it predicts is not the label's values"
        )
    with_tags = _has_tags(model)
    if with_tags and is_classifier(model):
        return True
    if with_tags and is_regressor(model):
        return False
    if predicted.classes is not None:
        return True
    return bool(predicted.true.dtype.kind != "f" and predicted.made.dtype.kind != "f")


def _article(kind: str) -> str:
    words = kind.replace("_", " ")
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def _has_tags(model: Any) -> bool:
    return hasattr(model, "__sklearn_tags__") or hasattr(model, "_estimator_type")


def _kind(model: Any) -> str | None:
    told = estimator_tags.tags(model)
    found = getattr(model, "_estimator_type", None) if told is None else told.estimator_type
    return None if found is None else str(found)


def _classification(predicted: _Predicted) -> dict[str, Any]:
    import numpy as np
    from sklearn import metrics

    true, made = predicted.true, predicted.made
    classes = predicted.classes
    if classes is not None and true.dtype.kind == "U":
        classes = classes.astype(str)
    seen = np.unique(np.concatenate([np.unique(true), np.unique(made)]))
    known = seen if classes is None else np.unique(np.concatenate([classes, seen]))
    found = {
        "accuracy": metrics.accuracy_score(true, made),
        "balanced_accuracy": metrics.balanced_accuracy_score(true, made),
    }
    binary = len(known) <= 2
    for average in ("binary",) if binary else ("macro", "weighted"):
        ending = "" if binary else f"_{average}"
        extra = {"pos_label": known[-1]} if binary else {}
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(
            true, made, average=average, zero_division=0, **extra
        )
        found.update({f"f1{ending}": f1, f"precision{ending}": precision, f"recall{ending}": recall})
    answer: dict[str, Any] = {"task": "classification", "rows": predicted.rows}
    curves: dict[str, Any] = {}
    if classes is not None and predicted.scores is not None and len(classes) > 1:
        found.update(_by_scores(predicted, true, classes))
        curves = _curves(predicted.scores, true, classes)
    answer.update(metrics=_plain(found), score=float(found["accuracy"]))
    if len(known) <= _MOST_LABELS:
        answer["labels"] = known.tolist()
        answer["confusion_matrix"] = metrics.confusion_matrix(true, made, labels=known).tolist()
    answer["roc"] = curves
    return answer


def _by_scores(predicted: _Predicted, true: Any, classes: Any) -> dict[str, float]:
    """roc_auc (roc_auc_ovr of more than two classes) and log_loss, those that the labels allow."""
    import numpy as np
    from sklearn import metrics

    found: dict[str, float] = {}
    scores = predicted.scores
    if not np.isin(true, classes).all():
        return found  # a label that the model does not know has no score
    if predicted.is_probability and len(np.unique(true)):
        found["log_loss"] = metrics.log_loss(true, scores, labels=classes)
    if len(classes) == 2:
        if len(np.unique(true)) == 2:
            found["roc_auc"] = metrics.roc_auc_score(true == classes[1], _of_class(scores, 1))
    elif len(np.unique(true)) == len(classes) and predicted.is_probability:
        found["roc_auc_ovr"] = metrics.roc_auc_score(true, scores, multi_class="ovr", labels=classes)
    return found


def _of_class(scores: Any, index: int) -> Any:
    return scores if scores.ndim == 1 else scores[:, index]


def _curves(scores: Any, true: Any, classes: Any) -> dict[str, Any]:
    """The ROC curve of the greater of two classes, or of each class against the others."""
    from sklearn import metrics

    if scores.ndim == 2 and scores.shape[1] != len(classes):
        return {}  # one score for each pair of classes
    curves = {}
    for index in [1] if len(classes) == 2 else range(min(len(classes), _MOST_CURVES)):
        positive = true == classes[index]
        if positive.any() and not positive.all():
            curves[str(classes[index])] = _thinned(*metrics.roc_curve(positive, _of_class(scores, index)))
    return curves


def _thinned(fpr: Any, tpr: Any, thresholds: Any) -> dict[str, list[float | None]]:
    import numpy as np

    places = np.unique(np.linspace(0, len(fpr) - 1, min(len(fpr), _MOST_POINTS)).astype(int))
    finite = [float(value) if np.isfinite(value) else None for value in thresholds[places]]
    return {"fpr": fpr[places].tolist(), "tpr": tpr[places].tolist(), "thresholds": finite}


def _regression(predicted: _Predicted) -> dict[str, Any]:
    import numpy as np
    from sklearn import metrics

    true, made = predicted.true, predicted.made
    if true.dtype.kind not in "biuf":
        raise ContractError("the labels are text, and the model is a regressor")
    found = {
        "r2": metrics.r2_score(true, made),
        "root_mean_squared_error": float(np.sqrt(metrics.mean_squared_error(true, made))),
        "mean_absolute_error": metrics.mean_absolute_error(true, made),
    }
    places = np.arange(len(true))
    if len(true) > _MOST_RESIDUALS:
        places = np.sort(np.random.default_rng(0).choice(len(true), _MOST_RESIDUALS, replace=False))
    plain = _plain(found)
    return {
        "task": "regression",
        "rows": predicted.rows,
        "metrics": plain,
        "score": plain.get("r2"),
        "residuals": [[float(a), float(b)] for a, b in zip(true[places], made[places])],
    }


def _plain(found: dict[str, Any]) -> dict[str, float]:
    """The metrics that have a value: r2 of one row, say, has none."""
    import numpy as np

    return {name: float(value) for name, value in found.items() if np.isfinite(value)}
