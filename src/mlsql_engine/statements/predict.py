"""predict: predict a whole table.

    predict table as ALGORITHM.`path` [where key="value" and …] [as result];

The result has the columns of the table and `prediction`. Which columns the model takes is told by the names it was
fitted on, else by featureCol (or inputCol) of its training, else it is the only vector column of the table.

A model of an MLflow project that has an entry point batch_predict predicts by it: the result is what its command
writes ([projects](projects.md)).

    predict data as PythonAlg.`/tmp/model` where pythonScriptPath="predict.py" as predicted;
"""

from __future__ import annotations

from typing import Any

from mlsql_engine.algorithms.base import FunctionRequest, PredictsTables, TableRequest, model_algorithm
from mlsql_engine.core.errors import BadValue, errors_at
from mlsql_engine.core.options import written_at
from mlsql_engine.core.text import Text
from mlsql_engine.engines.base import Relation
from mlsql_engine.engines.quoting import spark_identifier, spark_table
from mlsql_engine.language.ast import PredictStatement
from mlsql_engine.statements.context import Context, Outcome, model_path, options_of

_FUNCTION = "mlsql.predict"
_COLUMN = "prediction"


def execute(statement: PredictStatement, context: Context) -> Outcome:
    """Predict the table. Raises ModelProblem, ScriptFailed or WorkerProblem."""
    algorithm = model_algorithm(context.session.algorithms, statement.algorithm.name)
    options: Any = options_of(algorithm.function_options, statement.options, f"predict {algorithm.name}")
    relation = context.table(statement.table)
    path = model_path(statement.algorithm.path)
    folder = statement.span.source.folder
    request = FunctionRequest(
        _FUNCTION,
        path,
        options,
        folder,
        context.workshop,
        called="the predict statement",
        check=context.job.check,
    )
    if isinstance(algorithm, PredictsTables):
        whole = TableRequest(request, relation, context.engine, context.job.check)
        with errors_at(statement.algorithm.path.span, "NO_MODEL", "MODEL", "STORAGE"):
            made = algorithm.predict_table(whole)
        if made is not None:
            context.session.models[path] = None
            return _outcome(made, statement, context)
    if _COLUMN in (name.lower() for name in relation.columns):
        raise BadValue(
            f"the table '{statement.table.value}' already has a column '{_COLUMN}'",
            span=statement.table.span,
            hint="give it another name in a select before",
        )
    path_span, type_span = statement.algorithm.path.span, written_at(options, "return_type")
    with errors_at(path_span, "NO_MODEL", "MODEL", "STORAGE"), errors_at(type_span, "RETURN_TYPE"):
        described = context.session.functions.add(algorithm.function(request))
    context.session.models[path] = None
    context.engine.register_function(_FUNCTION)
    columns = algorithm.input_columns(request, described, context.engine.schema(relation))
    arguments = ", ".join(spark_identifier(column) for column in columns)
    table = spark_table(statement.table.value)
    query = f"select *, {spark_identifier(_FUNCTION)}({arguments}) as {_COLUMN} from {table}"
    return _outcome(context.engine.sql(Text.literal(query, statement.span)), statement, context)


def _outcome(predicted: Relation, statement: PredictStatement, context: Context) -> Outcome:
    if statement.result is None:
        return Outcome(predicted)
    context.engine.bind(statement.result.value, predicted)
    return Outcome(predicted, statement.result.value)
