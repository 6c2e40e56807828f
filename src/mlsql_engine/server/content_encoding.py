"""Compressed bodies of requests and answers: gzip and deflate (RFC 9110, 8.4.1)."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Mapping
from typing import Final

from mlsql_engine.core.errors import BadValue, MlsqlError
from mlsql_engine.server.request import Request, too_large

_KNOWN: Final = ("gzip", "deflate")
_SMALL: Final = 1_024
_LARGE: Final = 65_536


async def content(request: Request, headers: Mapping[bytes, bytes]) -> bytes:
    """The whole body, decompressed; `headers` are those of the request, their names in lower case.

    Raises MlsqlError: REQUEST_TOO_LARGE where it has more bytes than are taken when it is decompressed, MEDIA_TYPE
    for another encoding, and as Request.content does; BadValue for a body that is not of its encoding.
    """
    body = await request.content()
    written = headers.get(b"content-encoding")
    if written is None:
        return body
    encoding = written.decode("latin-1").strip().lower()
    if encoding in ("identity", ""):
        return body
    if encoding not in _KNOWN:
        raise MlsqlError(
            f"the body is of the encoding '{encoding[:40]}'", code="MEDIA_TYPE", hint="gzip and deflate are known"
        )
    return await asyncio.to_thread(_decompressed, body, encoding, request.server.settings.limits.body)


def _decompressed(body: bytes, encoding: str, limit: int) -> bytes:
    made = b""
    try:
        while body:
            # 31 is gzip with its header and checksum, 15 is zlib's.
            inflating = zlib.decompressobj(31 if encoding == "gzip" else 15)
            made += inflating.decompress(body, limit - len(made) + 1)
            if len(made) > limit:
                raise too_large(limit)
            if not inflating.eof:
                raise BadValue(f"the body ends within its {encoding}", code="REQUEST")
            body = inflating.unused_data
    except zlib.error as error:
        raise BadValue(f"the body is no {encoding}: {error}", code="REQUEST") from None
    return made


async def encoded(body: bytes, headers: Mapping[bytes, bytes]) -> tuple[bytes, dict[str, str]]:
    """The body of an answer as the request's headers let it be compressed, and the headers that say so."""
    accepted = headers.get(b"accept-encoding")
    if accepted is None or len(body) < _SMALL:
        return body, {}
    encoding = _chosen(accepted.decode("latin-1"))
    if encoding is None:
        return body, {"Vary": "Accept-Encoding"}
    if len(body) < _LARGE:
        made = _compressed(body, encoding)
    else:
        made = await asyncio.to_thread(_compressed, body, encoding)
    return made, {"Content-Encoding": encoding, "Vary": "Accept-Encoding"}


def _compressed(body: bytes, encoding: str) -> bytes:
    return gzip.compress(body, 1, mtime=0) if encoding == "gzip" else zlib.compress(body, 1)


def _chosen(accepted: str) -> str | None:
    """The encoding that an Accept-Encoding header likes best, of those that are known."""
    qualities = {}
    for item in accepted.lower().split(","):
        name, _, parameters = item.partition(";")
        qualities[name.strip()] = _quality(parameters)
    found = [(qualities.get(name, 0.0), -place, name) for place, name in enumerate(_KNOWN)]
    quality, _, best = max(found)
    return best if quality > 0 else None


def _quality(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
