"""What is written within a turn of the loop goes out together."""

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


def test_what_is_written_in_a_turn_is_sent_together_at_its_end(
    transport: Transport, loop: Loop, joined: JoinedWrites
) -> None:
    for piece in (HEAD, b"one", HEAD, b"two"):
        joined.write(piece)
    assert transport.told == []
    loop.turn()
    loop.turn()
    assert transport.told == [HEAD + b"one" + HEAD + b"two"]


def test_a_head_does_not_wait_for_a_body_that_comes_later(
    transport: Transport, loop: Loop, joined: JoinedWrites
) -> None:
    joined.write(HEAD)
    loop.turn()
    joined.write(b"one")
    loop.turn()
    assert transport.told == [HEAD, b"one"]


def test_what_is_large_is_not_copied_and_comes_in_order(
    transport: Transport, loop: Loop, joined: JoinedWrites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joined_writes, "_SMALL", len(HEAD))
    large = bytes(len(HEAD) + 1)
    joined.write(HEAD)
    joined.write(large)
    assert transport.told == [HEAD, large]
    assert transport.told[1] is large
    joined.write(b"one")
    loop.turn()
    assert transport.told == [HEAD, large, b"one"]


def test_what_waits_is_sent_before_the_end(transport: Transport, loop: Loop, joined: JoinedWrites) -> None:
    joined.write(HEAD)
    joined.close()
    loop.turn()
    assert transport.told == [HEAD, "closed"]


def test_nothing_is_written_to_a_connection_that_was_lost(
    transport: Transport, loop: Loop, joined: JoinedWrites
) -> None:
    joined.write(HEAD)
    transport.closing = True
    loop.turn()
    assert transport.told == []


def test_all_else_is_the_transport_s(joined: JoinedWrites) -> None:
    assert (joined.is_closing(), joined.get_write_buffer_size()) == (False, 7)
