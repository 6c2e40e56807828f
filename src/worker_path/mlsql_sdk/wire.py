"""The messages between the host and a worker.

A message is a fixed header, a JSON control part and a payload of Arrow IPC bytes (often empty):

    version u8 | kind u8 | reserved u16 | id u32 | control length u32 | payload length u64   (network order)

The control part needs only the standard library, so that an interpreter without pyarrow can say so.
A record batch travels as one Arrow IPC record batch message; its schema goes ahead in a SCHEMA message
and holds until the next one (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format).
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NamedTuple, Union

VERSION = 1
HEADER = struct.Struct("!BBHIIQ")
MAX_CONTROL = 64 << 20
MAX_PAYLOAD = 2 << 30
# What fits in here travels, and is received, in one piece.
_PIECE = 1 << 16
_NO_CONTROL = b"{}"

Bytes = Union[bytes, bytearray, memoryview]


class Kind(IntEnum):
    """What a message says. The comment names who sends it."""

    HELLO = 1  # worker: its version of Python, whether it has pyarrow, its process id
    RUN = 2  # host: run this script to its end
    LOAD = 3  # host: load this predictor
    DESCRIBED = 4  # worker: what the predictor takes and gives
    SCHEMA = 5  # host: the columns of the batches that follow
    PREDICT = 6  # host: one record batch
    BATCH = 7  # worker: the answer to one PREDICT, a record batch of the column that DESCRIBED named
    PROGRESS = 8  # worker: a metric or how far the script is
    RESULT = 9  # worker: the script ran to its end
    FAILED = 10  # worker: the user's code, or what it needs, failed
    BEAT = 11  # worker: it lives, and is busy


class Message(NamedTuple):
    """One message: `control` is its JSON object, `payload` its Arrow bytes."""

    kind: Kind
    id: int
    control: dict[str, Any]
    payload: memoryview


class WireError(Exception):
    """Bytes that are not a message of this protocol."""


class Closed(WireError):
    """The other side has closed the connection."""


class Channel:
    """Messages over a connected stream socket. Sending is safe from several threads, receiving is one thread's."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._sending = threading.Lock()
        self._piece = memoryview(bytearray(_PIECE))
        self._start = self._end = 0
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)
        self._deadline: float | None = None
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            connection.setsockopt(socket.SOL_SOCKET, option, 1 << 20)

    def send(
        self,
        kind: Kind,
        control: Mapping[str, Any] | None = None,
        payload: Bytes = b"",
        id: int = 0,  # noqa: A002 - the header's word
    ) -> None:
        """Send one message.

        Raises OSError when the other side is gone, TimeoutError (one of these) when it does not take it.
        """
        text = json.dumps(control).encode() if control else _NO_CONTROL
        size = memoryview(payload).nbytes
        head = HEADER.pack(VERSION, kind, 0, id, len(text), size) + text
        with self._sending:
            if size <= _PIECE:
                self.connection.sendall(b"".join((head, memoryview(payload))) if size else head)
                return
            self.connection.sendall(head)
            self.connection.sendall(payload)

    def wait(self, timeout: float | None, spinning: float = 0.0) -> bool:
        """Whether something of a message has come within `timeout` s (None: wait for ever).

        Raises Closed at the end. For the first `spinning` s the thread does not sleep, and gives way to others: to
        be woken takes tens of microseconds, which is much where an answer takes a few hundred.
        """
        if self._start < self._end:
            return True
        self._deadline = None
        came = spinning and self._spin(spinning)
        if not came and not self._poll.poll(None if timeout is None else timeout * 1e3):
            return False
        self._fill()
        return True

    def _spin(self, seconds: float) -> bool:
        end = time.perf_counter() + seconds
        while not self._poll.poll(0):
            if time.perf_counter() > end:
                return False
            os.sched_yield()
        return True

    def ended(self) -> bool:
        """Whether the other side has closed the connection and nothing is left to read. Does not wait."""
        if self._start < self._end or not self._poll.poll(0):
            return False
        self.connection.settimeout(0)
        try:
            return not self.connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def receive(self, within: float | None = None) -> Message:
        """Wait for one message, and not longer than `within` s, if that is given.

        Raises Closed at the end, WireError on bytes of another protocol, TimeoutError when it is not whole in time.
        """
        self._deadline = None if within is None else time.monotonic() + within
        head = self._read(HEADER.size)
        version, kind, _, identity, control_size, payload_size = HEADER.unpack(head)
        if version != VERSION or control_size > MAX_CONTROL or payload_size > MAX_PAYLOAD:
            raise WireError(f"not a message of this protocol version ({VERSION})")
        try:
            text = self._read(control_size)
            control = {} if text == _NO_CONTROL else json.loads(bytes(text))
            message_kind = Kind(kind)
        except (ValueError, RecursionError) as error:
            raise WireError(f"not a message: {error}") from error
        if not isinstance(control, dict):
            raise WireError("not a message: its control part is not an object")
        return Message(message_kind, identity, control, self._read(payload_size))

    def _read(self, size: int) -> memoryview:
        """That many bytes, in memory of their own."""
        buffer = _memory(size)
        done = 0
        while done < size:
            ready = min(size - done, self._end - self._start)
            if ready:
                buffer[done : done + ready] = self._piece[self._start : self._start + ready]
                self._start += ready
                done += ready
            elif size - done >= _PIECE:
                done += self._received(buffer[done:])
            else:
                self._fill()
        return buffer

    def _fill(self) -> None:
        """Receive what there is, at most a piece."""
        self._start, self._end = 0, self._received(self._piece)

    def _received(self, target: memoryview) -> int:
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the rest of a message did not come")
            self.connection.settimeout(left)
        try:
            count = self.connection.recv_into(target)
        except ConnectionResetError:
            count = 0
        if not count:
            raise Closed("the connection was closed")
        return count

    def close(self) -> None:
        """Close the connection; closing twice is harmless."""
        self.connection.close()


def _memory(size: int) -> memoryview:
    """Memory to write to; Arrow's own for large things, which is aligned and not filled with zeros first."""
    if size >= _PIECE and "pyarrow" in sys.modules:
        return memoryview(sys.modules["pyarrow"].allocate_buffer(size)).cast("B")
    return memoryview(bytearray(size))
