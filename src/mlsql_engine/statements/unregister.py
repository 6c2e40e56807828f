"""unregister: forget a function.

    unregister function;
    unregister ALGORITHM.`path` [as function];

The function's workers end. The second form takes the words of the register statement: without a function's name
it forgets every function of that model, or of the script in that table. Tables that were made with the function can
still be read: they start its workers again.

    register PythonAlg.`/tmp/model` as score;
    unregister score;
"""

from __future__ import annotations

from mlsql_engine.algorithms.base import ScriptAlgorithm
from mlsql_engine.core.errors import ModelProblem, UnknownName
from mlsql_engine.core.functions import FunctionSpec
from mlsql_engine.core.text import Text
from mlsql_engine.language.ast import Target, UnregisterStatement
from mlsql_engine.statements.context import Context, Outcome, model_path


def execute(statement: UnregisterStatement, context: Context) -> Outcome:
    """Forget the functions. Raises UnknownName or ModelProblem where there is none."""
    names = [] if statement.function is None else [_registered(statement.function, context)]
    if statement.algorithm is not None:
        names = _of_model(statement.algorithm, names, context)
    for name in names:
        context.engine.unregister_function(name)
        context.session.functions.remove(name)
        context.session.registrations.pop(name, None)
    return Outcome()


def _registered(function: Text, context: Context) -> str:
    name = function.value.lower()
    known = [spec.name for spec, _ in context.session.functions.registered() if not spec.called]
    if name not in (other.lower() for other in known):
        raise UnknownName("function", function.value, known, span=function.span)
    return name


def _of_model(target: Target, wanted: list[str], context: Context) -> list[str]:
    """The functions of a model or a script, or that of them which is wanted."""
    algorithm = context.session.algorithms.find(target.name)
    of_scripts = isinstance(algorithm, ScriptAlgorithm)

    def is_of_it(spec: FunctionSpec) -> bool:
        if spec.function is not None:
            return of_scripts and spec.function.script.table == target.path.value.strip().lower()
        return not of_scripts and model_path(target.path).holds(spec.model)

    registered = [spec for spec, _ in context.session.functions.registered() if not spec.called]
    found = [spec.name.lower() for spec in registered if is_of_it(spec)]
    chosen = [name for name in found if not wanted or name in wanted]
    if not chosen:
        what = f"no function '{wanted[0]}'" if wanted else "no function"
        raise ModelProblem(
            f"{what} is registered of {algorithm.name}.`{target.path}`",
            span=target.path.span,
            hint="!show functions; lists those that are registered",
        )
    return chosen
