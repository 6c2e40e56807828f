"""Training without a script: the estimator that the statement names, fitted on its data."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from . import (
    data_blocks,
    estimator_names,
    estimator_tags,
    estimators,
    kafka_data,
    model_files,
    parameters,
    runtime,
    training_data,
)
from .failures import ContractError
from .local_data import Columns, no_column

_MOST_TOLD = 20


def train() -> Any:
    """Fit the estimator of `runtime.fit_param` on the training data, save it, and give it.

    Raises ContractError for a parameter, a column or a value that does not fit, and for what the estimator itself
    refuses with TypeError or ValueError.
    """
    topic = kafka_data.of_run()
    folder = kafka_data.collected(topic) if topic else str(runtime.internal_system_param["tempDataLocalPath"])
    form = runtime.wanted_form()
    if form is not None:
        model_files.checked(form)  # before hours of fitting
    task = _Task(runtime.fit_param, folder)
    estimator = task.at_once() if task.batch_size is None else task.in_batches()
    target = str(runtime.internal_system_param["tempModelLocalPath"])
    if form is None:
        model_files.save_estimator(estimator, target)
    else:
        model_files.save(estimator, target, form)
    return estimator


class _Task:
    """One estimator to fit: its class, its parameters and where its data is. Wrong parameters fail here."""

    def __init__(self, fit_param: Mapping[str, str], folder: str) -> None:
        self.cls = estimator_names.find(fit_param)
        self.name = self.cls.__name__
        self.fit_param, self.folder, self.columns = fit_param, folder, Columns(fit_param)
        self.estimator = parameters.build(self.cls, fit_param)
        self.batch_size = _whole(fit_param, "batchSize")
        self.label_size = _whole(fit_param, "labelSize")
        self.epochs = None if parameters.has(self.cls, "epochs") else _whole(fit_param, "epochs")
        if self.batch_size is None and self.epochs is not None:
            raise ContractError("epochs counts the passes over batches", "give fitParam.0.batchSize, too")
        if self.batch_size is None and self.label_size is not None:
            raise ContractError(
                "labelSize tells the classes of training in batches", "give fitParam.0.batchSize, or leave it out"
            )

    def at_once(self) -> Any:
        """Fit on all rows."""
        has_label = self._begin()
        dense_only = _takes_sparse(self.estimator) is False
        data = training_data.matrix(self.folder, self.columns, "numpy" if dense_only else "auto")
        if data.features.shape[0] == 0:
            raise ContractError("there are no rows to train on")
        if has_label and data.missing:
            raise _null_labels(self.columns.label, data.missing, data.features.shape[0])
        if dense_only and data.filled < 1:
            _tell_dense(self.name, data)
        label = data.label if has_label else None
        self._fit_labels(label)
        try:
            _fit(self.estimator, data, label)
        except (TypeError, ValueError) as error:
            if not (_is_sparse(data.features) and _speaks_of_sparse(error)):
                raise _refused(self.estimator, error) from error
        else:
            return self.estimator
        data = data._replace(features=data.features.toarray())
        _tell_dense(self.name, data)
        self._fit_labels(label, again=True)
        try:
            _fit(self.estimator, data, label)
        except (TypeError, ValueError) as error:
            raise _refused(self.estimator, error) from error
        return self.estimator

    def _fit_labels(self, label: Any, again: bool = False) -> None:
        """Make the estimator anew: to start again, or where class_weight is for labels that are text."""
        text = label is not None and label.dtype.kind in "OU"
        if again or (text and any(key.rpartition("__")[2] == "class_weight" for key in self.fit_param)):
            self.estimator = parameters.build(self.cls, self.fit_param, text)

    def _begin(self) -> bool:
        """Whether the estimator is to get the label.

        Raises ContractError where there are no rows, or no label though one is named or needed.
        """
        names = training_data.all_names(self.folder)
        if not names:
            raise ContractError("there are no rows to train on")
        if self.columns.label in names:
            return _needs_label(self.estimator, there=True)
        if self.columns.label_given:
            raise no_column(self.columns.label, names)
        if _needs_label(self.estimator):
            raise ContractError(
                f"{self.name} learns from labels, and the data has no column '{self.columns.label}'",
                "name it by fitParam.0.labelCol; the data has: {}".format(", ".join(names)),
            )
        return False

    def in_batches(self) -> Any:
        """Fit by partial_fit, one batch in memory at a time."""
        if not hasattr(self.estimator, "partial_fit"):
            raise ContractError(
                f"{self.name} cannot be trained in batches: it has no partial_fit",
                "leave fitParam.0.batchSize out, or take an estimator like SGDClassifier",
            )
        has_label = self._begin()
        # partial_fit does not look at max_iter, which means passes over the data to those who have it.
        epochs = self.epochs or _whole(self.fit_param, "max_iter") or 1
        classes = self._classes() if has_label else None
        takes_classes = "classes" in inspect.signature(self.estimator.partial_fit).parameters
        self._partial_fits(classes if takes_classes else None, epochs, has_label)
        return self.estimator

    def _classes(self) -> Any:
        """The classes that labelSize tells, or that a first pass over the labels finds."""
        import numpy as np

        found, missing, rows = training_data.labels(self.folder, self.columns)
        if missing:
            raise _null_labels(self.columns.label, missing, rows)
        self._fit_labels(found)
        if self.label_size is None:
            return found
        classes = np.arange(self.label_size)
        strange = [value for value in found.tolist() if value not in classes]
        if strange:
            raise ContractError(
                f"labelSize={self.label_size} says that the labels are 0 to {self.label_size - 1}, "
                f"and the data has {strange[0]!r}",
                "leave labelSize out: the classes are then found in the data",
            )
        return classes

    def _partial_fits(self, classes: Any, epochs: int, has_label: bool) -> None:
        shape = "numpy" if _takes_sparse(self.estimator) is False else "auto"
        total = epochs * max(1, data_blocks.row_bound(self.folder))
        done = told = 0
        names = None
        for _ in range(epochs):
            for batch in training_data.batches(self.folder, self.columns, self.batch_size or 1, shape):
                extra = {} if classes is None or done else {"classes": classes}
                try:
                    names = _partial_fit(self.estimator, batch, batch.label if has_label else None, extra)
                except (TypeError, ValueError) as error:
                    raise _refused(self.estimator, error) from error
                done += batch.features.shape[0]
                if done * _MOST_TOLD // total > told:
                    told = done * _MOST_TOLD // total
                    runtime.tell_progress(min(done, total), total, f"{done:,} rows")
        if not done:
            raise ContractError("there are no rows to train on")
        _note_names(self.estimator, names)


def _whole(fit_param: Mapping[str, str], name: str) -> int | None:
    text = fit_param.get(name)
    if text is None:
        return None
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise ContractError(f'fitParam {name}="{text}" is not a whole number above 0')
    return value


def _fit(estimator: Any, data: training_data.Matrix, label: Any) -> None:
    features, names = _named(data)
    if label is None:
        estimator.fit(features)
    else:
        estimator.fit(features, label)
    _note_names(estimator, names)


def _partial_fit(estimator: Any, data: training_data.Matrix, label: Any, extra: dict[str, Any]) -> list[str] | None:
    """Fit on one batch, and give the names that are to be noted at the end. See `_named`."""
    features, names = _named(data)
    if label is None:
        estimator.partial_fit(features, **extra)
    else:
        estimator.partial_fit(features, label, **extra)
    return names


def _named(data: training_data.Matrix) -> tuple[Any, list[str] | None]:
    """The features as a frame with the columns' names, which shares their memory; without pandas as they are.

    With names, those that the estimator does not get this way.
    """
    if data.names is None or _is_sparse(data.features):
        return data.features, None
    if not estimators.has_pandas():
        return data.features, data.names
    import pandas as pd

    return pd.DataFrame(data.features, columns=data.names, copy=False), None


def _note_names(estimator: Any, names: list[str] | None) -> None:
    """What the estimator would know from a frame, where there is no pandas to make one."""
    if names is None or hasattr(estimator, "feature_names_in_"):
        return
    import numpy as np

    # A composed estimator has no place of its own for them; predict then goes by featureCol.
    with suppress(AttributeError):
        estimator.feature_names_in_ = np.array(names, dtype=object)


def _is_sparse(features: Any) -> bool:
    return hasattr(features, "tocsr")


def _takes_sparse(estimator: Any) -> bool | None:
    """Whether the estimator takes CSR matrices; None where only trying tells: others inherit a tag that says no."""
    tags = estimator_tags.tags(estimator)
    if tags is None or not type(estimator).__module__.startswith("sklearn."):
        return None
    return bool(tags.input_tags.sparse)


def _needs_label(estimator: Any, there: bool = False) -> bool:
    """Whether fit needs y, or takes it where it is `there`, as most of feature selection does.

    A pipeline does when one of its steps does, which its own tags do not tell.
    """
    steps = getattr(estimator, "steps", None)
    if isinstance(steps, list) and any(
        hasattr(step[-1], "fit") and _needs_label(step[-1], there) for step in steps
    ):
        return True
    if there and type(estimator).__module__.startswith("sklearn.feature_selection."):
        return True
    tags = estimator_tags.tags(estimator)
    if tags is not None:
        return bool(tags.target_tags.required) or tags.estimator_type in ("classifier", "regressor")
    if getattr(estimator, "_estimator_type", None) in ("classifier", "regressor"):
        return True
    given = list(inspect.signature(estimator.fit).parameters.values())
    positional = [parameter for parameter in given if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
    return len(positional) > 1 and positional[1].default is inspect.Parameter.empty


def _speaks_of_sparse(error: Exception) -> bool:
    text = str(error).lower()
    return "sparse" in text or "dense" in text


def _tell_dense(name: str, data: training_data.Matrix) -> None:
    rows, width = data.features.shape
    runtime.tell_progress(
        0,
        1,
        f"{name} takes no sparse features: they are made dense "
        f"({rows:,} x {width:,}, {rows * width * 8 / 1e6:,.0f} MB; {data.filled:.1%} of it is not 0)",
    )


def _refused(estimator: Any, error: Exception) -> ContractError:
    return ContractError(f"{type(estimator).__name__} refused to train: {error}")


def _null_labels(name: str, missing: int, rows: int) -> ContractError:
    return ContractError(
        f"the label '{name}' is NULL in {missing:,} of {rows:,} rows",
        f"leave those rows out: select * from … where {name} is not null",
    )
