"""Which endpoint answers which path."""

from __future__ import annotations

import pytest
from starlette.responses import Response

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.server.callers import Role
from mlsql_engine.server.request import Request
from mlsql_engine.server.routes import Route, Router, WrongMethod


async def nothing(_request: Request) -> Response:
    return Response()


def route(path: str, *methods: str) -> Route:
    return Route(path, nothing, methods, Role.NOBODY)


ROUTES = (route("/a/{x}", "GET"), route("/a/{x}", "DELETE"), route("/a/b", "GET"), route("/a/{x}/c", "POST"))


@pytest.mark.parametrize(
    ("method", "path", "index", "parts"),
    [
        ("GET", "/a/b", 2, {}),
        ("HEAD", "/a/b", 2, {}),
        ("GET", "/a/z", 0, {"x": "z"}),
        ("HEAD", "/a/z", 0, {"x": "z"}),
        ("DELETE", "/a/z", 1, {"x": "z"}),
        ("DELETE", "/a/b", 1, {"x": "b"}),
        ("POST", "/a/z/c", 3, {"x": "z"}),
    ],
)
def test_found(method: str, path: str, index: int, parts: dict[str, str]) -> None:
    assert Router(ROUTES).find(method, path) == (ROUTES[index], parts)


@pytest.mark.parametrize("path", ["/", "", "/a", "/a/", "/a/b/d", "/A/b", "/a/b/"])
def test_nothing(path: str) -> None:
    with pytest.raises(MlsqlError) as raised:
        Router(ROUTES).find("GET", path)
    assert (raised.value.code, raised.value.message) == ("NOT_FOUND", f"there is nothing at {path}")


@pytest.mark.parametrize(
    ("path", "allowed"), [("/a/b", ["DELETE", "GET", "HEAD"]), ("/a/z", ["DELETE", "GET", "HEAD"])]
)
def test_wrong_method(path: str, allowed: list[str]) -> None:
    with pytest.raises(WrongMethod) as raised:
        Router(ROUTES).find("POST", path)
    assert raised.value.allowed == allowed
    assert raised.value.hint == "it takes DELETE, GET, HEAD"
