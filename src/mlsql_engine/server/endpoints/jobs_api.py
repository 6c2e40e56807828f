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
_ID: Final = in_path("id", "the job's id")
_NUMBER: Final = "da04d7a717e340d1a1feb0cfba0b67d3"
_EXAMPLE: Final[dict[str, Any]] = {
    "jobId": _NUMBER,
    "jobName": "nightly",
    "owner": "",
    "caller": "local",
    "state": "running",
    "statement": "train data as PythonAlg.`models/wine`",
    "statements": 3,
    "done": 1,
    "rows": 0,
    "truncated": False,
    "createdAt": "2026-11-23T07:24:36.950Z",
    "startedAt": "2026-11-23T07:24:36.951Z",
    "endedAt": None,
    "error": None,
    "callback": None,
    "statusUrl": f"/jobs/{_NUMBER}",
    "resultUrl": f"/jobs/{_NUMBER}/result",
    "eventsUrl": f"/jobs/{_NUMBER}/events",
}
_ENDED: Final = {**_EXAMPLE, "state": "cancelled", "endedAt": "2026-11-23T07:25:01.002Z"}
_EVENTS: Final = (
    'id: 1\nevent: output\ndata: {"time":1795415288706,"who":"train.py","line":"epoch 1"}\n\n'
    'id: 2\nevent: end\ndata: {"time":1795415288710,"state":"succeeded","rows":1}\n\n'
)

JOBS: Final[dict[str, Any]] = {
    "tags": ["jobs"],
    "operationId": "jobs",
    "summary": "The caller's jobs, newest first",
    "description": "Callers of the role admin see all jobs, others those that they have asked for.",
    "parameters": [
        query("state", "only those in this state", _STATE),
        query("owner", "only those of this owner", TEXT),
    ],
    "responses": {
        "200": in_json("the jobs", object_of({"jobs": list_of(_JOB)}), {"jobs": [_EXAMPLE]}),
    },
}
JOB: Final[dict[str, Any]] = {
    "tags": ["jobs"],
    "operationId": "job",
    "summary": "One job",
    "parameters": [_ID],
    "responses": {"200": in_json("the job", _JOB, _EXAMPLE)},
}


def cancel(name: str) -> dict[str, Any]:
    """Either way to end a job."""
    return {
        "tags": ["jobs"],
        "operationId": name,
        "summary": "End a job",
        "description": "What it does is interrupted, its workers end, and it does nothing more. One that has ended "
        "stays as it is.",
        "parameters": [_ID],
        "responses": {
            "200": in_json("the job had ended", _JOB, _ENDED),
            "202": in_json("the job ends soon", _JOB, _EXAMPLE),
        },
    }


RESULT: Final[dict[str, Any]] = {
    "tags": ["jobs"],
    "operationId": "jobResult",
    "summary": "The rows of a job that has ended",
    "description": "As /run/script answers them; of a job that failed, its error. Rows are kept for async jobs.",
    "parameters": [_ID],
    "responses": {"200": ROWS_RESPONSE, **refused(409, 413)},
}
EVENTS: Final[dict[str, Any]] = {
    "tags": ["jobs"],
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
            "content": {"text/event-stream": {"schema": TEXT, "example": _EVENTS}},
        },
        "204": {"description": "the job has ended, and all its events were seen"},
    },
}
