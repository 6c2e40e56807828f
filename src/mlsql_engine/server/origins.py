"""Pages of other sites that may ask the server from a browser: CORS.

See https://fetch.spec.whatwg.org/#http-cors-protocol.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from mlsql_engine.core.errors import BadValue, MlsqlError
from mlsql_engine.server import errors
from mlsql_engine.server.callers import NOBODY

_METHODS = ("GET", "HEAD", "POST", "DELETE")
_ASKED = ("Authorization", "Inference-Header-Content-Length", "Last-Event-ID")
_ANSWERED = ("Inference-Header-Content-Length", "Location", "Retry-After", "X-Mlsql-Truncated")


def with_origins(app: ASGIApp, origins: Collection[str]) -> ASGIApp:
    """The application, which lets pages of these origins ask; the same one without any."""
    if not origins:
        return app
    return Origins(app, origins, allow_methods=_METHODS, allow_headers=_ASKED, expose_headers=_ANSWERED)


class Origins(CORSMiddleware):
    """Starlette's, whose refusals have our shape of errors."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """See CORSMiddleware."""
        made = super().preflight_response(request_headers)
        if made.status_code < 400:
            return made
        refused = bytes(made.body).decode()
        refusal = errors.response(MlsqlError(refused, code="FORBIDDEN"), NOBODY)
        for name in made.headers:
            if name.startswith("access-control-") or name == "vary":
                refusal.headers[name] = made.headers[name]
        return refusal


def check_origin(text: str) -> str:
    """The origin, as browsers send it. Raises BadValue for what is none: scheme://host or scheme://host:port."""
    try:
        parts = urlsplit(text)
        is_origin = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_origin = False
    if not is_origin or text != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc or "*" in text:
        raise BadValue(
            f"--cors-origin: '{text}' is no origin",
            hint="such as https://app.example.com, or http://localhost:3000",
        )
    return text.lower()
