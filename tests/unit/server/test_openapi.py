"""The description of the server, and that every route has its part in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from starlette.responses import Response

from mlsql_engine.server.callers import Role
from mlsql_engine.server.composition import ROUTES
from mlsql_engine.server.errors import STATUS
from mlsql_engine.server.openapi import ERRORS, document, operations
from mlsql_engine.server.request import Request
from mlsql_engine.server.routes import Route

EACH = [(route, method) for route in ROUTES for method in operations(route)]


@pytest.mark.parametrize(("route", "method"), EACH, ids=[f"{method} {route.path}" for route, method in EACH])
def test_every_route_is_described(route: Route, method: str) -> None:
    operation = document([route])["paths"][route.path][method]
    assert operation.get("summary")
    assert operation.get("tags")
    done = {status: answer for status, answer in operation["responses"].items() if status[0] == "2"}
    assert done or "400" in operation["responses"]
    for answer in done.values():
        _check(answer.get("content", {}))
    if "requestBody" in operation:
        _check(operation["requestBody"]["content"])


def _check(contents: Mapping[str, Any]) -> None:
    for kind, content in contents.items():
        assert "schema" in content
        assert kind == "application/octet-stream" or "example" in content or content.get("examples")


def test_methods_are_those_of_the_routes() -> None:
    for route in ROUTES:
        assert {method.upper() for method in operations(route)} == set(route.methods) - {"HEAD"}


def test_paths_have_their_parameters() -> None:
    for path, methods in document(ROUTES)["paths"].items():
        named = {part[1:-1] for part in path.split("/") if part.startswith("{")}
        for operation in methods.values():
            told = {one["name"] for one in operation.get("parameters", ()) if one.get("in") == "path"}
            assert told == named, path


def test_references_lead_somewhere() -> None:
    made = document(ROUTES)
    for reference in _references(made):
        place: Any = made
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == "$ref":
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _references(inner)


def test_operations_have_names_of_their_own() -> None:
    names = [
        operation["operationId"] for methods in document(ROUTES)["paths"].values() for operation in methods.values()
    ]
    assert len(names) == len(set(names))


async def nothing(_request: Request) -> Response:
    return Response()


def test_errors_are_added() -> None:
    operation = {"summary": "x", "responses": {"200": {"description": "ok"}, "404": {"description": "mine"}}}
    made = document([Route("/a/{b}", nothing, ("GET",), Role.PREDICT, operation)])["paths"]["/a/{b}"]["get"]
    assert made["responses"]["404"] == {"description": "mine"}
    assert made["responses"]["401"] == {"$ref": "#/components/responses/Unauthorized"}
    assert made["security"] == [{"token": []}, {}]
    assert made["operationId"] == "getAB"
    assert {"408", "413"}.isdisjoint(made["responses"])


def test_statuses_are_all_described() -> None:
    assert {str(status) for status in STATUS.values()} - set(ERRORS) <= {"501"}


@pytest.mark.parametrize(("route", "method"), EACH, ids=[f"{method} {route.path}" for route, method in EACH])
def test_errors_are_said_once(route: Route, method: str) -> None:
    own = operations(route)[method].get("responses", {})
    bare = Route(
        route.path, route.endpoint, route.methods, route.role, {**operations(route)[method], "responses": {}}
    )
    added = document([bare])["paths"][route.path][method]["responses"]
    assert set(own) & {*added, "default"} == set()
