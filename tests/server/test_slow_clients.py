"""Clients that send or read byte by byte: others are answered meanwhile, and they are cut off in the end."""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from mlsql_engine.server.settings import Limits, ServerSettings
from mlsql_engine.session import Session
from server.edge_routes import ROUTES
from server.running import Running, in_thread

CLIENTS = 50
ROUNDS = 10_000
"""In each a slow client sends or reads a byte, and another one is answered: far more than the limits' seconds."""
TRICKLES = {
    "head": (
        b"GET /predict HTTP/1.1\r\nhost: localhost\r\nx-long: ",
        "the head of the request did not come whole in time",
    ),
    "body": (
        b"POST /size HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n",
        "the request did not come whole in time",
    ),
    "chunk": (
        b"POST /size HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nfffff\r\n",
        "the request did not come whole in time",
    ),
}


@pytest.fixture(scope="module")
def server(session: Session) -> Iterator[Running]:
    limits = Limits(head_seconds=0.2, body_seconds=0.2, send_seconds=0.2)
    with in_thread(session, ServerSettings(limits=limits, audit_log=Path("/dev/null")), ROUTES) as made:
        yield made


def rounds(server: Running) -> Iterator[None]:
    """A turn of the slow clients each; after it another one is answered."""
    for _ in range(ROUNDS):
        yield
        assert server.client.get("/predict").text == "local"
    raise AssertionError(f"slow clients are still there after {ROUNDS} rounds")


def is_answered(connection: socket.socket) -> bool:
    """Send a byte more; whether there was an answer, or the end, instead of a place for it."""
    if select.select([connection], [], [], 0)[0]:
        return True
    try:
        connection.sendall(b"x")
    except ConnectionError:
        return True
    return False


def until_the_end(connection: socket.socket) -> bytes:
    """What was answered, also where the server had closed the connection when a last byte came."""
    received = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(1 << 12):
            received += piece
    return received


@pytest.mark.parametrize("what", TRICKLES)
def test_what_comes_byte_by_byte(server: Running, what: str) -> None:
    begin, message = TRICKLES[what]
    with ExitStack() as stack:
        slow = [stack.enter_context(server.socket()) for _ in range(CLIENTS)]
        for connection in slow:
            connection.sendall(begin)
        answers = []
        for _ in rounds(server):
            for connection in [one for one in slow if is_answered(one)]:
                slow.remove(connection)
                answers.append(until_the_end(connection))
            if not slow:
                break
    assert len(answers) == CLIENTS
    for answer in answers:
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 ")
        assert (json.loads(body)["code"], json.loads(body)["message"]) == ("REQUEST_TIMEOUT", message)


def test_what_is_read_byte_by_byte(server: Running) -> None:
    """There is no place for more before many bytes are read, so that it is as if none were."""
    with ExitStack() as stack:
        slow = [stack.enter_context(server.socket()) for _ in range(8)]
        for connection in slow:
            connection.sendall(b"GET /stream HTTP/1.1\r\nhost: localhost\r\n\r\n")
        for _ in rounds(server):
            for connection in slow:
                with suppress(ConnectionResetError):
                    assert len(connection.recv(1)) == 1
            if server.call(lambda: len(server.state.connections)) == 1:
                break
