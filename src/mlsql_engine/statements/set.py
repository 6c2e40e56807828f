"""set: give a variable a value, or the engine a setting.

    set name = "value" [where type="text|sql|shell|conf|defaultParam"
                        and scope="session|request" and mode="runtime|compile"];

`${name}` stands for the value in every later statement: in paths, options, SQL and strings. `\\${name}` is left as
it is, without the backslash. `${date.toString('yyyyMMdd')}` is the time at which the run began, by a pattern of
Java's; `${date.minusDays(1).toString('yyyy-MM-dd')}` was yesterday (plus and minus Years, Months, Weeks, Days,
Hours, Minutes, Seconds; withDayOfMonth, withMonthOfYear).

- type="text" (default): the value is the text.
- type="sql": the value is the first column of the first row of a query.
- type="shell": the value is what a command of the shell prints, without the last line end. Whoever runs the script
  can turn it off (mlsql run --no-shell); a server does.
- type="defaultParam": the value holds only where none was given from outside (by --set, or by the caller) and none
  was set before.
- type="conf": no variable, but a setting of the engine, such as spark.sql.session.timeZone.
- scope="session" (default): the value stays for later scripts of the session; "request": until the run ends.
- mode="runtime" (default): the variable is set when the statement is reached; "compile": before the first
  statement of its script runs. In a branch of `!if`, which may not be taken, only "runtime" can stand.

A set statement of type sql:

    select 1 as a union all select 2 as t;
    set n = `select count(*) from t` where type="sql";
    select '${n} rows' as text as result;
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Literal

from mlsql_engine.core.errors import BadValue, Detail, MlsqlError, errors_at
from mlsql_engine.core.options import option
from mlsql_engine.core.settings import Settings
from mlsql_engine.core.text import Text
from mlsql_engine.language.ast import SetStatement
from mlsql_engine.statements.context import Context, Outcome, options_of
from mlsql_engine.statements.query_value import first_value


@dataclass(frozen=True)
class SetOptions:
    """Options of set."""

    type: Literal["text", "sql", "shell", "conf", "defaultParam"] = option("text", doc="what kind of value it is")
    scope: Literal["session", "request"] = option("session", doc="how long the value stays")
    mode: Literal["runtime", "compile"] = option("runtime", doc="when the variable is set")


def execute(statement: SetStatement, context: Context) -> Outcome:
    """Set the variable. Raises SqlProblem and others for a query, BadValue for one without a value or a command."""
    options = options_of(SetOptions, statement.options, "set")
    name = statement.name.value
    if options.type == "conf":
        with errors_at(statement.value.span), errors_at(statement.name.span, "UNKNOWN_SETTING"):
            known = context.engine.configure(name, statement.value.value)
        if not known:
            context.workshop.progress.warn(
                "NO_SETTING", f"{name} means nothing to the engine {context.engine.name}, and is passed over"
            )
        return Outcome()
    variables = context.variables
    if options.type == "defaultParam" and name in variables:
        return Outcome()
    value = _value(options, statement.value, context)
    if options.scope == "request":
        variables.own[name] = value
    else:
        variables.own.pop(name, None)
        variables.kept[name] = value
    return Outcome()


def _value(options: SetOptions, written: Text, context: Context) -> str:
    match options.type:
        case "sql":
            return _as_text(first_value(written, context), written)
        case "shell":
            return _printed(written, context)
    return written.value


def _as_text(value: object, query: Text) -> str:
    if value is None:
        raise BadValue(
            "the query's value is NULL, and a variable is a text",
            span=query.span,
            hint="coalesce(…, 'something') gives a value in its place",
        )
    return str(value).lower() if isinstance(value, bool) else str(value)


def check_shell(command: Text, settings: Settings) -> None:
    """Raise BadValue where commands of the shell are not run."""
    if not settings.shell:
        raise BadValue(
            "commands of the shell are not run here",
            span=command.span,
            code="NOT_ALLOWED",
            hint="whoever runs the script decides: mlsql run without --no-shell runs them",
        )


def _printed(command: Text, context: Context) -> str:
    check_shell(command, context.session.settings)
    try:
        done = subprocess.run(  # noqa: S602 - this is what the user asks for
            command.value,
            shell=True,
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            cwd=command.span.source.folder,
        )
    except (OSError, ValueError) as error:
        raise BadValue(f"the command cannot be run: {error}", span=command.span, code="SHELL") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise MlsqlError(
            f"the command ended with exit status {done.returncode}",
            span=command.span,
            code="SHELL",
            details=[Detail("standard error", said)] if said else [],
        )
    return done.stdout.decode("utf-8", "replace").removesuffix("\n")
