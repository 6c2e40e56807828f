"""A connection of uvicorn's that waits for no client for ever, neither to send nor to read."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mlsql_engine.server.joined_writes import JoinedWrites
from mlsql_engine.server.json_response import JsonResponse
from mlsql_engine.server.request import WHOLE

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send
    from uvicorn.server import ServerState

    from mlsql_engine.server.settings import Limits

_LOG = logging.getLogger(__name__)
HEAD_BYTES = 64 << 10
_LOOKS = 6


class Connection(HttpToolsProtocol):
    """One connection.

    `since` is the time of `time.monotonic` from which on it has waited for the head of a request, or for the end of
    one that has been answered already; 0 while it waits for neither.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        self.since = time.monotonic()
        self._in_head = False
        self._whole = True
        self._received = 0
        self._unsent = 0
        self._unsent_since = 0.0
        super().connection_made(transport)
        self.transport = JoinedWrites(transport, self.loop)  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._received += len(data)
        super().data_received(data)
        if self._in_head:
            if self._received > HEAD_BYTES:
                self._refuse(b"431 Request Header Fields Too Large", _TOO_LARGE)
        elif not self.since and self._whole and (self.cycle is None or self.cycle.response_complete):
            # Bytes that begin no request: the timer of an idle connection has been stopped by them.
            self.since = time.monotonic()

    def on_message_begin(self) -> None:
        """See httptools.HttpRequestParser."""
        self.since = time.monotonic()
        self._in_head = True
        self._whole = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """See httptools.HttpRequestParser."""
        self.since = 0.0
        self._in_head = False
        if self._received > HEAD_BYTES and self._head_bytes() > HEAD_BYTES:
            self.app = _answer_too_large
            self.url = b"/"  # one that is too long could not be taken apart
        super().on_headers_complete()

    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def on_message_complete(self) -> None:
        """See httptools.HttpRequestParser."""
        self.since = 0.0
        self._received = 0
        self._whole = True
        self.scope["state"][WHOLE] = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """See HttpToolsProtocol."""
        if not self._whole and not self._in_head and self.cycle.response_complete:
            self.since = time.monotonic()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the name is uvicorn's
        """Answer what is no HTTP, and close the connection."""
        self._refuse(b"400 Bad Request", _NO_HTTP)

    def _refuse(self, status: bytes, body: bytes) -> None:
        """Answer with an error and close the connection, after the answer to a request that came whole before."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if self._whole or self._in_head:
                cycle.keep_alive = False
                self.flow.pause_reading()
                return
            if self.pipeline or cycle.response_started:
                self.transport.close()
                return
        if not self.transport.is_closing():
            head = (
                status,
                b"connection: close\r\ncontent-type: application/json\r\ncontent-length: %d" % len(body),
            )
            self.transport.write(b"HTTP/1.1 " + b"\r\n".join(head) + b"\r\n\r\n" + body)
            self.transport.close()

    def look(self, now: float, head_seconds: float, send_seconds: float) -> None:
        """Close the connection where the client has sent, or read, nothing of what is waited for in that time."""
        if 0 < self.since < now - head_seconds:
            self.since = 0.0
            if self._in_head:
                self._refuse(b"408 Request Timeout", _TOO_SLOW)
            self.transport.close()
        unsent = self.transport.get_write_buffer_size()
        if not unsent or unsent != self._unsent:
            self._unsent, self._unsent_since = unsent, now
        elif self._unsent_since < now - send_seconds:
            self.transport.abort()


def _json(code: str, message: str) -> bytes:
    return msgspec.json.encode({"code": code, "message": message, "hint": None, "span": None})


_TOO_LARGE = _json("REQUEST_TOO_LARGE", "the head of the request is larger than 64 KiB")
_TOO_SLOW = _json("REQUEST_TIMEOUT", "the head of the request did not come whole in time")
_NO_HTTP = _json("REQUEST", "this is no request of HTTP/1.1")


async def _answer_too_large(scope: Scope, receive: Receive, send: Send) -> None:
    """An ASGI application."""
    await JsonResponse(_TOO_LARGE, 431, {"connection": "close"})(scope, receive, send)


class Connections(Protocol):
    """Where a server of uvicorn's has its connections."""

    @property
    def server_state(self) -> ServerState: ...


async def close_stuck(server: Connections, limits: Limits) -> None:
    """Close the connections whose clients neither send nor read, again and again until cancelled."""
    pause = min(limits.head_seconds, limits.send_seconds) / _LOOKS
    while True:
        await asyncio.sleep(pause)
        look_at(server.server_state.connections, time.monotonic(), limits)


def look_at(connections: Iterable[Any], now: float, limits: Limits) -> None:
    """Close those that have waited for too long at a time of `time.monotonic`."""
    for connection in list(connections):
        if isinstance(connection, Connection):
            try:
                connection.look(now, limits.head_seconds, limits.send_seconds)
            except Exception:  # noqa: BLE001 - the others must be looked at all the same
                _LOG.exception("a connection cannot be looked at")
