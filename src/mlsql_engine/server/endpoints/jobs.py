"""The jobs of the server: /jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from mlsql_engine.core.errors import BadValue, Cancelled, MlsqlError
from mlsql_engine.server import errors
from mlsql_engine.server.callers import Role
from mlsql_engine.server.endpoints import jobs_api as described
from mlsql_engine.server.endpoints.scripts import rows_response
from mlsql_engine.server.job import ScriptJob
from mlsql_engine.server.json_response import JsonResponse
from mlsql_engine.server.parameters import Parameters
from mlsql_engine.server.request import Request
from mlsql_engine.server.routes import Route
from mlsql_engine.server.scrubbing import without_folders

_STATES = ("queued", "running", "succeeded", "failed", "cancelled")


async def jobs(request: Request) -> Response:
    """The caller's jobs, newest first."""
    asked = Parameters(await request.parameters())
    asked.refuse_others(("state", "owner"))
    state = asked.one_of("state", _STATES, "queued") if "state" in asked else None
    owner = asked.text("owner", "")
    found = [
        job.described(request.caller)
        for job in reversed(request.server.jobs.of(request.caller))
        if state in (None, job.state) and owner in ("", job.script.owner)
    ]
    return _json({"jobs": found})


async def job(request: Request) -> Response:
    """One job; DELETE ends it."""
    found = _found(request)
    if request.method == "DELETE":
        return _cancelled(request, found)
    return _json(found.described(request.caller))


async def cancel(request: Request) -> Response:
    """End a job."""
    return _cancelled(request, _found(request))


def _cancelled(request: Request, found: ScriptJob) -> Response:
    request.server.jobs.cancel(found, Cancelled(f"{request.caller.name} ended the job"))
    return _json(found.described(request.caller), 200 if found.has_ended else 202)


async def result(request: Request) -> Response:
    """The rows of a job that has ended; of one that failed its error."""
    found = _found(request)
    if not found.has_ended:
        raise MlsqlError(
            f"the job is {found.state}: it has no result yet",
            code="JOB_RUNNING",
            hint=f"GET {found.addresses['eventsUrl']} tells when it ends",
        )
    if found.error is not None:
        return errors.response(found.error, request.caller)
    if found.result is None:
        raise MlsqlError(
            "the rows went with the answer to the request" if found.script.waits else "the rows are kept no more",
            code="NO_RESULT",
            hint="with async=true they are kept for some time; save a table to keep it for good",
        )
    return rows_response(found, found.result)


async def events(request: Request) -> Response:
    """What a job tells, as server-sent events, from the first that is kept or after Last-Event-ID."""
    found = _found(request)
    written = request.headers.get("last-event-id", "").strip() or "0"
    if not written.isdecimal() or len(written) > 18:
        raise BadValue("the header Last-Event-ID is the number of an event", code="REQUEST")
    if found.has_ended and not found.log.after(int(written)):
        return Response(status_code=204)  # tells a browser not to ask again
    return EventSourceResponse(_events(found, int(written), request))


async def _events(found: ScriptJob, number: int, request: Request) -> AsyncIterator[ServerSentEvent]:
    hidden = request.caller.role < Role.ADMIN
    while True:
        for event in found.log.after(number):
            number = event.id
            data = msgspec.json.encode(event.data).decode()
            if hidden:
                data = without_folders(data, request.server.roots)
            yield ServerSentEvent(data, event=event.kind, id=str(event.id))
            if event.kind == "end":
                return
        await found.log.wait(number)


def _found(request: Request) -> ScriptJob:
    return request.server.jobs.find(request.path_params["id"], request.caller)


def _json(value: Any, status: int = 200) -> Response:
    return JsonResponse(msgspec.json.encode(value), status)


ROUTES = (
    Route("/jobs", jobs, ("GET",), Role.RUN, {"get": described.JOBS}),
    Route(
        "/jobs/{id}", job, ("GET", "DELETE"), Role.RUN, {"get": described.JOB, "delete": described.cancel("endJob")}
    ),
    Route("/jobs/{id}/result", result, ("GET",), Role.RUN, {"get": described.RESULT}),
    Route("/jobs/{id}/events", events, ("GET",), Role.RUN, {"get": described.EVENTS}),
    Route("/jobs/{id}/cancel", cancel, ("POST",), Role.RUN, {"post": described.cancel("cancelJob")}),
)
