"""Responses of JSON texts."""

from __future__ import annotations

from starlette.responses import Response

from mlsql_engine.server.json_response import JsonResponse


def test_the_headers_are_those_that_any_response_would_have() -> None:
    own = {"Content-Encoding": "gzip", "Vary": "Accept"}
    for headers in (None, {}, own):
        made = JsonResponse(b"[1]", 201, headers)
        expected = Response(b"[1]", 201, headers, "application/json")
        assert sorted(made.raw_headers) == sorted(expected.raw_headers)
        assert (made.body, made.status_code) == (expected.body, expected.status_code)
