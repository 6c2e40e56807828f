"""Messages over a real socket pair: what is sent arrives, and what is not a message is refused."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsql_sdk.wire import HEADER, VERSION, Channel, Closed, Kind, WireError

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def pair() -> Iterator[tuple[Channel, socket.socket]]:
    here, there = socket.socketpair()
    channel = Channel(here)
    yield channel, there
    channel.close()
    there.close()


@settings(max_examples=50)
@given(
    kind=st.sampled_from(Kind),
    identity=st.integers(0, 2**32 - 1),
    control=st.dictionaries(st.text(max_size=8), json_values, max_size=4),
    payload=st.binary(max_size=2000),
)
def test_what_is_sent_arrives(kind: Kind, identity: int, control: dict[str, Any], payload: bytes) -> None:
    here, there = socket.socketpair()
    sender, receiver = Channel(here), Channel(there)
    try:
        sender.send(kind, control, payload, identity)
        sender.send(Kind.RESULT)
        message = receiver.receive()
        assert (message.kind, message.id, message.control, bytes(message.payload)) == (
            kind,
            identity,
            control,
            payload,
        )
        assert receiver.receive().kind is Kind.RESULT
    finally:
        sender.close()
        receiver.close()


def test_closed_at_the_end_and_in_the_middle(pair: tuple[Channel, socket.socket]) -> None:
    channel, other = pair
    other.sendall(HEADER.pack(VERSION, Kind.HELLO, 0, 0, 10, 0) + b"{")
    other.close()
    with pytest.raises(Closed, match="the connection was closed"):
        channel.receive()


@pytest.mark.parametrize(
    "raw",
    [
        b"x" * HEADER.size,
        HEADER.pack(VERSION + 1, Kind.HELLO, 0, 0, 2, 0) + b"{}",
        HEADER.pack(VERSION, 99, 0, 0, 2, 0) + b"{}",
        HEADER.pack(VERSION, Kind.HELLO, 0, 0, 2, 0) + b"{]",
        HEADER.pack(VERSION, Kind.HELLO, 0, 0, 2, 0) + b"[]",
        HEADER.pack(VERSION, Kind.HELLO, 0, 0, 2, 0) + b"\xff\xff",
        HEADER.pack(VERSION, Kind.HELLO, 0, 0, 2**32 - 1, 0),
        HEADER.pack(VERSION, Kind.HELLO, 0, 0, 2, 2**63) + b"{}",
    ],
)
def test_garbage_is_refused(pair: tuple[Channel, socket.socket], raw: bytes) -> None:
    channel, other = pair
    other.sendall(raw)
    with pytest.raises(WireError):
        channel.receive()


def test_the_header_is_twenty_bytes_in_network_order() -> None:
    assert HEADER.pack(1, 2, 0, 3, 4, 5) == struct.pack(">BBHIIQ", 1, 2, 0, 3, 4, 5)
    assert HEADER.size == 20


BEAT = HEADER.pack(VERSION, Kind.BEAT, 0, 0, 2, 0) + b"{}"


def test_the_end_of_a_connection_is_seen_without_waiting(pair: tuple[Channel, socket.socket]) -> None:
    here, there = pair
    assert not here.ended()
    there.sendall(BEAT)
    there.close()
    # What was said before is still to be read.
    assert not here.ended()
    assert here.receive().kind is Kind.BEAT
    assert here.ended()


def test_a_message_that_does_not_come_whole(pair: tuple[Channel, socket.socket]) -> None:
    here, there = pair
    there.sendall(HEADER.pack(VERSION, Kind.BATCH, 0, 1, 2, 100_000) + b"{}")
    with pytest.raises(TimeoutError):
        here.receive(0.05)


def test_signs_of_life_do_not_make_a_message_whole(pair: tuple[Channel, socket.socket]) -> None:
    """They come whenever more is awaited, and each is taken for a part of the message."""
    here, there = pair
    there.sendall(HEADER.pack(VERSION, Kind.BATCH, 0, 1, 2, 1 << 30) + b"{}")
    plain = here._received

    def received(target: memoryview) -> int:
        there.sendall(BEAT)
        return plain(target)

    here._received = received
    with pytest.raises(TimeoutError):
        here.receive(0.05)


def test_a_control_part_that_is_too_deep(pair: tuple[Channel, socket.socket]) -> None:
    here, there = pair
    text = b"[" * 100_000
    there.sendall(HEADER.pack(VERSION, Kind.BATCH, 0, 1, len(text), 0) + text)
    with pytest.raises(WireError, match="not a message: maximum recursion depth exceeded"):
        here.receive()
