"""MLflow's scoring protocol over HTTP."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.responses import Response

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.server import content_encoding
from mlsql_engine.server.callers import Role
from mlsql_engine.server.endpoints import scoring_api as api
from mlsql_engine.server.json_response import JsonResponse
from mlsql_engine.server.request import Request
from mlsql_engine.server.routes import Route
from mlsql_engine.serving.inputs import Inputs
from mlsql_engine.serving.scoring import answers, arguments, csv_text, frames
from mlsql_engine.serving.scoring.frames import Frame
from mlsql_engine.serving.served import ServedFunction

MLFLOW_VERSION: Final = "3.17.2"
"""The MLflow whose protocol this is."""
_JSON: Final = "application/json"
_CSV: Final = "text/csv"
_LARGE: Final = 65_536


async def invocations(request: Request) -> Response:
    """The predictions of a function for the rows of a request."""
    headers = dict(request.scope["headers"])
    name = request.path_params.get("name") or default_function(request)
    served = request.server.sessions.default.served
    function = served.ready(name) or await served.function(name)
    kind = _content_type(headers.get(b"content-type", b"").decode("latin-1"))
    content = await content_encoding.content(request, headers)
    part = arguments.part(await _frame(content, kind, function.inputs), function.inputs)
    found = await served.predict(name, part, request.deadline)
    body, more = await content_encoding.encoded(
        answers.write(found, ServedFunction.that_gave(found).described.return_type), headers
    )
    return JsonResponse(body, headers=more)


async def _frame(content: bytes, kind: str, inputs: Inputs) -> Frame:
    if kind == _JSON:
        return frames.read(content, doubles=inputs.numeric)
    if len(content) < _LARGE:
        return csv_text.read(content, inputs)
    return await asyncio.to_thread(csv_text.read, content, inputs)


def _content_type(header: str) -> str:
    """The type of a body: JSON unless something else is said. Raises MlsqlError: MEDIA_TYPE."""
    kind, *parameters = (piece.strip() for piece in header.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() != "charset" or value.strip(' "').lower() not in ("utf-8", "utf8"):
            raise MlsqlError(
                f"the Content-Type has the parameter '{parameter[:40]}'", code="MEDIA_TYPE", hint="bodies are UTF-8"
            )
    if kind.lower() not in ("", _JSON, _CSV):
        raise MlsqlError(
            f"the body is of the Content-Type '{kind[:80]}'", code="MEDIA_TYPE", hint=f"known: {_JSON}, {_CSV}"
        )
    return kind.lower() or _JSON


def default_function(request: Request) -> str:
    """The function that a request means that names none: that of ?model= or the settings, else the only one.

    Raises MlsqlError where there is none, or several.
    """
    asked = request.query_params.get("model") if request.scope["query_string"] else None
    name = asked or request.server.settings.default_function
    if name:
        return name
    registered = request.server.sessions.default.session.functions.registered()
    models = [spec.name for spec, described in registered if described.form == "model"]
    names = models or [spec.name for spec, _ in registered]
    if len(names) == 1:
        return names[0]
    if not names:
        raise MlsqlError(
            "no function is registered", code="UNKNOWN_FUNCTION", hint="register PythonAlg.`path` as f; in a script"
        )
    raise MlsqlError(
        f"the request names none of several functions: {', '.join(names)}",
        code="AMBIGUOUS_FUNCTION",
        hint=f"POST /invocations/{names[0]}, or let whoever runs the server give --default {names[0]}",
    )


async def ping(_request: Request) -> Response:
    """It lives."""
    return JsonResponse(b"\n")


async def version(_request: Request) -> Response:
    """The MLflow whose protocol this is."""
    return Response(MLFLOW_VERSION, media_type="text/plain")


ROUTES: Final = (
    Route("/invocations", invocations, ("POST",), Role.PREDICT, api.DEFAULT),
    Route("/invocations/{name}", invocations, ("POST",), Role.PREDICT, api.NAMED),
    # Where mlflow.deployments asks.
    Route("/endpoints/{name}/invocations", invocations, ("POST",), Role.PREDICT, api.ENDPOINT),
    Route("/ping", ping, ("GET",), Role.NOBODY, api.PING),
    Route("/version", version, ("GET",), Role.NOBODY, api.VERSION),
)
