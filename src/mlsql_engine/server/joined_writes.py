"""A transport that joins what is written to it within one turn of the loop.

uvicorn writes the head of a response and its body apart, and each write is a system call, and a segment that wakes
the client. So the two go out together, and the responses to a batch of predictions one right after the other. A
stream whose first piece is not there yet sends its head alone: clients wait for it.
"""

from __future__ import annotations

import asyncio
from typing import Any

_SMALL = 1 << 16


class JoinedWrites:
    """A transport that sends small writes at the end of the turn of the loop; `transport` is what it writes to.

    All else is asked of that one.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self.transport = transport
        self.is_closing = transport.is_closing
        self._loop = loop
        self._small = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def write(self, data: bytes) -> None:
        """See asyncio.WriteTransport."""
        if len(data) > _SMALL:
            self._send()
            self.transport.write(data)
            return
        if not self._small:
            self._loop.call_soon(self._send)
        self._small += data

    def _send(self) -> None:
        small, self._small = self._small, b""
        if small and not self.is_closing():
            self.transport.write(small)

    def close(self) -> None:
        """See asyncio.BaseTransport."""
        self._send()
        self.transport.close()
