"""The commands that predict: their parameters, and which of them can be a function."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mlsql_engine.algorithms.mlflow_project.definition import EntryPoint, Parameter
from mlsql_engine.algorithms.mlflow_project.prediction import command_of
from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.models.manifest import GroupRecord

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GROUP = GroupRecord(0, "demo", "model/0", "success", "", NOW, NOW, train_params={"a": "it's"})


def test_parameters_of_the_training_come_before_defaults() -> None:
    point = EntryPoint("p", "run {a} {b}", {"a": Parameter("string", "x"), "b": Parameter("float", "1")})
    assert command_of(point, GROUP) == """run 'it'"'"'s' 1"""


def test_a_parameter_without_a_value() -> None:
    with pytest.raises(MlsqlError) as caught:
        command_of(EntryPoint("p", "run {c}", {"c": Parameter()}), GROUP)
    assert (caught.value.code, caught.value.message, caught.value.hint) == (
        "MODEL",
        "the entry point 'p' needs the parameter 'c', which has no default and was no parameter of the training",
        "give c a default in the MLproject file, and train again",
    )
