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
    """`path` names its variable parts in braces; `role` is the least that a caller needs.

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
        self._whole = {(method, route.path): route for route in self.routes for method in route.methods}
        self._patterns: list[tuple[re.Pattern[str], Route]] = [
            (compile_path(route.path)[0], route) for route in self.routes if "{" in route.path
        ]

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route, and the variable parts of the path. Raises MlsqlError: NOT_FOUND or METHOD_NOT_ALLOWED."""
        route = self._whole.get((method, path))
        if route is not None:
            return route, {}
        for pattern, route in self._patterns:
            found = pattern.match(path)
            if found is not None and method in route.methods:
                return route, found.groupdict()
        raise self._nothing(method, path)

    def _nothing(self, method: str, path: str) -> MlsqlError:
        """The error of a path that there is not, or not for this method."""
        allowed = {method_ for method_, path_ in self._whole if path_ == path}
        allowed |= {
            method_ for pattern, route in self._patterns if pattern.match(path) for method_ in route.methods
        }
        if not allowed:
            return MlsqlError(f"there is nothing at {path}", code="NOT_FOUND", hint="see GET /openapi.json")
        told = f"it takes {', '.join(sorted(allowed))}"
        return MlsqlError(f"{path} does not take {method}", code="METHOD_NOT_ALLOWED", hint=told)
