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

    `transport` is what it writes to, which all else is asked of.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.is_closing = transport.is_closing
        self._head: bytes | None = None
        self._begins = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def write(self, data: bytes) -> None:
        """See asyncio.WriteTransport."""
        head = self._head
        if head is not None:
            self._head = None
            if len(data) <= _SMALL:
                self.transport.write(head + data)
            else:
                self.transport.writelines((head, data))
        elif self._begins and not data.startswith(_CONTINUE):
            self._begins = False
            self._head = data
        else:
            self.transport.write(data)

    def ended(self) -> None:
        """Send what waits; the next write begins a response."""
        self._flush()
        self._begins = True

    def close(self) -> None:
        """See asyncio.BaseTransport."""
        self._flush()
        self.transport.close()

    def _flush(self) -> None:
        head, self._head = self._head, None
        if head is not None:
            self.transport.write(head)
