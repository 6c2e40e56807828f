"""POST /run/script."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

from mlsql_engine.core.errors import Cancelled
from mlsql_engine.server import errors
from mlsql_engine.server.callers import Role
from mlsql_engine.server.endpoints.scripts_api import RUN_SCRIPT
from mlsql_engine.server.job import ScriptJob
from mlsql_engine.server.json_response import JsonResponse
from mlsql_engine.server.request import Request
from mlsql_engine.server.results import Result
from mlsql_engine.server.routes import Route
from mlsql_engine.server.script_parameters import script_of

_SMALL = 256 << 10


async def run_script(request: Request) -> Response:
    """Run a script; its last table, or with async=true where the job is found."""
    server = request.server
    script = script_of(await request.parameters(), request.caller, server.settings.limits.result_rows)
    if script.callback is not None:
        server.callbacks.hosts.target(script.callback)
    request.audited.update(owner=script.owner, sql=script.text)
    job = server.jobs.begin(script, request.caller)
    request.audited["job"] = job.id
    if not script.waits:
        place = job.addresses["statusUrl"]
        body = {"jobId": job.id, "state": job.state, **job.addresses}
        return JsonResponse(msgspec.json.encode(body), 202, {"Location": place})
    await _ended(job, request)
    result, job.result = job.result, None  # the request takes it with it
    if job.error is not None or result is None:
        error = job.error or Cancelled("the job has no result")
        request.audited["error"] = error.code
        answer = errors.response(error, request.caller)
        answer.headers["X-Mlsql-Job"] = job.id
        return answer
    return rows_response(job, result)


async def _ended(job: ScriptJob, request: Request) -> None:
    """Wait for the end of the job; when the client goes away before, nobody wants the rows, and the job ends."""
    over = asyncio.create_task(job.over.wait())
    gone = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait((over, gone), return_when=asyncio.FIRST_COMPLETED)
        if not job.has_ended:
            why = "whoever asked went away before the end, and the rows were for nobody"
            request.server.jobs.cancel(job, Cancelled(why, hint="with async=true a script goes on by itself"))
            raise ClientDisconnect
    finally:
        over.cancel()
        gone.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def rows_response(job: ScriptJob, result: Result) -> Response:
    """The rows of a job, with their schema where it was asked for."""
    head, tail = b"", b""
    if job.script.with_schema:
        head, tail = b'{"schema":' + result.schema + b',"data":', b"}"
    size = len(head) + result.size + len(tail)
    headers = {"X-Mlsql-Job": job.id, "X-Mlsql-Rows": str(result.rows), "Content-Length": str(size)}
    if result.cut:
        headers["X-Mlsql-Truncated"] = "true"

    def pieces() -> Iterator[bytes]:
        yield head
        yield from result.pieces()
        yield tail

    if size <= _SMALL:
        return JsonResponse(b"".join(pieces()), 200, headers)
    return StreamingResponse(pieces(), 200, headers, "application/json")


ROUTES = (Route("/run/script", run_script, ("POST",), Role.RUN, {"post": RUN_SCRIPT}),)
