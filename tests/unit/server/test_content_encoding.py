from __future__ import annotations

import asyncio
import gzip
import os
import zlib

import pytest

from mlsql_engine.server import content_encoding

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
