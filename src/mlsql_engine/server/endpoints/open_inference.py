"""The Open Inference Protocol, version 2, over HTTP."""

from __future__ import annotations

from starlette.responses import Response

from mlsql_engine.server.callers import Role
from mlsql_engine.server.request import Request
from mlsql_engine.server.routes import Route
from mlsql_engine.serving.open_inference import arguments, requests
from mlsql_engine.serving.open_inference.answers import Output


async def infer(request: Request) -> Response:
    """The answers of a function for the rows of a request."""
    name = request.path_params["name"]
    served = request.server.sessions.default.served
    function = served.ready(name) or await served.function(name)
    length = request.headers.get("inference-header-content-length")
    asked = requests.read(await request.content(), length)
    part = arguments.part(asked.tensors, function.inputs)
    deadline = request.deadline if asked.timeout is None else request.begun + asked.timeout
    answers = await served.predict(name, part, deadline)
    output: Output = function.output
    if not asked.binary:
        return Response(output.json(answers, asked.id), media_type="application/json")
    body, header = output.binary(answers, asked.id)
    headers = {"Inference-Header-Content-Length": str(header)}
    return Response(body, headers=headers, media_type="application/octet-stream")


ROUTES = (Route("/v2/models/{name}/infer", infer, ("POST",), Role.PREDICT),)
