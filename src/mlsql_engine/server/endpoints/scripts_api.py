"""How /run/script is described."""

from __future__ import annotations

from typing import Any, Final

from mlsql_engine.server.endpoints.described import FLAG, TEXT, WHOLE, Schema, in_json, list_of, object_of, refused
from mlsql_engine.server.script_parameters import LONGEST_LINE, LONGEST_TIME

_LINE: Final[Schema] = {**TEXT, "maxLength": LONGEST_LINE, "pattern": "^[^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]*$"}
_TRUE_OR_FALSE: Final[Schema] = {"anyOf": [FLAG, {"type": "string", "enum": ["true", "false"]}], "default": False}


def _flag(description: str) -> Schema:
    return {**_TRUE_OR_FALSE, "description": description}


def _fixed(value: str) -> Schema:
    return {"type": "string", "enum": [value], "description": "of the original; nothing else can be asked for"}


_BODY: Final[Schema] = {
    "type": "object",
    "required": ["sql"],
    "properties": {
        "sql": {**TEXT, "pattern": "\\S", "description": "the script"},
        "owner": {**_LINE, "description": "whose script it is; without it the caller's"},
        "jobName": {**_LINE, "description": "what errors and /jobs call it", "default": "script"},
        "timeout": {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": LONGEST_TIME},
                {"const": -1},
                {"type": "string", "pattern": "^(-1|[1-9][0-9]{0,8})$"},
            ],
            "description": "milliseconds after which the script is ended; -1: none",
            "default": -1,
        },
        "async": _flag("answer at once, with the job's id"),
        "callback": {**TEXT, "description": "with async: the URL that is told of the end, by a POST of a form"},
        "sessionPerUser": _flag("run in the owner's own session"),
        "sessionPerRequest": _flag("run in a session of its own, which ends with the script"),
        "includeSchema": _flag("answer {schema, data}; the schema is Spark's"),
        "silence": _flag("read no table, and answer no rows"),
        "fetchType": {**TEXT, "enum": ["take", "collect"], "default": "take", "description": "5,000 rows, or all"},
        "jobType": _fixed("script"),
        "executeMode": _fixed("query"),
        "skipInclude": _fixed("false"),
        "skipAuth": _fixed("false"),
        "skipGrammarValidate": _fixed("false"),
    },
    "patternProperties": {
        "^set\\..+$": {
            "type": ["string", "number", "boolean"],
            "description": "set.NAME: the variable ${NAME}; where the script holds ${NAME}, NAME alone will do",
        }
    },
    "additionalProperties": False,
}

_ROWS: Final[Schema] = list_of({"type": "object"})
_WITH_SCHEMA: Final[Schema] = object_of({"schema": {"type": "object"}, "data": _ROWS})
JOB_BEGUN: Final[Schema] = object_of(
    {
        "jobId": TEXT,
        "state": TEXT,
        "statusUrl": TEXT,
        "resultUrl": TEXT,
        "eventsUrl": TEXT,
    }
)
_HEADERS: Final[dict[str, Any]] = {
    "X-Mlsql-Job": {"description": "the job's id", "schema": TEXT},
    "X-Mlsql-Rows": {"description": "how many rows the answer has", "schema": WHOLE},
    "X-Mlsql-Truncated": {"description": "true where the table has more rows", "schema": TEXT},
}
ROWS_RESPONSE: Final[dict[str, Any]] = {
    **in_json("the rows of the last table", {"anyOf": [_ROWS, _WITH_SCHEMA]}, [{"n": 1}]),
    "headers": _HEADERS,
}
_EXAMPLE: Final = {"sql": "select 1 as n as t;", "owner": "ada"}
_JOB_ID: Final = "3f0c9a7e5d2b4c1f8a6e0d9b7c5a3f21"

RUN_SCRIPT: Final[dict[str, Any]] = {
    "tags": ["scripts"],
    "operationId": "runScript",
    "summary": "Run a script",
    "description": "Runs the statements of a script and answers the rows of the last table that it makes; an empty "
    "array where it makes none. A client that goes away ends its script, unless it is async.",
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {"schema": _BODY, "example": _EXAMPLE},
            "application/json": {"schema": _BODY, "example": _EXAMPLE},
        },
    },
    "responses": {
        "200": ROWS_RESPONSE,
        "202": {
            **in_json(
                "the script of an async request runs, or waits",
                JOB_BEGUN,
                {
                    "jobId": _JOB_ID,
                    "state": "queued",
                    "statusUrl": f"/jobs/{_JOB_ID}",
                    "resultUrl": f"/jobs/{_JOB_ID}/result",
                    "eventsUrl": f"/jobs/{_JOB_ID}/events",
                },
            ),
            "headers": {"Location": {"description": "the job", "schema": TEXT}},
        },
        **refused(409),
    },
}
