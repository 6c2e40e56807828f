"""A model as a SQL function: what engines, workers and serving agree on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text
from mlsql_sdk.accepted import Accepted

if TYPE_CHECKING:
    import pyarrow as pa

CallForm: TypeAlias = Literal["model", "udf", "udaf"]
"""How queries call a function: a model, a function of a script, or an aggregate of a script."""


@dataclass(frozen=True)
class ScriptText:
    """A Python script that is kept as text.

    `name` is what errors and tracebacks call it; `folder` is where it finds its neighbours, None for nowhere;
    `table` the table that held it, "" for none; `written` where an MLSQL script has it, if one does.
    """

    name: str
    text: str
    folder: str | None = None
    table: str = ""
    written: Text | None = None

    def place(self, line: int) -> Span | None:
        """Where an MLSQL script has a line, counted from 1; None where none does."""
        lines = [] if self.written is None else self.written.value.split("\n")
        if self.written is None or not 1 <= line <= len(lines):
            return None
        start = sum(len(before) + 1 for before in lines[: line - 1])
        shown = lines[line - 1].strip()
        start += lines[line - 1].find(shown)
        return self.written.place(start, start + max(1, len(shown)))


@dataclass(frozen=True)
class ScriptFunction:
    """Which function or class of a script is meant; None where register does not say."""

    script: ScriptText
    form: CallForm
    method: str | None = None
    class_name: str | None = None


@dataclass(frozen=True)
class Resources:
    """What the workers of a function may take.

    `workers` processes are started at once; None: as many as there are cores, when there is work for them.
    `timeout` is how long loading, or one batch, may take, and `idle` how long a worker without work is kept, both
    in seconds, None: for ever. `memory` is how much one may have, in bytes; None: most of the machine's. `threads`
    are those of native libraries in each; None: the cores shared out. `pure` is whether a batch may be predicted
    again when its worker crashed; None: what the function says of itself.
    """

    workers: int | None = None
    timeout: float | None = 600.0
    idle: float | None = 600.0
    memory: int | None = None
    threads: int | None = None
    pure: bool | None = None

    @property
    def most_workers(self) -> int:
        """How many processes there may be."""
        return self.workers or os.cpu_count() or 1


@dataclass(frozen=True)
class FunctionSpec:
    """All that is needed to open the same predictor anywhere: plain data, picklable.

    `model_path` is the folder of one parameter group of one version; `script` the path of the predict
    script, or None for the model's own estimator; `interpreter` the Python that loads it; `environment`
    variables added to its environment; `train_params` are handed to a row script when they are wanted;
    `parameters` are what `mlsql.params()` gives in the worker; `called` is the title where the name is ours;
    `published` is the path or URL of the model that `model_path` may be a copy of; `libraries` are the versions
    that it was trained with; `arguments` are those of the script, and `folder` is where it runs, None for a place
    of its workers' own; `version` is the number of the model's version. With a `function` it is one of a
    script's text, and there is no model: `model_path` is empty.
    """

    name: str
    model_path: str
    interpreter: str
    script: str | None = None
    interpreter_flags: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    return_type: str | None = None
    train_params: Mapping[str, str] | None = None
    parameters: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    resources: Resources = field(default_factory=Resources)
    called: str = ""
    published: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict)
    function: ScriptFunction | None = None
    version: int | None = None
    arguments: tuple[str, ...] = ()
    folder: str | None = None

    @property
    def model(self) -> str:
        """The path or URL of the model, as users know it; empty where there is none."""
        return self.published or self.model_path

    @property
    def title(self) -> str:
        """What errors and output call it."""
        return self.called or f"function {self.name}"


@dataclass(frozen=True)
class Described:
    """What a loaded predictor says of itself.

    `accepted` are the arguments that it takes, None where nothing tells; `pure` says that to ask it twice for
    the same rows does no harm; `title` is what errors call it.
    """

    contract: str
    return_type: pa.DataType
    feature_names: tuple[str, ...] | None = None
    form: CallForm = "model"
    accepted: Accepted | None = None
    pure: bool = False
    title: str = ""


class Predictor(Protocol):
    """A loaded function: record batch in, one value per row out. Safe to call from several threads."""

    @property
    def description(self) -> Described:
        """What it says of itself."""

    @property
    def workers(self) -> int:
        """How many batches it predicts at once."""

    def predict(self, batch: pa.RecordBatch) -> pa.Array:
        """One value of `description.return_type` per row of the batch, in order.

        Raises ScriptFailed when the user's code does, WorkerProblem when its process does.
        """

    def cancel(self) -> None:
        """Make the calls that are under way fail with Cancelled; later ones work."""

    def close(self) -> None:
        """Need what stands behind it no more; a later prediction has it made again. Closing twice is harmless."""


class ModelVersions(Protocol):
    """The versions of the model that a function is of. Both read files, and may raise ModelProblem."""

    def numbers(self) -> list[int]:
        """The numbers of those that have a model, oldest first."""

    def spec(self, number: int) -> FunctionSpec:
        """The function of another version, as it would have been registered."""


class FunctionCatalog(Protocol):
    """The functions of a session by name, whatever the case."""

    def names(self) -> frozenset[str]:
        """Every name, in lower case."""

    def predictor(self, name: str) -> Predictor:
        """The loaded function of that name."""
