"""A model as a SQL function: what engines, workers and serving agree on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class FunctionSpec:
    """All that is needed to open the same predictor anywhere: plain data, picklable.

    `model_path` is the folder of one parameter group of one version; `script` the path of the predict
    script, or None for the model's own estimator; `interpreter` the Python that loads it; `environment`
    variables added to its environment; `train_params` are handed to a row script when they are wanted;
    `parameters` are what `mlsql.params()` gives in the worker; `called` is the title where the name is ours;
    `published` is the path or URL of the model that `model_path` may be a copy of.
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
    workers: int = 1
    called: str = ""
    published: str = ""

    @property
    def model(self) -> str:
        """The path or URL of the model, as users know it."""
        return self.published or self.model_path

    @property
    def title(self) -> str:
        """What errors and output call it."""
        return self.called or f"function {self.name}"


@dataclass(frozen=True)
class Described:
    """What a loaded predictor says of itself."""

    contract: str
    return_type: pa.DataType
    feature_names: tuple[str, ...] | None = None


class Predictor(Protocol):
    """A loaded function: record batch in, one value per row out. Safe to call from several threads."""

    description: Described

    @property
    def workers(self) -> int:
        """How many batches it predicts at once."""

    def predict(self, batch: pa.RecordBatch) -> pa.Array:
        """One value of `description.return_type` per row of the batch, in order.

        Raises ScriptFailed when the user's code does, WorkerProblem when its process does.
        """

    def close(self) -> None:
        """End what stands behind it. Closing twice is harmless."""


class FunctionCatalog(Protocol):
    """The functions of a session by name, whatever the case."""

    def names(self) -> frozenset[str]:
        """Every name, in lower case."""

    def predictor(self, name: str) -> Predictor:
        """The loaded function of that name."""
