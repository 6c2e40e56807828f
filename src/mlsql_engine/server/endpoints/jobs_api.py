"""How /jobs is described."""

from __future__ import annotations

from typing import Any, Final

from mlsql_engine.server.endpoints.described import (
    ERROR,
    FLAG,
    TEXT,
    WHOLE,
    Schema,
    in_json,
    in_path,
    list_of,
    nullable,
    object_of,
    query,
    refused,
)
from mlsql_engine.server.endpoints.scripts_api import ROWS_RESPONSE

_STATE: Final[Schema] = {"type": "string", "enum": ["queued", "running", "succeeded", "failed", "cancelled"]}
_TIME: Final[Schema] = {"type": "string", "format": "date-time"}
_CALLBACK: Final[Schema] = object_of(
    {
        "state": {"type": "string", "enum": ["waiting", "delivered", "failed"]},
        "attempts": WHOLE,
        "message": nullable(TEXT),
    }
)
_JOB: Final[Schema] = object_of(
    {
        "jobId": TEXT,
        "jobName": TEXT,
        "owner": TEXT,
        "caller": TEXT,
        "state": _STATE,
        "statement": {**TEXT, "description": "the first line of what it does, or did last"},
        "statements": {**WHOLE, "description": "how many the script has; 0 before it is parsed"},
        "done": {**WHOLE, "description": "how many of them have ended"},
        "rows": {**WHOLE, "description": "how many rows of its table have been read"},
        "truncated": FLAG,
        "createdAt": _TIME,
        "startedAt": nullable(_TIME),
        "endedAt": nullable(_TIME),
        "error": nullable(ERROR),
        "callback": nullable(_CALLBACK),
        "statusUrl": TEXT,
        "resultUrl": TEXT,
        "eventsUrl": TEXT,
    }
)
_EXAMPLE: Final = {
    "jobId": "686f4c675cff4bc689aca63ce322e756",
    "jobName": "nightly",
    "owner": "analyst",
    "caller": "analyst",
    "state": "running",
    "statement": "train d as SKLearn.`models/wine`",
    "statements": 3,
    "done": 1,
    "rows": 0,
    "truncated": False,
    "createdAt": "2026-11-23T07:29:20.098+00:00",
    "startedAt": "2026-11-23T07:29:20.099+00:00",
    "endedAt": None,
    "error": None,
    "callback": None,
    "statusUrl": "/jobs/686f4c675cff4bc689aca63ce322e756",
    "resultUrl": "/jobs/686f4c675cff4bc689aca63ce322e756/result",
    "eventsUrl": "/jobs/686f4c675cff4bc689aca63ce322e756/events",
}
_EVENTS_EXAMPLE: Final = """\
id: 2
event: end
data: {"time":1795418960414,"state":"succeeded","rows":1}

"""
_ID: Final = in_path("id", "the job's id")

JOBS: Final[dict[str, Any]] = {
    "operationId": "jobs",
    "summary": "The caller's jobs, newest first",
    "description": "Callers of the role admin see all jobs, others those that they have asked for.",
    "parameters": [
        query("state", "only those in this state", _STATE),
        query("owner", "only those of this owner", TEXT),
    ],
    "responses": {
        "200": in_json("the jobs", object_of({"jobs": list_of(_JOB)}), {"jobs": [_EXAMPLE]}),
        **refused(400, 401, 403, 429, 500),
    },
}
JOB: Final[dict[str, Any]] = {
    "operationId": "job",
    "summary": "One job",
    "parameters": [_ID],
    "responses": {"200": in_json("the job", _JOB, _EXAMPLE), **refused(401, 403, 404, 429, 500)},
}


def cancel(name: str) -> dict[str, Any]:
    """Either way to end a job."""
    return {
        "operationId": name,
        "summary": "End a job",
        "description": "What it does is interrupted, its workers end, and it does nothing more. One that has ended "
        "stays as it is.",
        "parameters": [_ID],
        "responses": {
            "200": in_json("the job had ended", _JOB, _EXAMPLE),
            "202": in_json("the job ends soon", _JOB, _EXAMPLE),
            **refused(401, 403, 404, 429, 500),
        },
    }


RESULT: Final[dict[str, Any]] = {
    "operationId": "jobResult",
    "summary": "The rows of a job that has ended",
    "description": "As /run/script answers them; of a job that failed, its error. Rows are kept for async jobs.",
    "parameters": [_ID],
    "responses": {"200": ROWS_RESPONSE, **refused(400, 401, 403, 404, 409, 413, 429, 500, 502, 503, 504)},
}
EVENTS: Final[dict[str, Any]] = {
    "operationId": "jobEvents",
    "summary": "What a job tells, as it tells it",
    "description": "Server-sent events: state, progress, warning, output, missed (some are kept no more) and, "
    "last, end. The data of each is a JSON object with the time in milliseconds.",
    "parameters": [
        _ID,
        {
            "name": "Last-Event-ID",
            "in": "header",
            "required": False,
            "description": "the number of the last event that was seen",
            "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"},
        },
    ],
    "responses": {
        "200": {
            "description": "the events",
            "content": {"text/event-stream": {"schema": TEXT, "example": _EVENTS_EXAMPLE}},
        },
        "204": {"description": "the job has ended, and all its events were seen"},
        **refused(400, 401, 403, 404, 429, 500),
    },
}
