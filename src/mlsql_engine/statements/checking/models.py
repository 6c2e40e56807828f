"""What is checked of the models that a script names. Nothing is asked of remote file systems."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mlsql_engine.core.errors import ModelProblem
from mlsql_engine.core.paths import resolved
from mlsql_engine.core.text import Text
from mlsql_engine.models.local import LocalStorage
from mlsql_engine.statements.checking.state import is_known
from mlsql_engine.statements.context import model_path

if TYPE_CHECKING:
    from mlsql_engine.statements.checking.checker import Checker


def make_model(path: Text, checker: Checker) -> None:
    """The model is there from now on. Raises MlsqlError for a path that cannot be."""
    if not is_known(path):
        checker.state.made.add(Path("/"))  # whatever is looked for may be what it writes
        return
    place = model_path(path).local
    if place is not None:
        checker.state.made.add(resolved(place))


def need_model(path: Text, checker: Checker) -> None:
    """Raise ModelProblem for a model that is not there, and that no statement before makes."""
    if not is_known(path):
        return
    place = model_path(path).local
    if place is None or checker.state.is_made(resolved(place)):
        return
    if not os.path.isdir(place) or not LocalStorage(place).numbers():
        raise ModelProblem(
            f"there is no model at {place}",
            span=path.span,
            code="NO_MODEL",
            hint="train … as ALGORITHM.`path` makes one",
        )
