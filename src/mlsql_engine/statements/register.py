"""register: make a model a SQL function of this session.

    register ALGORITHM.`path` as function [where key="value" and …];

The newest version of the model is loaded at once in a worker process of its own, so that what is wrong with it is
said here. In SQL the function takes one vector, one array of numbers, several number columns or `struct(*)`; a
NULL among them gives NULL.

    register PythonAlg.`/tmp/model` as predict where pythonScriptPath="predict.py";
    select predict(features) as p from data as predicted;
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlsql_engine.algorithms.base import FunctionRequest
from mlsql_engine.core.errors import errors_at
from mlsql_engine.core.type_names import type_name
from mlsql_engine.language.ast import RegisterStatement
from mlsql_engine.statements.context import Context, Outcome, model_path, options_of

if TYPE_CHECKING:
    import pyarrow as pa


def execute(statement: RegisterStatement, context: Context) -> Outcome:
    """Load the model and make it callable. Raises ModelProblem, ScriptFailed or WorkerProblem."""
    algorithm = context.session.algorithms.find(statement.algorithm.name)
    options: Any = options_of(algorithm.function_options, statement.options, f"register {algorithm.name}")
    name = statement.function.value
    path = model_path(statement.algorithm.path)
    request = FunctionRequest(name, path, options, statement.span.source.folder, context.workshop)
    with errors_at(statement.algorithm.path.span, "NO_MODEL", "MODEL", "STORAGE"):
        described = context.session.functions.add(algorithm.function(request))
    context.session.models[request.path] = None
    if context.engine.register_function(name):
        context.workshop.progress.warn(
            "HIDDEN_FUNCTION", f"'{name}' is a function of SQL; in this session it is the model from now on"
        )
    context.workshop.progress.note(f"register: {name} gives {_kind(described.return_type)}")
    return Outcome()


def _kind(return_type: pa.DataType) -> str:
    name = type_name(return_type)
    return "a vector" if name == "vector" else name
