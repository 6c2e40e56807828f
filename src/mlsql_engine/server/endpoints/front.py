"""What a browser is shown: a page that tells what this server is; and the description for programs."""

from __future__ import annotations

import re

import msgspec
from starlette.responses import Response

from mlsql_engine.core.version import __version__
from mlsql_engine.server.callers import Role
from mlsql_engine.server.front_page import Listed, curl_line, page
from mlsql_engine.server.json_response import JsonResponse
from mlsql_engine.server.request import Request
from mlsql_engine.server.routes import Route

_LINKS = {"description": "/openapi.json", "metrics": "/metrics", "health": "/health"}
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9a-fA-F:]+\](:\d+)?")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept",
}


async def front(request: Request) -> Response:
    """What this server is and what it serves, as a page or, where the client asks for it, as JSON."""
    told = request.caller.role >= Role.PREDICT
    registered = request.server.sessions.default.session.functions.registered() if told else []
    address = _address(request)
    token = bool(request.server.settings.tokens)
    functions = [
        Listed(spec.name, spec.version, curl_line(spec.name, described.accepted, address, token=token))
        for spec, described in registered
    ]
    if _wants_json(request.headers.get("accept", "")):
        listed = [{"name": one.name, "version": one.version, "example": one.line} for one in functions]
        made = {"name": "mlsql", "version": __version__, "functions": listed, "links": _LINKS}
        return JsonResponse(msgspec.json.encode(made), headers={"Vary": "Accept"})
    return Response(page(functions, told=told), media_type="text/html", headers=_HEADERS)


def _address(request: Request) -> str:
    """The server's address as the client knows it."""
    host = request.headers.get("host", "")
    settings = request.server.settings
    return f"{request.scope['scheme']}://{host if _HOST.fullmatch(host) else f'{settings.host}:{settings.port}'}"


def _wants_json(accept: str) -> bool:
    """Whether JSON is named in an Accept header, and no page before it."""
    json, html = accept.find("application/json"), accept.find("text/html")
    return json >= 0 and (html < 0 or json < html)


async def description(request: Request) -> Response:
    """The description of all that the server answers."""
    return JsonResponse(request.server.description)


_TEXT = {"type": "string"}
_FRONT = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "const": "mlsql"},
        "version": _TEXT,
        "functions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": _TEXT,
                    "version": {"type": ["integer", "null"], "description": "Of the function's model."},
                    "example": {"type": "string", "description": "A line for a shell."},
                },
                "required": ["name", "version", "example"],
                "additionalProperties": False,
            },
        },
        "links": {"type": "object", "additionalProperties": _TEXT},
    },
    "required": ["name", "version", "functions", "links"],
    "additionalProperties": False,
}
_TAGS = ["server"]
_FRONT_OPERATION = {
    "tags": _TAGS,
    "summary": "What this server is and what it serves",
    "responses": {
        "200": {
            "description": "A page, or JSON for a client whose Accept header asks for it.",
            "content": {
                "application/json": {
                    "schema": _FRONT,
                    "example": {
                        "name": "mlsql",
                        "version": __version__,
                        "functions": [
                            {
                                "name": "f",
                                "version": 1,
                                "example": curl_line("f", None, "http://127.0.0.1:9003", token=False),
                            }
                        ],
                        "links": _LINKS,
                    },
                },
                "text/html": {"schema": {"type": "string"}, "example": "<!doctype html>…"},
            },
        }
    },
}
_DESCRIPTION = {
    "tags": _TAGS,
    "summary": "This description",
    "responses": {
        "200": {
            "description": "OpenAPI 3.1.",
            "content": {"application/json": {"schema": {"type": "object"}, "example": {"openapi": "3.1.0"}}},
        }
    },
}

ROUTES = (
    Route("/", front, ("GET",), Role.NOBODY, _FRONT_OPERATION),
    Route("/openapi.json", description, ("GET",), Role.NOBODY, _DESCRIPTION),
)
