"""The functions that are served and the models that sessions know: /models."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import msgspec
from starlette.responses import Response

from mlsql_engine.core.errors import UnknownName
from mlsql_engine.core.functions import Described, FunctionSpec
from mlsql_engine.core.type_names import type_name
from mlsql_engine.server.callers import Role
from mlsql_engine.server.endpoints import models_api as described
from mlsql_engine.server.json_response import JsonResponse
from mlsql_engine.server.parameters import Parameters
from mlsql_engine.server.request import Request
from mlsql_engine.server.routes import Route
from mlsql_engine.server.scrubbing import shown_path
from mlsql_engine.session import Session

_OF_SESSION = ("owner", "sessionPerUser")


async def models(request: Request) -> Response:
    """The functions and the models of a session."""
    return await _answer(request, _Catalog.whole)


async def model(request: Request) -> Response:
    """One function, and the versions of its model."""
    name = request.path_params["name"]
    return await _answer(request, lambda catalog: catalog.one(name))


async def _answer(request: Request, tell: Any) -> Response:
    asked = Parameters(await request.parameters())
    asked.refuse_others(_OF_SESSION)
    owner = asked.text("owner", "") or request.caller.name
    async with request.server.sessions.of(owner, per_user=asked.flag("sessionPerUser")) as place:
        body = await asyncio.to_thread(lambda: tell(_Catalog(place.session, request)))
    return JsonResponse(msgspec.json.encode(body))


class _Catalog:
    """What a session has, as a caller sees it; manifests of models are read."""

    def __init__(self, session: Session, request: Request) -> None:
        self._session = session
        self._roots = request.server.roots
        self._open = request.caller.role >= Role.ADMIN

    def whole(self) -> dict[str, Any]:
        """All functions, all models."""
        workers = self._workers()
        functions = [self._function(spec, made, workers) for spec, made in self._registered()]
        return {"functions": functions, "models": list(self._models().values())}

    def one(self, name: str) -> dict[str, Any]:
        """One function with its model. Raises UnknownName."""
        for spec, made in self._registered():
            if spec.name.lower() == name.lower():
                models = self._models()
                place = next((path for path in models if spec.model.startswith(f"{path}/")), None)
                return {**self._function(spec, made, self._workers()), "model": models.get(place or "")}
        raise UnknownName("function", name, [spec.name for spec, _ in self._registered()])

    def _registered(self) -> list[tuple[FunctionSpec, Described]]:
        return [(spec, made) for spec, made in self._session.functions.registered() if not spec.called]

    def _workers(self) -> Counter[str]:
        rows = self._session.system_table("workers").to_pylist()
        return Counter(row["name"] for row in rows if row["state"] != "ended")

    def _function(self, spec: FunctionSpec, made: Described, workers: Counter[str]) -> dict[str, Any]:
        return {
            "name": spec.name,
            "path": self._path(spec.model) if spec.model else None,
            "version": _version(spec.model),
            "contract": made.contract,
            "returnType": type_name(made.return_type),
            "workers": workers[spec.title],
        }

    def _models(self) -> dict[str, dict[str, Any]]:
        """The models by their paths, versions newest first."""
        found: dict[str, dict[str, Any]] = {}
        for row in reversed(self._session.system_table("models").to_pylist()):
            model = found.setdefault(row["path"], {"path": self._path(row["path"]), "versions": []})
            versions = model["versions"]
            if not versions or versions[-1]["version"] != row["version"]:
                versions.append(
                    {
                        "version": row["version"],
                        "current": row["current"],
                        "aliases": row["aliases"],
                        "algorithm": row["algorithm"],
                        "createdAt": f"{row['createdAt'].isoformat(timespec='milliseconds')}+00:00",
                        "groups": [],
                    }
                )
            group = {name: row[name] for name in ("algIndex", "alg", "status", "score")}
            versions[-1]["groups"].insert(0, group)
        return found

    def _path(self, path: str) -> str:
        return path if self._open else shown_path(path, self._roots)


def _version(model: str) -> int | None:
    """The number of the version that a path or URL of a group's model is in: …/_model_3/model/0."""
    part = model.split("/")[-3:-2]
    return int(part[0].removeprefix("_model_")) if part and part[0].startswith("_model_") else None


ROUTES = (
    Route("/models", models, ("GET",), Role.PREDICT, {"get": described.MODELS}),
    Route("/models/{name}", model, ("GET",), Role.PREDICT, {"get": described.MODEL}),
)
