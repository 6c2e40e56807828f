"""From a parsed statement to what it does."""

from __future__ import annotations

from mlsql_engine.core.errors import InternalError, MlsqlError
from mlsql_engine.language import ast, variables
from mlsql_engine.statements import command, load, predict, register, save, select, train
from mlsql_engine.statements import set as set_statement
from mlsql_engine.statements.context import Context, Outcome


def execute(statement: ast.Statement, context: Context) -> Outcome:
    """Fill the statement's variables and run it. Every MlsqlError has a place in the script."""
    try:
        return _dispatch(variables.fill(statement, context.variables), context)
    except MlsqlError as error:
        error.at(statement.span)
        raise


def _dispatch(statement: ast.Statement, context: Context) -> Outcome:
    match statement:
        case ast.LoadStatement():
            return load.execute(statement, context)
        case ast.SelectStatement():
            return select.execute(statement, context)
        case ast.SaveStatement():
            return save.execute(statement, context)
        case ast.SetStatement():
            return set_statement.execute(statement, context)
        case ast.TrainStatement():
            return train.execute(statement, context)
        case ast.PredictStatement():
            return predict.execute(statement, context)
        case ast.RegisterStatement():
            return register.execute(statement, context)
        case ast.CommandStatement():
            return command.execute(statement, context)
    raise InternalError(f"no statement {type(statement).__name__}")
