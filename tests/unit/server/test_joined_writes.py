"""The head of a response goes out with the begin of its body."""

from __future__ import annotations

from typing import Any

import pytest

from mlsql_engine.server import joined_writes
from mlsql_engine.server.joined_writes import JoinedWrites

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Transport:
    """Takes down what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def writelines(self, pieces: Any) -> None:
        self.told.append(list(pieces))

    def close(self) -> None:
        self.told.append("closed")

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 7


@pytest.fixture
def transport() -> Transport:
    return Transport()


@pytest.fixture
def joined(transport: Transport) -> JoinedWrites:
    return JoinedWrites(transport)  # type: ignore[arg-type]


def test_the_head_waits_for_the_body_and_later_pieces_for_nothing(
    transport: Transport, joined: JoinedWrites
) -> None:
    joined.write(HEAD)
    assert transport.told == []
    joined.write(b"one")
    joined.write(b"two")
    joined.write(HEAD)
    assert transport.told == [HEAD + b"one", b"two", HEAD]


def test_a_response_without_a_body_is_sent_at_its_end(transport: Transport, joined: JoinedWrites) -> None:
    joined.write(HEAD)
    joined.ended()
    joined.write(HEAD)
    joined.write(b"")
    joined.ended()
    joined.write(HEAD)
    assert transport.told == [HEAD, HEAD]


def test_a_client_that_waits_for_leave_gets_it_at_once(transport: Transport, joined: JoinedWrites) -> None:
    joined.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert transport.told == [b"HTTP/1.1 100 Continue\r\n\r\n"]
    joined.write(HEAD)
    assert len(transport.told) == 1


def test_what_waits_is_sent_before_the_end(transport: Transport, joined: JoinedWrites) -> None:
    joined.write(HEAD)
    joined.close()
    assert transport.told == [HEAD, "closed"]


def test_a_large_body_is_not_copied(
    transport: Transport, joined: JoinedWrites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joined_writes, "_SMALL", 3)
    joined.write(HEAD)
    joined.write(b"long")
    assert transport.told == [[HEAD, b"long"]]


def test_all_else_is_the_transport_s(joined: JoinedWrites) -> None:
    assert (joined.is_closing(), joined.get_write_buffer_size()) == (False, 7)
