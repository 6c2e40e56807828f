"""The versions of a model beside the one that was registered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mlsql_engine.algorithms.base import FunctionRequest
from mlsql_engine.core.functions import FunctionSpec
from mlsql_engine.models.pointers import AskedVersion


class RequestedVersions:
    """The ModelVersions of what a register statement asks for."""

    def __init__(self, request: FunctionRequest, function: Callable[[FunctionRequest], FunctionSpec]) -> None:
        self._request = request
        self._function = function

    def numbers(self) -> list[int]:
        """See ModelVersions."""
        readable, _ = self._request.store().versions()
        return sorted(version.number for version in readable if version.has_model)

    def spec(self, number: int) -> FunctionSpec:
        """See ModelVersions."""
        options = replace(self._request.options, model_version=AskedVersion(number))
        return self._function(replace(self._request, options=options))
