"""Which endpoint answers which path."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response
from starlette.routing import compile_path

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.server.callers import Role
from mlsql_engine.server.request import Request

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Route:
    """`path`, of which there is one route, names its variable parts in braces; `role` is the least that is needed.

    `operation` is its description as OpenAPI has it (https://spec.openapis.org/oas/v3.1.0#operation-object), by
    method.
    """

    path: str
    endpoint: Endpoint
    methods: tuple[str, ...]
    role: Role
    operation: Mapping[str, Any] = field(default_factory=dict)


class Router:
    """Finds the route of a path: whole paths first, then those with variable parts, in their order."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._whole = {route.path: route for route in self.routes if "{" not in route.path}
        self._patterns: list[tuple[re.Pattern[str], Route]] = [
            (compile_path(route.path)[0], route) for route in self.routes if "{" in route.path
        ]

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route, and the variable parts of the path. Raises MlsqlError: NOT_FOUND or METHOD_NOT_ALLOWED."""
        route = self._whole.get(path)
        if route is not None:
            if method in route.methods:
                return route, {}
            raise _not_allowed(method, path, route.methods)
        for pattern, route in self._patterns:
            found = pattern.match(path)
            if found is not None:
                if method in route.methods:
                    return route, found.groupdict()
                raise _not_allowed(method, path, route.methods)
        raise MlsqlError(f"there is nothing at {path}", code="NOT_FOUND", hint="see GET /openapi.json")


def _not_allowed(method: str, path: str, methods: Iterable[str]) -> MlsqlError:
    return MlsqlError(
        f"{path} does not take {method}", code="METHOD_NOT_ALLOWED", hint=f"it takes {', '.join(sorted(methods))}"
    )
