"""train: make a model of a table; `run` is the same word.

    train table as ALGORITHM.`path` [where key="value" and …] [as result];
    run command as ALGORITHM.`path` [where key="value" and …] [as result];

The model goes to the folder `path`, as a new version that is whole or not there at all. What the script prints is
shown as it comes. The result has one row per parameter group: modelPath, algIndex, alg, score, metrics, status,
message, startTime, endTime, trainParams, execDesc. Where the table is called command, and the session has no table
of that name, the algorithm gets no data. A run statement of PythonAlg or SKLearn that names nothing to train (no
script, estimator or parameter) predicts the table by the model at the path, as predict does.

    train data as PythonAlg.`/tmp/model` where pythonScriptPath="train.py" and fitParam.0.alpha="0.1" as result;
"""

from __future__ import annotations

from typing import Any

from mlsql_engine.algorithms.base import Algorithm, PredictsWhenRun, TrainRequest, model_algorithm
from mlsql_engine.core.errors import errors_at
from mlsql_engine.engines.base import Relation
from mlsql_engine.language.ast import PredictStatement, TrainStatement
from mlsql_engine.models.manifest import without_secrets
from mlsql_engine.statements import predict
from mlsql_engine.statements.context import Context, Outcome, model_path, options_of


def execute(statement: TrainStatement, context: Context) -> Outcome:
    """Train. Raises UnknownName for table or algorithm, and what the algorithm raises."""
    # What starts the script's process comes up while the algorithm is imported and the data handed over.
    context.workshop.launcher.prepare()
    algorithm = model_algorithm(context.session.algorithms, statement.algorithm.name)
    if predicts(statement, algorithm):
        return predict.execute(as_predict(statement), context)
    options: Any = options_of(algorithm.train_options, statement.options, f"train {algorithm.name}")
    request = TrainRequest(
        relation=_input(statement, context),
        engine=context.engine,
        path=model_path(statement.algorithm.path),
        options=options,
        tables=context.tables_of(options),
        folder=statement.span.source.folder,
        span=statement.span,
        workshop=context.workshop,
        query=context.session.lineage.script(statement.table.value, context.variables),
        written=_written(statement),
        check=context.job.check,
    )
    with errors_at(statement.algorithm.path.span, "CANNOT_WRITE", "STORAGE"):
        trained = algorithm.train(request)
    context.session.models[request.path] = None
    result = context.rows(trained)
    if statement.result is None:
        return Outcome(result)
    context.engine.bind(statement.result.value, result)
    return Outcome(result, statement.result.value)


def predicts(statement: TrainStatement, algorithm: Algorithm) -> bool:
    """Whether it is a run statement that predicts its table."""
    if not isinstance(algorithm, PredictsWhenRun) or statement.span.text[:3].lower() != "run":
        return False
    is_command = statement.table.value.lower() == "command"
    return not is_command and algorithm.run_predicts({option.key.value.lower() for option in statement.options})


def as_predict(statement: TrainStatement) -> PredictStatement:
    """The statement as a predict statement."""
    return PredictStatement(
        statement.span, statement.table, statement.algorithm, statement.options, statement.result
    )


def _written(statement: TrainStatement) -> dict[str, str]:
    """The options as they were written; the values of systemParam.envs may all be secrets."""
    pairs = {option.key.value: option.value.value for option in statement.options}
    return without_secrets({key: "***" if key.lower() == "systemparam.envs" else pairs[key] for key in pairs})


def _input(statement: TrainStatement, context: Context) -> Relation | None:
    """The table to train on; None for `command`, which is no table."""
    name = statement.table
    if name.value.lower() == "command" and "command" not in context.engine.tables:
        return None
    return context.table(name)
