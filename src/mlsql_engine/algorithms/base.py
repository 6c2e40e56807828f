"""What an algorithm is. It sees its request, never the session."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from mlsql_engine.core.errors import DataProblem, MlsqlError
from mlsql_engine.core.functions import Described, FunctionSpec, ModelVersions, ScriptText
from mlsql_engine.core.paths import resolve_path
from mlsql_engine.core.progress import Progress
from mlsql_engine.core.registry import Registry
from mlsql_engine.core.scratch import Scratch
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text
from mlsql_engine.engines.base import Engine, Relation
from mlsql_engine.models.paths import ModelPath
from mlsql_engine.models.store import ModelStore
from mlsql_engine.workers.launcher import Launcher

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Workshop:
    """What algorithms work with: where processes start, where files may be written, who is told."""

    launcher: Launcher
    scratch: Scratch
    progress: Progress

    def store(self, path: ModelPath) -> ModelStore:
        """The versions of the model at a path."""
        return ModelStore(path, self.scratch, self.progress)


@dataclass(frozen=True)
class TrainRequest:
    """One train statement: the data, where the model goes, the typed options, the tables that options name.

    `relation` is None for `run command as …`, which gives no data;
    `folder` is what relative paths in options start from; `span` the place of the statement. `query` are the
    statements that made the data, `written` the options as they were written, without secrets; `check` raises
    Cancelled when somebody has asked for the statement's end.
    """

    relation: Relation | None
    engine: Engine
    path: ModelPath
    options: Any
    tables: Mapping[str, Relation]
    folder: Path
    span: Span
    workshop: Workshop
    query: str = ""
    written: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[], None] = lambda: None

    def store(self) -> ModelStore:
        """The versions of the model."""
        return self.workshop.store(self.path)


@dataclass(frozen=True)
class FunctionRequest:
    """One register or predict statement: which model, and how it shall predict.

    `called` is what errors call the function where its name is not the user's; `check` raises Cancelled when
    somebody has asked for the statement's end.
    """

    name: str
    path: ModelPath
    options: Any
    folder: Path
    workshop: Workshop
    called: str = ""
    check: Callable[[], None] = lambda: None

    def store(self) -> ModelStore:
        """The versions of the model."""
        return self.workshop.store(self.path)


@dataclass(frozen=True)
class ScriptRequest:
    """One register statement of an algorithm that makes functions of scripts.

    `target` is what stands in backquotes, and `script` what the table of that name holds, None where there is none.
    """

    name: str
    target: Text
    script: ScriptText | None
    options: Any
    folder: Path


@runtime_checkable
class ScriptAlgorithm(Protocol):
    """An algorithm that makes functions of scripts. It has no models: it trains nothing and predicts no tables."""

    @property
    def name(self) -> str: ...

    @property
    def function_options(self) -> type: ...

    def check(self, target: Text, options: Any) -> bool:
        """Raise BadValue for what can be told without the script; whether the target names a table that has it."""

    def script_function(self, request: ScriptRequest) -> FunctionSpec:
        """How the script is opened as a function."""


class Algorithm(Protocol):
    """One algorithm of models. `train_options` and `function_options` are the dataclasses of its options."""

    @property
    def name(self) -> str: ...

    @property
    def train_options(self) -> type: ...

    @property
    def function_options(self) -> type: ...

    def train(self, request: TrainRequest) -> pa.Table:
        """Train and publish; the result has one row per parameter group (`RESULT_SCHEMA`)."""

    def function(self, request: FunctionRequest) -> FunctionSpec:
        """How the model is opened as a function."""

    def input_columns(self, request: FunctionRequest, described: Described, schema: pa.Schema) -> Sequence[str]:
        """The columns of a table that `predict` hands to the function, in order."""


AnyAlgorithm: TypeAlias = Algorithm | ScriptAlgorithm


def model_algorithm(algorithms: Registry[AnyAlgorithm], name: Text) -> Algorithm:
    """The algorithm of that name. Raises UnknownName, and MlsqlError for one that has no models."""
    found = algorithms.find(name)
    if isinstance(found, ScriptAlgorithm):
        raise MlsqlError(
            f"{found.name} makes functions of scripts: it neither trains nor predicts a table",
            span=name.span,
            hint=f"register {found.name}.`table` as f; and call f in a select",
            code="UNKNOWN_ALGORITHM",
        )
    return found


@runtime_checkable
class HasVersions(Protocol):
    """An algorithm whose models have versions, each of which can be the function that was asked for."""

    def versions(self, request: FunctionRequest) -> ModelVersions:
        """The versions of the model of a register statement."""


@dataclass(frozen=True)
class TableRequest:
    """One predict statement of a table: the function that it would be, and the table.

    `check` raises Cancelled when somebody has asked for the statement's end.
    """

    function: FunctionRequest
    relation: Relation
    engine: Engine
    check: Callable[[], None]


@runtime_checkable
class ChecksTraining(Protocol):
    """An algorithm that can tell more of a train statement, without side effects, than its options do."""

    def check_training(self, options: Any, folder: Path) -> None:
        """Raise MlsqlError for what is wrong with the files that the options name, which start from `folder`."""


@runtime_checkable
class PredictsTables(Protocol):
    """An algorithm some of whose models predict whole tables in a way of their own."""

    def predict_table(self, request: TableRequest) -> Relation | None:
        """What the model makes of the table; None for a model that predicts row by row, as a function."""


@runtime_checkable
class PredictsWhenRun(Protocol):
    """An algorithm whose `run` statement may mean predict."""

    def run_predicts(self, options: Collection[str]) -> bool:
        """Whether a run statement with options of these names, in lower case, predicts the table."""


def existing_script(path: Text, folder: Path) -> Path:
    """The .py file that an option names. Raises DataProblem, placed at the option, for none or a folder."""
    place = existing_file(path, folder, "script")
    if place.is_dir():
        raise DataProblem(
            f"the script {place} is a folder",
            span=path.span,
            code="UNSUPPORTED",
            hint="name a .py file; a model that an MLflow project has trained predicts by that project of itself",
        )
    return place


def existing_file(path: Text, folder: Path, what: str) -> Path:
    """The file that an option names. Raises DataProblem, placed at the option, where there is none."""
    place = resolve_path(path, folder)
    if not os.path.exists(place):
        raise DataProblem(
            f"there is no {what} {place}",
            span=path.span,
            code="FILE_NOT_FOUND",
            hint="a relative path starts from the folder of the script that holds it",
        )
    return place
