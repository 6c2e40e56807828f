"""The head of a response goes out with the begin of its body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlsql_engine.server import joined_writes
from mlsql_engine.server.joined_writes import JoinedWrites

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Transport:
    """Takes down what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.closing = False

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def writelines(self, pieces: Any) -> None:
        self.told.append(list(pieces))

    def close(self) -> None:
        self.told.append("closed")
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def get_write_buffer_size(self) -> int:
        return 7


@pytest.fixture
def transport() -> Transport:
    return Transport()


class Loop:
    """A loop that does what is soon to be done when it is told to."""

    def __init__(self) -> None:
        self._soon: list[Callable[[], None]] = []

    def call_soon(self, call: Callable[[], None]) -> None:
        self._soon.append(call)

    def turn(self) -> None:
        soon, self._soon = self._soon, []
        for call in soon:
            call()


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def joined(transport: Transport, loop: Loop) -> JoinedWrites:
    return JoinedWrites(transport, loop)  # type: ignore[arg-type]


def test_the_head_waits_for_the_body_and_both_for_the_end_of_the_turn(
    transport: Transport, loop: Loop, joined: JoinedWrites
) -> None:
    joined.write(HEAD)
    loop.turn()
    assert transport.told == []
    joined.write(b"one")
    assert transport.told == []
    loop.turn()
    loop.turn()
    assert transport.told == [HEAD + b"one"]


def test_later_pieces_are_sent_at_once_and_in_order(transport: Transport, joined: JoinedWrites) -> None:
    for piece in (HEAD, b"one", b"two", HEAD):
        joined.write(piece)
    assert transport.told == [HEAD + b"one", b"two", HEAD]


def test_several_responses_of_a_turn_are_sent_together(
    transport: Transport, loop: Loop, joined: JoinedWrites
) -> None:
    """A client may send a request before it has the answer to the last one."""
    for piece in (b"one", b"two"):
        joined.write(HEAD)
        joined.write(piece)
        joined.ended()
    loop.turn()
    assert transport.told == [HEAD + b"one" + HEAD + b"two"]


def test_a_response_without_a_body_is_sent_at_its_end(
    transport: Transport, loop: Loop, joined: JoinedWrites
) -> None:
    joined.write(HEAD)
    joined.ended()
    loop.turn()
    joined.write(HEAD)
    joined.write(b"")
    joined.ended()
    loop.turn()
    joined.write(HEAD)
    loop.turn()
    assert transport.told == [HEAD, HEAD]


def test_a_client_that_waits_for_leave_gets_it_at_once(transport: Transport, joined: JoinedWrites) -> None:
    joined.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert transport.told == [b"HTTP/1.1 100 Continue\r\n\r\n"]
    joined.write(HEAD)
    assert len(transport.told) == 1


@pytest.mark.parametrize("body", [(), (b"body",)])
def test_what_waits_is_sent_before_the_end(
    transport: Transport, loop: Loop, joined: JoinedWrites, body: tuple[bytes, ...]
) -> None:
    joined.write(HEAD)
    for piece in body:
        joined.write(piece)
    joined.close()
    loop.turn()
    assert transport.told == [HEAD + b"".join(body), "closed"]


def test_nothing_is_written_to_a_connection_that_was_lost(
    transport: Transport, loop: Loop, joined: JoinedWrites
) -> None:
    joined.write(HEAD)
    joined.write(b"one")
    transport.closing = True
    loop.turn()
    assert transport.told == []


def test_a_large_body_is_not_copied(
    transport: Transport, joined: JoinedWrites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joined_writes, "_SMALL", 3)
    joined.write(HEAD)
    joined.write(b"long")
    assert transport.told == [[HEAD, b"long"]]


def test_all_else_is_the_transport_s(joined: JoinedWrites) -> None:
    assert (joined.is_closing(), joined.get_write_buffer_size()) == (False, 7)
