"""The parameters of /run/script: the original's names, and what each means here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from mlsql_engine.core.errors import BadValue, MlsqlError, UnknownName
from mlsql_engine.server.callers import Caller
from mlsql_engine.server.job import Script
from mlsql_engine.server.parameters import Parameters

_VARIABLE: Final = "set."
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LONGEST_LINE: Final = 200
LONGEST_TIME: Final = 2_592_000_000
"""Milliseconds."""

OURS: Final = (
    "sql",
    "owner",
    "jobName",
    "timeout",
    "async",
    "callback",
    "sessionPerUser",
    "sessionPerRequest",
    "includeSchema",
    "silence",
    "fetchType",
)
FIXED: Final[Mapping[str, tuple[str, str]]] = {
    "jobType": ("script", "every job is a script"),
    "executeMode": ("query", "mlsql check looks at a script without running it"),
    "skipInclude": ("false", "include statements are run"),
    "skipAuth": ("false", "what a script may touch is for whoever runs the server to say"),
    "skipGrammarValidate": ("false", "a script is parsed whole before anything of it runs"),
}
"""Parameters of the original that can only say what is done anyway, that value, and why."""


def script_of(given: Mapping[str, Any], caller: Caller, most_rows: int) -> Script:
    """What a request asks for. Raises BadValue, and UnknownName for a parameter that means nothing."""
    asked = Parameters(given)
    text = asked.text("sql", "")
    if not text.strip():
        raise BadValue("the request brings no script", hint="the parameter sql holds it")
    variables = _variables(asked, given, text)
    _check_fixed(asked)
    later, callback = asked.flag("async"), asked.text("callback", "")
    if callback and not later:
        raise BadValue("callback goes with async=true: else the answer itself brings the rows")
    if asked.flag("sessionPerUser") and asked.flag("sessionPerRequest"):
        raise BadValue("sessionPerUser and sessionPerRequest name different sessions", hint="give one of them")
    milliseconds = asked.whole("timeout")
    if milliseconds not in (None, -1) and not 0 < milliseconds <= LONGEST_TIME:
        raise BadValue(
            f"the parameter 'timeout' cannot be {milliseconds}",
            hint="it is a time in milliseconds, up to 30 days; -1, and none, set no limit",
        )
    return Script(
        text=text,
        name=_line(asked, "jobName") or "script",
        owner=_line(asked, "owner") or caller.name,
        rows=None if asked.one_of("fetchType", ("take", "collect"), "take") == "collect" else most_rows,
        silent=asked.flag("silence"),
        with_schema=asked.flag("includeSchema"),
        seconds=None if milliseconds in (None, -1) else milliseconds / 1000,
        per_user=asked.flag("sessionPerUser"),
        per_request=asked.flag("sessionPerRequest"),
        waits=not later,
        callback=callback or None,
        variables=variables,
    )


def _line(asked: Parameters, name: str) -> str:
    line = asked.text(name, "").strip()
    if len(line) > LONGEST_LINE or _CONTROL.search(line):
        raise BadValue(f"the parameter '{name}' is a line of at most {LONGEST_LINE} characters")
    return line


def _variables(asked: Parameters, given: Mapping[str, Any], text: str) -> dict[str, str]:
    """The variables that the request gives: set.NAME, and NAME where the script holds ${NAME}."""
    found: dict[str, str] = {}
    for name in asked.others({*OURS, *FIXED}):
        variable = name.removeprefix(_VARIABLE)
        if variable == name and f"${{{name}}}" not in text:
            error = UnknownName("parameter", name, {*OURS, *FIXED})
            variable = f"For the variable ${{{name}}}, which the script does not have, it is set.{name}"
            error.hint = f"{error.hint} {variable}"
            raise error
        value = given[name]
        if variable in found or not variable:
            raise BadValue(f"the variable '{variable}' is given twice" if variable else "'set.' names no variable")
        if isinstance(value, bool):
            value = str(value).lower()
        if not isinstance(value, str | int | float):
            raise BadValue(f"the variable '{variable}' is a text or a number")
        found[variable] = str(value)
    return found


def _check_fixed(asked: Parameters) -> None:
    for name, (value, why) in FIXED.items():
        if name not in asked:
            continue
        given = str(asked.flag(name)).lower() if value == "false" else asked.text(name, value)
        if given != value:
            raise MlsqlError(f"the parameter '{name}' can only be {value}", code="UNSUPPORTED", hint=why)
