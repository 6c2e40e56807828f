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
_STEP: Final = 1 << 20
_FED: Final = 4_096


async def content(request: Request, headers: Mapping[bytes, bytes]) -> bytes:
    """The whole body, decompressed; `headers` are those of the request, their names in lower case.

    Raises MlsqlError: REQUEST_TOO_LARGE where it has more bytes than are taken when it is decompressed, OVERLOADED
    where the server would hold more than it may, MEDIA_TYPE for another encoding, and as Request.content does;
    BadValue for a body that is not of its encoding.
    """
    body = await request.content()
    written = headers.get(b"content-encoding")
    if written is None or not body:
        return body
    encoding = written.decode("latin-1").strip().lower()
    if encoding in ("identity", ""):
        return body
    if encoding not in _KNOWN:
        raise MlsqlError(
            f"the body is of the encoding '{encoding[:40]}'", code="MEDIA_TYPE", hint="gzip and deflate are known"
        )
    return await _decompressed(request, body, encoding)


async def _decompressed(request: Request, body: bytes, encoding: str) -> bytes:
    """The body, decompressed piece by piece: each is counted before the next is made."""
    limit = request.server.settings.limits.body
    inflating = _Inflating(body, encoding)
    pieces: list[bytes] = []
    size = 0
    while True:
        most = min(_STEP if pieces else _LARGE, limit + 1 - size)
        piece = await asyncio.to_thread(inflating.read, most)
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        hold = request.hold if pieces else request.hold_whole
        hold(len(piece))
        pieces.append(piece)
        if len(piece) < most:
            return b"".join(pieces)


class _Inflating:
    """Decompresses a body of one or more streams. It is fed in short pieces, for what is left of one is copied."""

    def __init__(self, body: bytes, encoding: str) -> None:
        self._encoding = encoding
        self._body = memoryview(body)
        self._at = 0
        self._given = b""
        self._stream = self._new()

    def _new(self) -> zlib._Decompress:
        # 31 is gzip with its header and checksum, 15 is zlib's.
        return zlib.decompressobj(31 if self._encoding == "gzip" else 15)

    def _next(self) -> bytes:
        self._at += _FED
        return bytes(self._body[self._at - _FED : self._at])

    def read(self, most: int) -> bytes:
        """So many bytes, fewer only where there are no more. Raises BadValue for what is not of the encoding."""
        made = bytearray()
        while len(made) < most:
            stream = self._stream
            if stream.eof:
                self._given = stream.unused_data or self._next()
                if not self._given:
                    break
                stream = self._stream = self._new()
            elif not self._given:
                self._given = self._next()
            ended = not self._given
            try:
                piece = stream.decompress(self._given, most - len(made))
            except zlib.error as error:
                raise BadValue(f"the body is no {self._encoding}: {error}", code="REQUEST") from None
            self._given = stream.unconsumed_tail
            made += piece
            if ended and not piece and not stream.eof:
                raise BadValue(f"the body ends within its {self._encoding}", code="REQUEST")
        return bytes(made)


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
