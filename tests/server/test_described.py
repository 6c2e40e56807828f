"""What the descriptions of the endpoints say is what they answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mlsql_engine.server.endpoints import jobs, models, scripts
from mlsql_engine.server.openapi import document
from mlsql_engine.server.routes import Route
from mlsql_engine.server.settings import Limits, ServerSettings
from server.running import Running, alone

ROUTES = (*scripts.ROUTES, *jobs.ROUTES, *models.ROUTES)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = ServerSettings(root=tmp_path_factory.mktemp("root"), limits=Limits(drain_seconds=0.0))
    with alone(settings) as running:
        code = "register ScriptUDF.`` as f where dataType='int' and code='def apply(x): return x';"
        running.client.post("/run/script", data={"sql": code})
        yield running


def schema(path: str, method: str, status: int) -> dict[str, Any]:
    made = document(ROUTES)
    response = made["paths"][path][method]["responses"][str(status)]
    if "$ref" in response:
        response = made["components"]["responses"][response["$ref"].rpartition("/")[2]]
    found: dict[str, Any] = response["content"]["application/json"]["schema"]
    return found


def fits(value: Any, wanted: dict[str, Any]) -> bool:
    """As much of JSON Schema as the descriptions use, for what is answered here."""
    if "$ref" in wanted:
        return isinstance(value, dict) and sorted(value) in (
            ["code", "hint", "message", "span"],
            ["code", "details", "hint", "message", "span"],
        )
    if "anyOf" in wanted:
        return any(fits(value, one) for one in wanted["anyOf"])
    kinds = {"string": str, "integer": int, "boolean": bool, "null": type(None), "array": list, "object": dict}
    if wanted["type"] == "number":
        return isinstance(value, int | float)
    if not isinstance(value, kinds[wanted["type"]]):
        return False
    if isinstance(value, list):
        return all(fits(one, wanted["items"]) for one in value)
    if isinstance(value, dict) and "properties" in wanted:
        same = value.keys() == wanted["properties"].keys()
        return same and all(fits(value[name], wanted["properties"][name]) for name in value)
    return "enum" not in wanted or value in wanted["enum"]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_every_method_is_described(route: Route) -> None:
    assert {method.lower() for method in route.methods} == set(route.operation)
    for operation in route.operation.values():
        assert operation["operationId"]
        assert operation["summary"]
        parts = {part["name"] for part in operation.get("parameters", ()) if part["in"] == "path"}
        assert all(f"{{{part}}}" in route.path for part in parts)
        assert len(parts) == route.path.count("{")


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for route in ROUTES for operation in route.operation.values()]
    assert len(names) == len(set(names))


def test_answers_are_as_described(server: Running) -> None:
    begun = server.client.post("/run/script", data={"sql": "select 1 as a as t;", "async": "true"})
    assert fits(begun.json(), schema("/run/script", "post", 202))
    place = begun.json()["statusUrl"]
    server.client.get(f"{place}/events")
    assert fits(server.client.get("/jobs").json(), schema("/jobs", "get", 200))
    assert fits(server.client.get(place).json(), schema("/jobs/{id}", "get", 200))
    assert fits(server.client.delete(place).json(), schema("/jobs/{id}", "delete", 200))
    assert fits(server.client.get(f"{place}/result").json(), schema("/jobs/{id}/result", "get", 200))
    failed = server.client.post("/run/script", data={"sql": "select b as t;"})
    assert fits(failed.json(), schema("/run/script", "post", 400))
    job = server.client.get(f"/jobs/{failed.headers['x-mlsql-job']}")
    assert fits(job.json(), schema("/jobs/{id}", "get", 200))
    with_schema = server.client.post("/run/script", data={"sql": "select 1 as a as t;", "includeSchema": "true"})
    assert fits(with_schema.json(), schema("/run/script", "post", 200))
    assert fits(server.client.get("/models").json(), schema("/models", "get", 200))
    assert fits(server.client.get("/models/f").json(), schema("/models/{name}", "get", 200))
    assert not fits({**job.json(), "more": 1}, schema("/jobs/{id}", "get", 200))
