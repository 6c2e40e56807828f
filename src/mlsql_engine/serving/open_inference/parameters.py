"""The parameters of requests, of their inputs and of the outputs that they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mlsql_engine.core.errors import BadValue, UnknownName

_OF_REQUESTS: Final = (
    "binary_data_output",
    "content_type",
    "priority",
    "sequence_end",
    "sequence_id",
    "sequence_start",
    "timeout",
)
_OF_INPUTS: Final = ("binary_data_size", "content_type")
_OF_OUTPUTS: Final = ("binary_data", "content_type")
_NO_SEQUENCES: Final = "no function here keeps anything from one request to the next"
_CONTENT: Final = ("np", "pd", "str")


def of_request(given: Mapping[str, Any]) -> tuple[bool, float | None]:
    """Whether outputs are binary unless they say otherwise, and the seconds that the caller waits.

    Raises UnknownName for a parameter that is not known, and BadValue for one that means what cannot be.
    """
    _known(given, _OF_REQUESTS)
    for name in ("sequence_id", "sequence_start", "sequence_end", "priority"):
        if given.get(name):
            hint = "requests are predicted in the order in which they come" if name == "priority" else _NO_SEQUENCES
            raise BadValue(f"the parameter '{name}' cannot be served", code="REQUEST", hint=hint)
    timeout = given.get("timeout")
    if timeout is not None and (not _whole(timeout) or timeout < 0):
        raise BadValue("the parameter 'timeout' is no number of microseconds", code="REQUEST")
    return _truth(given, "binary_data_output"), timeout / 1e6 if timeout else None


def binary_size(name: str, given: Mapping[str, Any]) -> int | None:
    """How many bytes of binary data an input has; None where its data are JSON. Raises as `of_request`."""
    _known(given, _OF_INPUTS)
    size = given.get("binary_data_size")
    if size is not None and (not _whole(size) or size < 0):
        raise BadValue(f"the binary_data_size of the input '{name}' is no number of bytes", code="REQUEST")
    return size


def binary_output(given: Mapping[str, Any] | None, otherwise: bool) -> bool:
    """Whether an output is binary. Raises as `of_request`."""
    if given is None:
        return otherwise
    _known(given, _OF_OUTPUTS)
    return _truth(given, "binary_data") if "binary_data" in given else otherwise


def _known(given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise UnknownName("parameter", name, known)
    content = given.get("content_type")
    if content is not None and content not in _CONTENT:
        raise BadValue(
            f"the content_type {content!r} is not known", code="REQUEST", hint=f"known: {', '.join(_CONTENT)}"
        )


def _truth(given: Mapping[str, Any], name: str) -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise BadValue(f"the parameter '{name}' is neither true nor false", code="REQUEST")
    return value


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
