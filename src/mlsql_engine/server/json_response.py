"""Answers of JSON that is encoded already."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

_TYPE = (b"content-type", b"application/json")


class JsonResponse(Response):
    """A response whose content is the bytes of a JSON text.

    Most answers are such, of few bytes: their headers are made without the checks of what others may be.
    """

    media_type = "application/json"

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """See Response."""
        self.raw_headers = [(b"content-length", b"%d" % len(self.body)), _TYPE]
        if headers:
            self.raw_headers += [
                (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
            ]
