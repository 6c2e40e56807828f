"""register: make a model, or a function of a Python script, a SQL function of this session.

    register ALGORITHM.`path` as function [where key="value" and …];
    register ScriptUDF.`table` as function [where key="value" and …];
    register ScriptUDF.`` as function where code='''…''' [and key="value" and …];

The newest version of a model is loaded at once in a worker process of its own, so that what is wrong with it is
said here. In SQL the function takes one vector, one array of numbers, several number columns or `struct(*)`; a
NULL among them gives NULL.

ScriptUDF makes a function, or with udfType="udaf" an aggregate, of a script that a table holds (load script) or
that stands in the option code; it runs in a worker process, too. [Script functions](script-functions.md) tells all.

    register PythonAlg.`/tmp/model` as predict where pythonScriptPath="predict.py";
    register ScriptUDF.`` as percent where dataType="string" and code='''
    def apply(share):
        return f"{share:.0%}"
    ''';
    select predict(features) as p, percent(predict(features)) as text from data as predicted;
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlsql_engine.algorithms.base import FunctionRequest, HasVersions, ScriptAlgorithm, ScriptRequest
from mlsql_engine.algorithms.scripts import script_of_table
from mlsql_engine.core.errors import BadValue, UnknownName, errors_at
from mlsql_engine.core.functions import FunctionSpec
from mlsql_engine.core.options import written_at
from mlsql_engine.core.text import Text
from mlsql_engine.core.type_names import type_name
from mlsql_engine.engines.base import Relation
from mlsql_engine.language.ast import RegisterStatement
from mlsql_engine.statements.context import Context, Outcome, Registration, model_path, options_of

if TYPE_CHECKING:
    import pyarrow as pa


def execute(statement: RegisterStatement, context: Context) -> Outcome:
    """Load the function and make it callable. Raises ModelProblem, ScriptFailed or WorkerProblem."""
    # What starts the worker comes up while the algorithm is imported.
    context.workshop.launcher.prepare()
    algorithm = context.session.algorithms.find(statement.algorithm.name)
    options: Any = options_of(algorithm.function_options, statement.options, f"register {algorithm.name}")
    name = statement.function.value
    if isinstance(algorithm, ScriptAlgorithm):
        described = context.session.functions.add(_script_function(algorithm, statement, options, context))
        context.session.registrations.pop(name.lower(), None)
    else:
        path = model_path(statement.algorithm.path)
        request = FunctionRequest(name, path, options, statement.span.source.folder, context.workshop)
        path_span, type_span = statement.algorithm.path.span, written_at(options, "return_type")
        with errors_at(path_span, "NO_MODEL", "MODEL", "STORAGE"), errors_at(type_span, "RETURN_TYPE"):
            versions = algorithm.versions(request) if isinstance(algorithm, HasVersions) else None
            spec = algorithm.function(replace(request, check=context.job.check))
            described = context.session.functions.add(spec, versions)
        context.session.models[request.path] = None
        context.session.registrations[name.lower()] = Registration(algorithm, request)
    if context.engine.register_function(name):
        what = "the model" if described.form == "model" else "the script's function"
        context.workshop.progress.warn(
            "HIDDEN_FUNCTION", f"'{name}' is a function of SQL; in this session it is {what} from now on"
        )
    context.workshop.progress.note(f"register: {name} gives {_kind(described.return_type)}")
    return Outcome()


def _script_function(
    algorithm: ScriptAlgorithm, statement: RegisterStatement, options: Any, context: Context
) -> FunctionSpec:
    target = statement.algorithm.path
    script = None
    if algorithm.check(target, options):
        script = script_of_table(_script_table(target, context), context.engine, target)
    else:
        refuse_second_script(target, context.engine.tables)
    folder = statement.span.source.folder
    return algorithm.script_function(ScriptRequest(statement.function.value, target, script, options, folder))


def _script_table(target: Text, context: Context) -> Relation:
    """The table that holds the script. Raises UnknownName."""
    try:
        return context.table(target)
    except UnknownName as error:
        error.hint = hint_of_variable(target, context.variables) or error.hint
        raise


def hint_of_variable(target: Text, variables: Container[str]) -> str | None:
    """What to say where the table of a script is not there, but a variable of that name is."""
    if target.value not in variables:
        return None
    return f"load script.`{target.value}` as t; makes a table of the variable"


def refuse_second_script(target: Text, tables: Container[str]) -> None:
    """Raise BadValue where a script that is given as code is given as a table, too."""
    if target.value.lower() in tables:
        raise BadValue(
            f"the script is given twice: as the table '{target.value}' and by the option 'code'",
            span=target.span,
            hint="leave the backquotes empty, or the option out",
        )


def _kind(return_type: pa.DataType) -> str:
    name = type_name(return_type)
    return "a vector" if name == "vector" else name
