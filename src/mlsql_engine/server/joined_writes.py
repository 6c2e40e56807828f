"""A transport that sends the head of a response together with the begin of its body.

ASGI wants it so (https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event: the response does
not begin before there is something of its body), and it spares a system call and a segment for each response.
"""

from __future__ import annotations

import asyncio
from typing import Any

_CONTINUE = b"HTTP/1.1 100 "
_SMALL = 1 << 16


class JoinedWrites:
    """A transport whose first write of each response waits for the second, or for the end of the response.

    `transport` is what it writes to, which all else is asked of. What is small is sent when the loop has done what
    it has at hand: the responses to a batch go out one right after the other, and their clients are woken once.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self.transport = transport
        self.is_closing = transport.is_closing
        self._loop = loop
        self._head: bytes | None = None
        self._small: bytes | None = None
        self._begins = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def write(self, data: bytes) -> None:
        """See asyncio.WriteTransport."""
        head = self._head
        if head is not None:
            self._head = None
            if len(data) <= _SMALL:
                self._send_soon(head + data)
            else:
                self._send()
                self.transport.writelines((head, data))
        elif self._begins and not data.startswith(_CONTINUE):
            self._begins = False
            self._head = data
        else:
            self._send()
            self.transport.write(data)

    def _send_soon(self, data: bytes) -> None:
        if self._small is None:
            self._small = data
            self._loop.call_soon(self._send)
        else:
            self._small += data

    def _send(self) -> None:
        small, self._small = self._small, None
        if small is not None and not self.is_closing():
            self.transport.write(small)

    def ended(self) -> None:
        """The response is over: a head that is all of it is sent, and the next write begins another."""
        self._begins = True
        head, self._head = self._head, None
        if head is not None:
            self._send_soon(head)

    def close(self) -> None:
        """See asyncio.BaseTransport."""
        self.ended()
        self._send()
        self.transport.close()
