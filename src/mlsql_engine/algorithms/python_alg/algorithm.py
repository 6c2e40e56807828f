"""PythonAlg as an Algorithm."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlsql_engine.algorithms.base import FunctionRequest, TableRequest, TrainRequest, existing_script
from mlsql_engine.algorithms.mlflow_project import batch_prediction, prediction
from mlsql_engine.algorithms.mlflow_project.interpreters import EnvironmentInterpreters
from mlsql_engine.algorithms.mlflow_project.prediction import PredictScript
from mlsql_engine.algorithms.mlflow_project.program import FOLDER
from mlsql_engine.algorithms.python_alg import projects, training
from mlsql_engine.algorithms.python_alg.options import FunctionOptions, RunOptions, TrainOptions
from mlsql_engine.algorithms.python_alg.versions import RequestedVersions
from mlsql_engine.algorithms.training_program import Interpreter
from mlsql_engine.core import vectors
from mlsql_engine.core.errors import BadValue, ModelProblem, UnknownName, errors_at
from mlsql_engine.core.functions import Described, FunctionSpec
from mlsql_engine.core.options import written_at
from mlsql_engine.engines.base import Relation
from mlsql_engine.environments import interpreters
from mlsql_engine.models import tables
from mlsql_engine.models.manifest import GroupRecord
from mlsql_engine.models.store import ModelVersion

if TYPE_CHECKING:
    import pyarrow as pa


_TRAINING = frozenset({"pythonscriptpath", "pythondescpath", "scripts", "alg"})


class PythonAlg:
    """Trains by the user's script and predicts by the user's script or the estimator that it left."""

    name = "PythonAlg"
    train_options: type = TrainOptions
    function_options = FunctionOptions

    def train(self, request: TrainRequest) -> pa.Table:
        """See Algorithm.train."""
        return tables.result(training.train(request, self.name))

    def check_training(self, options: RunOptions, folder: Path) -> None:
        """A project's entry point takes the parameters of every group. See ChecksTraining."""
        projects.check(options, folder)

    def run_predicts(self, options: Collection[str]) -> bool:
        """Where nothing says what to train, the model that is there predicts. See PredictsWhenRun."""
        return not any(name in _TRAINING or name.startswith("fitparam.") for name in options)

    def function(self, request: FunctionRequest) -> FunctionSpec:
        """See Algorithm.function. Raises ModelProblem where the model is not there."""
        options: FunctionOptions = request.options
        version, group = _chosen(request)
        model = str(request.store().fetch(version, group))
        script = _script(request, version, group)
        interpreter = _interpreter(request, version, group)
        return FunctionSpec(
            name=request.name,
            model_path=model,
            published=version.model_path(group),
            script=script.path,
            arguments=script.arguments,
            folder=script.folder,
            interpreter=interpreter.path,
            interpreter_flags=(*options.flags, *script.flags),
            environment={**script.environment, **interpreter.environment, **options.environment},
            return_type=options.return_type.value if options.return_type else None,
            train_params=dict(group.train_params) if options.enable_copy_train_params_to_python else None,
            parameters={
                "internalSystemParam": {"tempModelLocalPath": model},
                "fitParam": dict(group.train_params),
            },
            resources=options.resources,
            libraries=dict(group.libraries),
            called=request.called,
            version=version.number,
        )

    def predict_table(self, request: TableRequest) -> Relation | None:
        """By the entry point batch_predict of the project that trained the model. See PredictsTables."""
        if request.function.options.python_script_path is not None:
            return None
        version, group = _chosen(request.function)
        entry = prediction.entry_of(version, prediction.BATCH)
        if entry is None:
            return None
        interpreter = _interpreter(request.function, version, group)
        return batch_prediction.predict(request, version, group, entry, interpreter)

    def versions(self, request: FunctionRequest) -> RequestedVersions:
        """See HasVersions."""
        return RequestedVersions(request, self.function)

    def input_columns(self, request: FunctionRequest, described: Described, schema: pa.Schema) -> Sequence[str]:
        """The estimator's own columns, else the featureCol(s) of the training, else the only vector column.

        Raises UnknownName for a column that the table lacks and ModelProblem where none of these tells.
        """
        names = described.feature_names
        if names is None:
            names = self._trained_columns(request)
        if names is not None:
            spelled = {column.lower(): column for column in schema.names}
            for name in names:
                if name.lower() not in spelled:
                    raise UnknownName("column", name, schema.names)
            return [spelled[name.lower()] for name in names]
        found = [column.name for column in schema if _is_vector(column.type)]
        if len(found) == 1:
            return found
        raise ModelProblem(
            "the model does not tell which columns it takes, and the table has "
            + (f"several vector columns: {', '.join(found)}" if found else "no vector column"),
            hint="register the model as a function and call it with the columns that it takes",
        )

    def _trained_columns(self, request: FunctionRequest) -> tuple[str, ...] | None:
        _, group = _chosen(request)
        parameters = group.train_params
        written = parameters.get("featureCol") or parameters.get("inputCol")
        return tuple(name.strip() for name in written.split(",")) if written else None


def _chosen(request: FunctionRequest) -> tuple[ModelVersion, GroupRecord]:
    """The version and the parameter group that the options ask for."""
    options: FunctionOptions = request.options
    metric = options.auto_select_by_metric
    if metric is not None and options.alg_index is not None:
        raise BadValue(
            "algIndex names a parameter group, and autoSelectByMetric another way to find one",
            span=metric.span,
            hint="give one of them",
        )
    with errors_at(written_at(options, "model_version"), "MODEL", "NO_MODEL"):
        version = request.store().resolve(options.model_version)
    with errors_at(written_at(options, "auto_select_by_metric" if metric else "alg_index")):
        return version, version.group(options.alg_index, metric.value if metric else None)


def _script(request: FunctionRequest, version: ModelVersion, group: GroupRecord) -> PredictScript:
    """The script that the options name, else that of the project's api_predict, else none: the model itself."""
    named = request.options.python_script_path
    if named is not None:
        return PredictScript(str(existing_script(named, request.folder)))
    entry = prediction.entry_of(version, prediction.API)
    return PredictScript() if entry is None else prediction.script_of(request.store(), version, group, entry)


def _interpreter(request: FunctionRequest, version: ModelVersion, group: GroupRecord) -> Interpreter:
    """The one that the options name, else the one that the model was trained with."""
    options: FunctionOptions = request.options
    if options.python_path:
        return Interpreter(interpreters.resolve(options.python_path, request.folder))
    if not group.environment:
        return Interpreter(interpreters.trained_with(group.python_path))

    def project() -> Path:
        return request.store().fetch_part(version, FOLDER)

    environments = EnvironmentInterpreters(request.workshop.progress, request.check)
    return environments.of_model(group.environment, options.environment, project)


def _is_vector(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_struct(kind) and tuple(field.name for field in kind) == vectors.PUBLIC_FIELDS
