"""A request as the endpoints see it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.types import Receive, Scope

from mlsql_engine.core.errors import BadValue, MlsqlError
from mlsql_engine.server.callers import LOCAL, Caller

if TYPE_CHECKING:
    from mlsql_engine.server.state import State


class Request(HttpRequest):
    """One request: `server` is all that an endpoint may touch, `caller` who asks, `audited` what the log is told.

    `begun` is when it came, in seconds of `time.monotonic`. `path_params` are the parts of the path that its route
    names.
    """

    def __init__(self, scope: Scope, receive: Receive, server: State) -> None:
        super().__init__(scope, receive)
        self.server = server
        self.caller: Caller = LOCAL
        self.audited: dict[str, Any] = {}
        self.begun = time.monotonic()

    @property
    def deadline(self) -> float:
        """When a prediction is of no more use to the caller, unless the request says so itself."""
        return self.begun + self.server.settings.limits.request_seconds

    async def content(self) -> bytes:
        """The whole body.

        Raises MlsqlError: REQUEST_TOO_LARGE, or REQUEST_TIMEOUT where it does not come whole in time.
        """
        limits = self.server.settings.limits
        message = await self.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body: bytes = message.get("body", b"")
        if not message.get("more_body", False):
            if len(body) > limits.body:
                raise too_large(limits.body)
            return body
        declared = self.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > limits.body:
            raise too_large(limits.body)
        pieces = [body]
        size = len(body)
        while message.get("more_body", False):
            message = await self._message(self.begun + limits.body_seconds)
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            if size > limits.body:
                raise too_large(limits.body)
        return b"".join(pieces)

    async def _message(self, until: float) -> Any:
        try:
            async with asyncio.timeout(max(until - time.monotonic(), 0.001)):
                message = await self.receive()
        except TimeoutError:
            raise MlsqlError(
                "the request did not come whole in time",
                code="REQUEST_TIMEOUT",
                hint=f"its body has {self.server.settings.limits.body_seconds:g} s to come",
            ) from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        return message

    async def parameters(self) -> dict[str, Any]:
        """The parameters of the query string and of the body, a form or a JSON object; the body's win.

        Raises BadValue for a body that is neither.
        """
        found: dict[str, Any] = dict(parse_qsl(self.url.query, keep_blank_values=True))
        if self.method in ("GET", "HEAD"):
            return found
        content = await self.content()
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "multipart/form-data":
            self._body = content
            form = await self.form()
            found.update({name: value for name, value in form.items() if isinstance(value, str)})
        elif kind.endswith("json"):
            found.update(_object(content))
        elif content.strip():
            try:
                found.update(parse_qsl(content.decode("utf-8"), keep_blank_values=True, strict_parsing=True))
            except ValueError:
                raise BadValue(
                    "the body is no form",
                    code="REQUEST",
                    hint="send a form, or a JSON object with the header Content-Type: application/json",
                ) from None
        return found


def _object(content: bytes) -> dict[str, Any]:
    try:
        made = msgspec.json.decode(content) if content.strip() else {}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadValue(f"the body is no JSON: {error}", code="REQUEST") from None
    if not isinstance(made, dict):
        raise BadValue("the body is no JSON object", code="REQUEST", hint='send {"name": "value", …}')
    return made


def too_large(limit: int) -> MlsqlError:
    """The error of a request that is larger than is taken."""
    return MlsqlError(
        f"the request is larger than {limit >> 20} MiB",
        code="REQUEST_TOO_LARGE",
        hint="send the rows in several requests, or let whoever runs the server raise --max-body",
    )
