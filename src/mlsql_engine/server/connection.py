"""A connection of uvicorn's that does not wait for ever for the head of a request, nor takes an endless one."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from uvicorn.server import ServerState

HEAD_SECONDS = 30.0
HEAD_BYTES = 64 << 10
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-type: application/json\r\n"
    b"content-length: 110\r\n\r\n"
    b'{"code":"REQUEST_TOO_LARGE","message":"the head of the request is larger than 64 KiB",'
    b'"hint":null,"span":null}'
)


class Connection(HttpToolsProtocol):
    """One connection; `since` is when it began to wait for the head of a request, 0 while it waits for none."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        self.since = time.monotonic()
        self._head = 0
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._head += len(data)
        super().data_received(data)
        if self.since and self._head > HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """See httptools.HttpRequestParser."""
        self.since = time.monotonic()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """See httptools.HttpRequestParser."""
        self.since = 0.0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """See httptools.HttpRequestParser."""
        self._head = 0
        super().on_message_complete()


class Connections(Protocol):
    """Where a server of uvicorn's has its connections."""

    @property
    def server_state(self) -> ServerState: ...


async def close_slow_heads(server: Connections) -> None:
    """Close the connections whose head of a request does not come, again and again until cancelled."""
    while True:
        await asyncio.sleep(HEAD_SECONDS / 6)
        end_slow_heads(server.server_state.connections, time.monotonic() - HEAD_SECONDS)


def end_slow_heads(connections: set[Any], before: float) -> None:
    """Close the connections that have waited for a head since before that monotonic time."""
    for connection in list(connections):
        if isinstance(connection, Connection) and 0 < connection.since < before:
            connection.transport.close()
