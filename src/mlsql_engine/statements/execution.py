"""From parsed statements to what they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mlsql_engine.core.errors import BadValue, InternalError, MlsqlError
from mlsql_engine.core.secrets import hide_secrets
from mlsql_engine.language import ast, variables
from mlsql_engine.statements import (
    command,
    conditions,
    connect,
    create,
    drop,
    include,
    insert,
    load,
    plugin,
    predict,
    refresh,
    register,
    save,
    select,
    train,
    unregister,
)
from mlsql_engine.statements import set as set_statement
from mlsql_engine.statements.context import Context, Outcome


def execute_job(script: ast.Script, context: Context) -> None:
    """Run the script of the context's job, which is told how far it is."""
    job = context.job
    job.statements = len(script.statements)
    for statement in _in_order(script):
        _execute_one(statement, context)
        job.done += 1


def execute_script(script: ast.Script, context: Context) -> None:
    """Run a script that another one includes."""
    _execute_all(_in_order(script), context)


def _in_order(script: ast.Script) -> list[ast.Statement]:
    """The variables that the script sets at compile time, then its other statements."""
    return sorted(script.statements, key=is_early, reverse=True)


def is_early(statement: ast.Statement) -> bool:
    """Whether the statement sets its variable before the others of its script run."""
    return isinstance(statement, ast.SetStatement) and any(
        option.key.value.lower() == "mode" and option.value.value.strip().lower() == "compile"
        for option in statement.options
    )


def refuse_early(statement: ast.Statement) -> None:
    """Raise BadValue for a statement of a branch that would have to run before the branch is chosen."""
    if is_early(statement):
        raise BadValue(
            'mode="compile" cannot stand in a branch, which may not be taken',
            span=statement.span,
            hint='leave it out: mode="runtime" sets the variable when the statement is reached',
        )


def _execute_all(statements: Sequence[ast.Statement], context: Context) -> None:
    for statement in statements:
        _execute_one(statement, context)


def _execute_one(statement: ast.Statement, context: Context) -> None:
    if isinstance(statement, ast.IfStatement):
        _execute_branch(statement, context)
    else:
        execute(statement, context)


def _execute_branch(statement: ast.IfStatement, context: Context) -> None:
    try:
        with context.session.jobs.turn(context.job):
            branch = conditions.taken_branch(statement, context)
    except MlsqlError as error:
        error.at(statement.span)
        raise
    if branch is None:
        return
    for inner in branch.statements:
        refuse_early(inner)
    _execute_all(branch.statements, context)


def execute(statement: ast.Statement, context: Context) -> None:
    """Fill the statement's variables and run it. Every MlsqlError has a place in the script."""
    context.job.begins(hide_secrets(statement.span.text.partition("\n")[0])[:200])
    try:
        context.job.check()
        filled = variables.fill(statement, context.variables)
        if isinstance(filled, ast.IncludeStatement) or command.works_without_turn(filled, context):
            outcome = _dispatch(filled, context)
        else:
            with context.session.jobs.turn(context.job):
                outcome = _dispatch(filled, context)
    except MlsqlError as error:
        error.at(statement.span)
        raise
    if outcome.relation is not None:
        context.last = outcome
        if outcome.name is not None:
            read = (*outcome.relation.reads, *_input(statement))
            context.session.lineage.made(outcome.name, statement, read, context.variables)


def _input(statement: ast.Statement) -> tuple[str, ...]:
    """The table that the statement names as its input."""
    if isinstance(statement, ast.TrainStatement | ast.PredictStatement):
        return (statement.table.value,)
    return ()


def _dispatch(statement: ast.Statement, context: Context) -> Outcome:
    if isinstance(statement, ast.DefinitionStatement):
        return _DEFINITIONS[statement.word](statement, context)
    run = _STATEMENTS.get(type(statement))
    if run is None:
        raise InternalError(f"no statement {type(statement).__name__}")
    return run(statement, context)


# IfStatements are run by `_execute_branch`.
_STATEMENTS: dict[type[ast.Statement], Callable[[Any, Context], Outcome]] = {
    ast.LoadStatement: load.execute,
    ast.SelectStatement: select.execute,
    ast.SaveStatement: save.execute,
    ast.SetStatement: set_statement.execute,
    ast.ConnectStatement: connect.execute,
    ast.TrainStatement: train.execute,
    ast.PredictStatement: predict.execute,
    ast.RegisterStatement: register.execute,
    ast.UnregisterStatement: unregister.execute,
    ast.IncludeStatement: include.execute,
    ast.CommandStatement: command.execute,
    ast.OtherStatement: plugin.execute,
}
_DEFINITIONS: dict[str, Callable[[ast.DefinitionStatement, Context], Outcome]] = {
    "create": create.execute,
    "drop": drop.execute,
    "insert": insert.execute,
    "refresh": refresh.execute,
}
