"""The Open Inference Protocol, version 2, over HTTP."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from starlette.responses import Response

from mlsql_engine.core.errors import BadValue, MlsqlError
from mlsql_engine.server import content_encoding
from mlsql_engine.server.callers import Role
from mlsql_engine.server.endpoints import open_inference_api as api
from mlsql_engine.server.endpoints.health import check_ready
from mlsql_engine.server.json_response import JsonResponse
from mlsql_engine.server.request import Request
from mlsql_engine.server.routes import Route
from mlsql_engine.serving.open_inference import arguments, metadata, requests
from mlsql_engine.serving.served import Served, ServedFunction, version_of


async def infer(request: Request) -> Response:
    """The answers of a function for the rows of a request."""
    headers = dict(request.scope["headers"])
    served, name, function = await _found(request)
    length = headers.get(b"inference-header-content-length")
    content = await content_encoding.content(request, headers)
    asked = requests.read(content, None if length is None else length.decode("latin-1"))
    part = arguments.part(asked.tensors, function.inputs)
    deadline = request.deadline if asked.timeout is None else request.begun + asked.timeout
    answers = await served.predict(name, part, deadline)
    # A newer version may have taken over since.
    output = ServedFunction.that_gave(answers).output
    if not asked.binary:
        body, more = await content_encoding.encoded(output.json(answers, asked.id), headers)
        return JsonResponse(body, headers=more)
    body, header = output.binary(answers, asked.id)
    body, more = await content_encoding.encoded(body, headers)
    own = {"Inference-Header-Content-Length": str(header)}
    return Response(body, headers=own | more, media_type="application/octet-stream")


async def _found(request: Request) -> tuple[Served, str, ServedFunction]:
    """The function of the path, what serves it, and the name that it has there."""
    session = request.server.sessions.default
    name = request.path_params["name"]
    version = request.path_params.get("version")
    if version is not None:
        return await session.versions.find(name, version)
    return session.served, name, session.served.ready(name) or await session.served.function(name)


async def server(_request: Request) -> Response:
    """What the server says of itself."""
    return _json(metadata.SERVER)


async def live(_request: Request) -> Response:
    """It lives."""
    return _json({"live": True})


async def ready(request: Request) -> Response:
    """It takes requests. Raises MlsqlError, DRAINING, when it was told to end."""
    check_ready(request)
    return _json({"ready": True})


async def model(request: Request) -> Response:
    """What a function takes and gives."""
    _, _, function = await _found(request)
    versions = await request.server.sessions.default.versions.numbers(request.path_params["name"])
    return _json(metadata.of_function(function.spec.name, versions, function.described, function.inputs))


async def model_ready(request: Request) -> Response:
    """That a function is loaded; it is loaded where it was not."""
    _, _, function = await _found(request)
    return _json({"name": function.spec.name, "ready": True})


async def index(request: Request) -> Response:
    """The functions that there are."""
    content = await request.content()
    try:
        asked: Any = msgspec.json.decode(content) if content.strip() else {}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadValue(f"the body is no JSON: {error}", code="REQUEST") from None
    if not isinstance(asked, dict) or asked.keys() - {"ready"} or not isinstance(asked.get("ready", False), bool):
        raise BadValue("the body is not of a request for the index", code="REQUEST", hint='send {"ready": true}')
    registered = request.server.sessions.default.session.functions.registered()
    return _json(
        [{"name": spec.name, "version": version_of(spec), "state": "READY", "reason": ""} for spec, _ in registered]
    )


async def load(request: Request) -> Response:
    """Functions are registered by scripts."""
    name = request.path_params["name"]
    raise MlsqlError(
        f"functions are neither loaded nor unloaded by this protocol, so '{name}' is not",
        code="NOT_SERVED",
        hint="a script registers and unregisters functions: POST /run/script",
    )


def _json(answer: object) -> Response:
    return JsonResponse(msgspec.json.encode(answer))


def _of_model(path: str) -> tuple[str, str]:
    """The path of a function, and that of a version of it."""
    return f"/v2/models/{{name}}{path}", f"/v2/models/{{name}}/versions/{{version}}{path}"


ROUTES: Final = (
    *(Route(path, infer, ("POST",), Role.PREDICT, api.infer(path)) for path in _of_model("/infer")),
    *(Route(path, model_ready, ("GET",), Role.PREDICT, api.model_ready(path)) for path in _of_model("/ready")),
    *(Route(path, model, ("GET",), Role.PREDICT, api.model(path)) for path in _of_model("")),
    Route("/v2", server, ("GET",), Role.NOBODY, api.SERVER),
    Route("/v2/health/live", live, ("GET",), Role.NOBODY, api.LIVE),
    Route("/v2/health/ready", ready, ("GET",), Role.NOBODY, api.READY),
    Route("/v2/repository/index", index, ("POST",), Role.PREDICT, api.INDEX),
    *(
        Route(path, load, ("POST",), Role.PREDICT, api.load(path))
        for path in ("/v2/repository/models/{name}/load", "/v2/repository/models/{name}/unload")
    ),
)
