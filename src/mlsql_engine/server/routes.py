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

    `operation` is its description as OpenAPI has it (https://spec.openapis.org/oas/v3.1.0#operation-object): one
    for all methods, or one for each by its name in lower case. HEAD is answered wherever GET is.
    """

    path: str
    endpoint: Endpoint
    methods: tuple[str, ...]
    role: Role
    operation: Mapping[str, Any] = field(default_factory=dict)


class WrongMethod(MlsqlError):
    """A method that a path does not take; `allowed` are those that it takes."""

    default_code = "METHOD_NOT_ALLOWED"

    def __init__(self, path: str, method: str, allowed: Iterable[str]) -> None:
        self.allowed = sorted(allowed)
        super().__init__(f"{path} does not take {method}", hint=f"it takes {', '.join(self.allowed)}")


class Router:
    """Finds the route of a path: whole paths first, then those with variable parts, in their order."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._whole: dict[tuple[str, str], Route] = {}
        self._patterns: list[tuple[re.Pattern[str], frozenset[str], Route]] = []
        for route in self.routes:
            methods = frozenset(_with_head(route.methods))
            if "{" in route.path:
                self._patterns.append((compile_path(route.path)[0], methods, route))
            else:
                self._whole.update({(method, route.path): route for method in methods})

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route, and the variable parts of the path. Raises MlsqlError: NOT_FOUND or METHOD_NOT_ALLOWED."""
        route = self._whole.get((method, path))
        if route is not None:
            return route, {}
        for pattern, methods, route in self._patterns:
            found = pattern.match(path)
            if found is not None and method in methods:
                return route, found.groupdict()
        raise self._problem(method, path)

    def _problem(self, method: str, path: str) -> MlsqlError:
        """Why no route was found."""
        allowed = {method_ for method_, path_ in self._whole if path_ == path}
        for pattern, methods, _ in self._patterns:
            if pattern.match(path) is not None:
                allowed |= methods
        if allowed:
            return WrongMethod(path, method, allowed)
        return MlsqlError(
            f"there is nothing at {path}", code="NOT_FOUND", hint="GET /openapi.json tells what there is"
        )


def _with_head(methods: tuple[str, ...]) -> tuple[str, ...]:
    return (*methods, "HEAD") if "GET" in methods else methods
