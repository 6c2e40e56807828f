"""ScriptUDF as a ScriptAlgorithm."""

from __future__ import annotations

from mlsql_engine.algorithms.base import ScriptRequest
from mlsql_engine.algorithms.script_udf.options import FunctionOptions
from mlsql_engine.algorithms.scripts import script_of_code
from mlsql_engine.core.errors import BadValue, InternalError
from mlsql_engine.core.functions import FunctionSpec, ScriptFunction
from mlsql_engine.core.text import Text
from mlsql_engine.environments import interpreters


class ScriptUdf:
    """Makes SQL functions and aggregates of Python scripts."""

    name = "ScriptUDF"
    function_options = FunctionOptions

    def check(self, target: Text, options: FunctionOptions) -> bool:
        """See ScriptAlgorithm.check."""
        if options.code is None and not target.value.strip():
            raise BadValue(
                "register ScriptUDF needs a script: a table that holds it, or the option 'code'",
                span=target.span,
                hint="load script.`variable or file` as t; register ScriptUDF.`t` as f;",
            )
        if options.code is not None and not options.code.value.strip():
            raise BadValue("the option 'code' is empty", span=options.code.span)
        return options.code is None

    def script_function(self, request: ScriptRequest) -> FunctionSpec:
        """See ScriptAlgorithm.script_function."""
        options: FunctionOptions = request.options
        code = options.code
        script = request.script if code is None else script_of_code(code, request.name)
        if script is None:
            raise InternalError("a script function without a script")
        python_path = options.python_path
        return FunctionSpec(
            name=request.name,
            model_path="",
            interpreter=interpreters.resolve(python_path, request.folder),
            interpreter_flags=options.flags,
            environment=options.environment,
            return_type=options.data_type.name if options.data_type else None,
            resources=options.resources,
            function=ScriptFunction(
                script=script,
                form=options.udf_type,
                method=options.method_name.value if options.method_name else None,
                class_name=options.class_name.value if options.class_name else None,
            ),
        )
