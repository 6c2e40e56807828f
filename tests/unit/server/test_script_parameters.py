"""The parameters of /run/script."""

from __future__ import annotations

from typing import Any

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.server.callers import Caller, Role
from mlsql_engine.server.job import Script
from mlsql_engine.server.script_parameters import script_of

ADA = Caller("ada", Role.RUN)


def of(**given: Any) -> Script:
    return script_of({"sql": "select 1 as a as t;", **given}, ADA, 5_000)


def test_defaults() -> None:
    assert of() == Script("select 1 as a as t;", "script", "ada", rows=5_000)


@pytest.mark.parametrize("true", ["true", "TRUE", True])
def test_all_of_them(true: object) -> None:
    made = of(
        owner="bob",
        jobName="nightly",
        timeout="1500",
        callback="http://h/",
        sessionPerUser=true,
        includeSchema=true,
        silence=true,
        fetchType="collect",
        **{"async": true, "set.day": 3, "set.x": "y"},
    )
    assert made == Script(
        "select 1 as a as t;",
        "nightly",
        "bob",
        rows=None,
        silent=True,
        with_schema=True,
        seconds=1.5,
        per_user=True,
        waits=False,
        callback="http://h/",
        variables={"day": "3", "x": "y"},
    )


def test_what_the_original_says_and_is_so_anyway() -> None:
    fixed = {"jobType": "script", "executeMode": "query", "skipAuth": "false", "skipInclude": False}
    assert of(timeout=-1, fetchType="take", skipGrammarValidate="false", **fixed) == of()
    assert of(sessionPerRequest="true").per_request


def test_a_parameter_that_the_script_names_is_a_variable() -> None:
    made = script_of({"sql": "select '${day}' as d as t;", "day": True}, ADA, 1)
    assert made.variables == {"day": "true"}


@pytest.mark.parametrize(
    ("given", "code", "message", "hint"),
    [
        ({"sql": " "}, "BAD_VALUE", "the request brings no script", "the parameter sql holds it"),
        ({"sql": 3}, "BAD_VALUE", "the parameter 'sql' is a text", None),
        (
            {"sessionperuser": "true"},
            "UNKNOWN_PARAMETER",
            "there is no parameter 'sessionperuser'",
            "did you mean 'sessionPerUser'? For the variable ${sessionperuser}, which the script does not have, it "
            "is set.sessionperuser",
        ),
        (
            {"timeout": "1s"},
            "BAD_VALUE",
            "the parameter 'timeout' is a whole number, not '1s'",
            None,
        ),
        (
            {"timeout": 0},
            "BAD_VALUE",
            "the parameter 'timeout' cannot be 0",
            "it is a time in milliseconds, up to 30 days; -1, and none, set no limit",
        ),
        ({"async": "yes"}, "BAD_VALUE", "the parameter 'async' is true or false, not 'yes'", None),
        (
            {"callback": "http://h/"},
            "BAD_VALUE",
            "callback goes with async=true: else the answer itself brings the rows",
            None,
        ),
        (
            {"sessionPerUser": "true", "sessionPerRequest": "true"},
            "BAD_VALUE",
            "sessionPerUser and sessionPerRequest name different sessions",
            "give one of them",
        ),
        (
            {"fetchType": "all"},
            "BAD_VALUE",
            "the parameter 'fetchType' cannot be 'all'",
            "it is one of: collect, take",
        ),
        (
            {"skipAuth": "true"},
            "UNSUPPORTED",
            "the parameter 'skipAuth' can only be false",
            "what a script may touch is for whoever runs the server to say",
        ),
        (
            {"jobType": "stream"},
            "UNSUPPORTED",
            "the parameter 'jobType' can only be script",
            "every job is a script",
        ),
        ({"jobName": "a\nb"}, "BAD_VALUE", "the parameter 'jobName' is a line of at most 200 characters", None),
        ({"owner": "x" * 201}, "BAD_VALUE", "the parameter 'owner' is a line of at most 200 characters", None),
        ({"set.": "x"}, "BAD_VALUE", "'set.' names no variable", None),
        ({"set.a": [1]}, "BAD_VALUE", "the variable 'a' is a text or a number", None),
    ],
)
def test_wrong_ones(given: dict[str, Any], code: str, message: str, hint: str | None) -> None:
    with pytest.raises(MlsqlError) as caught:
        of(**given)
    assert (caught.value.code, caught.value.message, caught.value.hint) == (code, message, hint)


def test_a_variable_is_given_once() -> None:
    with pytest.raises(MlsqlError, match="the variable 'day' is given twice"):
        script_of({"sql": "select '${day}' as d as t;", "day": 1, "set.day": 2}, ADA, 1)
