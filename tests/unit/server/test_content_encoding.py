from __future__ import annotations

import asyncio
import gzip
import os
import zlib
from types import SimpleNamespace
from typing import Any

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.server import content_encoding
from mlsql_engine.server.bodies import Bodies
from mlsql_engine.server.request import Request
from mlsql_engine.server.settings import Limits, ServerSettings

FEW, MANY = b"x" * 1_023, os.urandom(100) * 1_000


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("deflate", "deflate"),
        ("deflate, gzip", "gzip"),
        ("gzip;q=0.2,deflate; q=0.3", "deflate"),
        ("GZIP", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=soon", None),
        ("gzip;level=9", "gzip"),
        ("br, *;q=0", None),
        ("identity", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("body", [FEW + b"x", MANY])
def test_answers_are_compressed_as_is_liked_best(accepted: str, encoding: str | None, body: bytes) -> None:
    made, headers = asyncio.run(content_encoding.encoded(body, {b"accept-encoding": accepted.encode()}))
    assert headers.pop("Vary") == "Accept-Encoding"
    if encoding is None:
        assert (made, headers) == (body, {})
    else:
        assert headers == {"Content-Encoding": encoding}
        assert (gzip.decompress(made) if encoding == "gzip" else zlib.decompress(made)) == body
        assert len(made) < len(body)


def test_short_answers_and_those_to_callers_that_do_not_ask_are_sent_as_they_are() -> None:
    assert asyncio.run(content_encoding.encoded(FEW, {b"accept-encoding": b"gzip"})) == (FEW, {})
    assert asyncio.run(content_encoding.encoded(MANY, {})) == (MANY, {})


MIB = 1 << 20


def request(*pieces: bytes, most: int = 64 * MIB) -> Request:
    """A request whose body comes in these pieces, up to 4 MiB, to a server that holds so many bytes."""
    left = list(pieces)

    async def receive() -> Any:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    server = SimpleNamespace(settings=ServerSettings(limits=Limits(body=4 * MIB)), bodies=Bodies(most))
    return Request({"type": "http", "headers": []}, receive, server)  # type: ignore[arg-type]


def read(asked: Request, encoding: str = "gzip") -> bytes:
    return asyncio.run(content_encoding.content(asked, {b"content-encoding": encoding.encode()}))


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, MIB + 65_536, 4 * MIB])
def test_bodies_are_decompressed_and_counted(size: int) -> None:
    body = (MANY * 50)[:size]
    for encoding, sent in (
        ("gzip", gzip.compress(body, mtime=0)),
        ("deflate", zlib.compress(body)),
        ("gzip", gzip.compress(body[:99], mtime=0) + gzip.compress(body[99:], mtime=0)),
    ):
        asked = request(sent)
        assert read(asked, encoding) == body
        assert asked.held == asked.server.bodies.held == len(sent) + size


def test_many_streams() -> None:
    asked = request(b"".join(map(gzip.compress, [b"ab"] * 5_000)))
    assert read(asked) == b"ab" * 5_000


def test_an_empty_body_is_of_every_encoding() -> None:
    assert read(request(b"")) == b""


@pytest.mark.parametrize(
    ("sent", "code", "message"),
    [
        (gzip.compress(MANY, mtime=0)[:-1], "REQUEST", "the body ends within its gzip"),
        (gzip.compress(MANY, mtime=0)[:9], "REQUEST", "the body ends within its gzip"),
        (
            gzip.compress(MANY, mtime=0) + b"more",
            "REQUEST",
            "the body is no gzip: Error -3 while decompressing data: incorrect header check",
        ),
        (gzip.compress(bytes(4 * MIB + 1)), "REQUEST_TOO_LARGE", "the request is larger than 4 MiB"),
    ],
)
def test_bodies_that_are_refused(sent: bytes, code: str, message: str) -> None:
    with pytest.raises(MlsqlError) as caught:
        read(request(sent))
    assert (caught.value.code, caught.value.message) == (code, message)


def test_a_body_that_is_too_much_decompressed() -> None:
    asked = request(gzip.compress(bytes(3 * MIB)), most=3 * MIB)
    with pytest.raises(MlsqlError) as caught:
        read(asked)
    assert caught.value.code == "OVERLOADED"
    assert caught.value.message == "the server holds 2 MiB of requests and takes 3 MiB"
    assert asked.held == asked.server.bodies.held <= 3 * MIB


def test_a_body_that_comes_in_one_piece_is_counted() -> None:
    asked = request(bytes(MIB), most=MIB)
    assert len(asyncio.run(asked.content())) == MIB
    assert asked.server.bodies.held == MIB
    later = request(bytes(MIB // 4))
    later.server.bodies = asked.server.bodies
    asyncio.run(later.content())
    assert asked.server.bodies.held == MIB + MIB // 4
    for pieces, told in (((b"x",), 1), ((b"x", b"x"), 1)):
        more = request(*pieces)
        more.server.bodies = asked.server.bodies
        with pytest.raises(MlsqlError) as caught:
            asyncio.run(more.content())
        assert caught.value.message == f"the server holds 1 MiB of requests and takes {told} MiB"
        assert more.held == 0


def test_small_bodies_have_room_beside_large_ones() -> None:
    bodies = Bodies(8)
    bodies.hold(8)
    with pytest.raises(MlsqlError):
        bodies.hold(1)
    bodies.hold_whole(2)
    with pytest.raises(MlsqlError):
        bodies.hold_whole(1)
    bodies.release(10)
    assert bodies.held == 0
