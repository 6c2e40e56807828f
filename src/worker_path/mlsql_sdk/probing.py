"""What an estimator takes and gives, found out by asking it once for a row of zeros, and once for a row of text."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

from .return_types import Given

if TYPE_CHECKING:
    import pyarrow as pa

# Parts that choose among the columns, or take whatever a function of the user's takes.
_OF_ANYTHING = ("ColumnTransformer", "FunctionTransformer")


class Probe(NamedTuple):
    """What was found: `given` is None where nothing tells; `only_numbers` where every feature has to be one."""

    given: Given | None
    only_numbers: bool


def probe(estimator: Any) -> Probe:
    """Ask the estimator. One that refuses zeros gives one of its classes, and it is not known what it takes."""
    told = getattr(estimator, "prediction_type", None)
    if told is not None:
        return Probe(Given(told), only_numbers=True)
    answer = _answer(estimator, 0.0)
    classes = _classes(estimator)
    if answer is None and classes is None:
        return Probe(None, only_numbers=False)
    numbers = answer is not None and _refuses_text(estimator)
    first = classes[:1] if answer is None else answer
    values = classes if classes is not None and first.ndim == 1 and first.dtype.kind == classes.dtype.kind else None
    return Probe(Given(_kind(first), values), numbers)


def needs_names(estimator: Any) -> bool:
    """Whether one that was fitted on named columns may predict something else of a matrix of the same numbers.

    Not where it is one estimator of scikit-learn's, or a pipeline of such, that neither picks columns nor hands
    frames from part to part. A frame costs several times what such a prediction takes.
    """
    parts = _parts(estimator)
    pipelines = [part for part in parts if type(part).__name__ == "Pipeline"]
    steps = [step for pipeline in pipelines for _, step in pipeline.steps if step not in (None, "passthrough")]
    known = [*pipelines, *steps, estimator]
    if any(type(part).__module__.partition(".")[0] != "sklearn" or _picks_or_frames(part) for part in known):
        return True
    if any(all(part is not one for one in known) for part in parts):
        return True  # a part that others are made of, such as those of a vote
    return not _same(_answer(estimator, 0.0), _answer(estimator, 0.0, with_names=False))


def _picks_or_frames(part: Any) -> bool:
    return type(part).__name__ in _OF_ANYTHING or bool(getattr(part, "_sklearn_output_config", None))


def _same(first: Any, second: Any) -> bool:
    import numpy as np

    return first is not None and second is not None and bool(np.array_equal(first, second))


def _answer(estimator: Any, value: object, *, with_names: bool = True) -> Any:
    """What it answers to a row of nothing but the value, as an array; None where it raises."""
    import numpy as np

    from .estimators import named

    width = getattr(estimator, "n_features_in_", None)
    if not width:
        return None
    row = np.full((1, width), value, dtype=object if isinstance(value, str) else None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return np.asarray(estimator.predict(named(estimator, row, None) if with_names else row))
        except Exception:  # noqa: BLE001 - a model may refuse zeros; the real rows will tell why
            return None


def _classes(estimator: Any) -> Any:
    """The answers that a classifier can give; None where it is none, or has several lists of them."""
    import numpy as np

    classes = getattr(estimator, "classes_", None)
    if classes is None:
        return None
    try:
        made = np.asarray(classes)
    except ValueError:
        return None
    return made if made.ndim == 1 and len(made) else None


def _refuses_text(estimator: Any) -> bool:
    """Whether every feature has to be a number: it takes zeros, no text, and has no part that picks columns."""
    if any(type(part).__name__ in _OF_ANYTHING or not _is_known(part) for part in _parts(estimator)):
        return False
    return _answer(estimator, "text") is None


def _parts(estimator: Any) -> list[Any]:
    """The estimator and what it is made of."""
    parameters = (
        estimator.get_params(deep=True).values() if callable(getattr(estimator, "get_params", None)) else ()
    )
    return [estimator, *(value for value in parameters if callable(getattr(value, "fit", None)))]


def _is_known(part: Any) -> bool:
    return type(part).__module__.partition(".")[0] in ("sklearn", "xgboost", "lightgbm", "imblearn")


def _kind(answer: Any) -> pa.DataType:
    """The type of one answer of an array of them."""
    import pyarrow as pa

    scalar = {"i": pa.int64(), "u": pa.int64(), "f": pa.float64(), "b": pa.bool_()}.get(
        answer.dtype.kind, pa.string()
    )
    return pa.list_(scalar) if answer.ndim == 2 and answer.shape[1] > 1 else scalar
