"""What is known of trained models, as tables: modelHistory, modelParams, modelMetrics, modelEvaluation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mlsql_engine.core.errors import InternalError, MlsqlError, errors_at
from mlsql_engine.core.options import option, written_at
from mlsql_engine.engines.base import Engine, Relation
from mlsql_engine.engines.requests import ArrowRows, ReadRequest
from mlsql_engine.models import tables
from mlsql_engine.models.pointers import AskedVersion
from mlsql_engine.models.store import ModelVersion
from mlsql_engine.models.tables import Picture
from mlsql_engine.sources.base import LoadRequest, ModelRequest, Place, SaveRequest

if TYPE_CHECKING:
    import pyarrow as pa

_VERSION_DOC: Final = "a version's number or alias; without it the one that register takes"


@dataclass(frozen=True)
class HistoryLoad:
    """Options of load modelHistory: a row for each version and parameter group, newest first."""


@dataclass(frozen=True)
class ParamsLoad:
    """Options of load modelParams.

    A row for each parameter that a parameter group was trained with; of an algorithm's name, a row for each of its
    options.
    """

    model_version: AskedVersion | None = option(None, doc=_VERSION_DOC)


@dataclass(frozen=True)
class MetricsLoad:
    """Options of load modelMetrics: a row for each metric, table that it was computed on, and parameter group."""

    model_version: AskedVersion | None = option(None, doc=_VERSION_DOC)


@dataclass(frozen=True)
class EvaluationLoad:
    """Options of load modelEvaluation: the points of a picture of how the model did."""

    what: Picture = option(doc="which picture of how the model did on validateTable and evaluateTable")
    model_version: AskedVersion | None = option(None, doc=_VERSION_DOC)


@dataclass(frozen=True)
class ModelSource:
    """A format that reads what is known of models; `read` makes the table."""

    name: str
    load_options: type | None
    read: Callable[[ModelRequest, Any], pa.Table]
    place: Place = "model"
    save_options: type | None = None
    connect_options: type | None = None

    def load(self, request: LoadRequest, engine: Engine) -> Relation:
        """See Source.load. The manifests are read now. Raises ModelProblem where there is no such model."""
        if request.model is None:
            raise InternalError(f"{self.name} was not given a model")
        return engine.read(ReadRequest(ArrowRows(self.read(request.model, request.options))))

    def save(self, relation: Relation, request: SaveRequest, engine: Engine) -> int | None:  # noqa: ARG002
        """Models are written by train: no save statement gets here."""
        raise InternalError(f"{self.name} cannot be saved")


def _history(request: ModelRequest, _options: HistoryLoad) -> pa.Table:
    store = request.store
    versions, damaged = store.versions()
    for problem in damaged.values():
        request.progress.warn("BROKEN_MODEL", f"{problem.message}; it is left out")
    if not versions and not damaged:
        raise store.no_model()
    return tables.history(store, versions, store.pointers())


def _params(request: ModelRequest, options: ParamsLoad) -> pa.Table:
    if request.algorithm is None:
        return tables.parameters(_version(request, options))
    if options.model_version is not None:
        raise MlsqlError(
            "an algorithm has no versions", span=written_at(options, "model_version"), code="BAD_VALUE"
        )
    return request.algorithm


def _metrics(request: ModelRequest, options: MetricsLoad) -> pa.Table:
    return tables.metrics(_version(request, options))


def _evaluation(request: ModelRequest, options: EvaluationLoad) -> pa.Table:
    return tables.picture(_version(request, options), options.what)


def _version(request: ModelRequest, options: ParamsLoad | MetricsLoad | EvaluationLoad) -> ModelVersion:
    with errors_at(written_at(options, "model_version"), "NO_MODEL", "MODEL"):
        return request.store.resolve(options.model_version)


SOURCES: Final = (
    ModelSource("modelHistory", HistoryLoad, _history),
    ModelSource("modelParams", ParamsLoad, _params, "modelOrAlgorithm"),
    ModelSource("modelMetrics", MetricsLoad, _metrics),
    ModelSource("modelEvaluation", EvaluationLoad, _evaluation),
)
