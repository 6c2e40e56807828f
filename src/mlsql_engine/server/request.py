"""A request as the endpoints see it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.types import Receive, Scope

from mlsql_engine.core.errors import BadValue, MlsqlError
from mlsql_engine.server.callers import NOBODY, Caller

if TYPE_CHECKING:
    from mlsql_engine.server.state import State

WHOLE = "mlsql.whole"
"""The key in a scope's "state" of a request that has come whole: nobody has to wait for its body."""

_MOST_PARAMETERS = 1_000
_FORM = "send a form, or a JSON object with the header Content-Type: application/json"


class Request(HttpRequest):
    """One request: `server` is all that an endpoint may touch, `caller` who asks, `audited` what the log is told.

    `begun` is when it came, in seconds of `time.monotonic`. `path_params` are the parts of the path that its route
    names. `held` are the bytes that it has in `State.bodies`.
    """

    def __init__(self, scope: Scope, receive: Receive, server: State) -> None:
        super().__init__(scope, receive)
        self.server = server
        self.caller: Caller = NOBODY
        self.audited: dict[str, Any] = {}
        self.begun = time.monotonic()
        self.held = 0

    @property
    def deadline(self) -> float:
        """When a prediction is of no more use to the caller, unless the request says so itself."""
        return self.begun + self.server.settings.limits.request_seconds

    async def content(self) -> bytes:
        """The whole body.

        Raises MlsqlError: REQUEST_TOO_LARGE, REQUEST_TIMEOUT where it does not come whole in time, OVERLOADED where
        the server holds as much as it may.
        """
        if WHOLE in self.scope.get("state", ()):
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
        else:
            message = await self._message()
        body: bytes = message.get("body", b"")
        if message.get("more_body", False):
            return await self._rest(body)
        size = len(body)
        if size > self.server.settings.limits.body:
            raise too_large(self.server.settings.limits.body)
        if size:
            self.hold_whole(size)
        return body

    async def _rest(self, first: bytes) -> bytes:
        """The body that begins so. What it says of its length is held at once, without that what has come."""
        most = self.server.settings.limits.body
        written = self.headers.get("content-length", "")
        declared = int(written) if written.isdecimal() else 0
        if max(declared, len(first)) > most:
            raise too_large(most)
        self.hold(max(declared, len(first)))
        pieces, size, more = [first], len(first), True
        while more:
            message = await self._message()
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            if size > most:
                raise too_large(most)
            if size > self.held:
                self.hold(size - self.held)
            more = message.get("more_body", False)
        return b"".join(pieces)

    def hold(self, size: int) -> None:
        """Count so many bytes as held by this request until it is answered. Raises MlsqlError: OVERLOADED."""
        self.server.bodies.hold(size)
        self.held += size

    def hold_whole(self, size: int) -> None:
        """The same for bytes that came in one piece, which have some room of their own."""
        self.server.bodies.hold_whole(size)
        self.held += size

    async def _message(self) -> Any:
        seconds = self.server.settings.limits.body_seconds
        try:
            async with asyncio.timeout(max(self.begun + seconds - time.monotonic(), 0.0)):
                message = await self.receive()
        except TimeoutError:
            raise MlsqlError(
                "the request did not come whole in time",
                code="REQUEST_TIMEOUT",
                hint=f"its body has {seconds:g} s to come",
            ) from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        return message

    async def parameters(self) -> dict[str, Any]:
        """The parameters of the query string and of the body, a form or a JSON object; the body's win.

        Raises MlsqlError: REQUEST for a body that is neither, MEDIA_TYPE for one that says to be something else.
        """
        query: bytes = self.scope.get("query_string", b"")
        found: dict[str, Any] = _pairs(query, "query string") if query else {}
        if self.method in ("GET", "HEAD"):
            return found
        content = await self.content()
        if not content.strip():
            return found
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "multipart/form-data":
            found.update(await self._multipart(content))
        elif kind == "application/json" or kind.endswith("+json"):
            found.update(_object(content))
        elif kind in ("", "application/x-www-form-urlencoded"):
            found.update(_pairs(content, "body"))
        else:
            raise MlsqlError(f"the body is of the type '{kind[:80]}'", code="MEDIA_TYPE", hint=_FORM)
        return found

    async def _multipart(self, content: bytes) -> dict[str, Any]:
        self._body = content
        try:
            async with self.form(
                max_files=0, max_fields=_MOST_PARAMETERS, max_part_size=self.server.settings.limits.body
            ) as form:
                return {name: value for name, value in form.items() if not isinstance(value, UploadFile)}
        except MultiPartException as error:
            hint = "files are not taken, only fields" if "files" in error.message else _FORM
            raise BadValue(f"the body is no form: {error.message}", code="REQUEST", hint=hint) from None


def _pairs(text: bytes, place: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            text.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError:
        raise BadValue(
            f"the {place} is no form",
            code="REQUEST",
            hint=_FORM if place == "body" else "it is of the form name=value&name=value, in UTF-8",
        ) from None
    return dict(pairs)


def _object(content: bytes) -> dict[str, Any]:
    try:
        made = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadValue(f"the body is no JSON: {error}", code="REQUEST") from None
    except RecursionError:
        raise BadValue("the body is JSON that is nested too deep", code="REQUEST") from None
    if not isinstance(made, dict):
        raise BadValue("the body is no JSON object", code="REQUEST", hint='send {"name": "value", …}')
    return made


def too_large(limit: int) -> MlsqlError:
    """The error of a request that is larger than is taken."""
    shown = f"{limit >> 20} MiB" if limit >= 1 << 20 else f"{limit} bytes"
    return MlsqlError(
        f"the request is larger than {shown}",
        code="REQUEST_TOO_LARGE",
        hint="send the rows in several requests, or let whoever runs the server raise --max-body",
    )
