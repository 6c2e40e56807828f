"""The JSON of requests for inference, as msgspec reads it."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from mlsql_engine.core.errors import BadValue
from mlsql_engine.serving import json_values

_Size = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
ABSENT: Final = msgspec.Raw(b"")
"""The data of an input that has none in the JSON."""
_EXAMPLE = '{"inputs": [{"name": "input", "shape": [1, 2], "datatype": "FP64", "data": [0.5, 1.5]}]}'


class InputMessage(msgspec.Struct, forbid_unknown_fields=True):
    """A tensor of a request; `data` is read when its datatype is known."""

    name: str
    shape: list[_Size]
    datatype: str
    data: msgspec.Raw = ABSENT
    parameters: dict[str, Any] | None = None


class OutputMessage(msgspec.Struct, forbid_unknown_fields=True):
    """An output that a request asks for."""

    name: str
    parameters: dict[str, Any] | None = None


class InferMessage(msgspec.Struct, forbid_unknown_fields=True):
    """A request for inference."""

    inputs: list[InputMessage]
    id: str | None = None
    parameters: dict[str, Any] | None = None
    outputs: list[OutputMessage] | None = None


_INFER: Final = msgspec.json.Decoder(InferMessage)


def read(content: bytes | memoryview) -> InferMessage:
    """The request of a JSON text, with NaN and Infinity as Python writes them. Raises BadValue."""
    try:
        return _INFER.decode(content)
    except json_values.Problem as error:
        return _with_constants(bytes(content), error)


def _with_constants(text: bytes, problem: Exception) -> InferMessage:
    """The request of a text with NaN or Infinity; its data stay Python's."""
    try:
        found = json_values.with_constants(text)
        if not isinstance(found, dict) or not isinstance(found.get("inputs"), list):
            raise no_request(problem)
        data = [one.pop("data", ABSENT) for one in found["inputs"] if isinstance(one, dict)]
        message = msgspec.convert(found, InferMessage)
    except (ValueError, RecursionError) as error:
        raise no_request(error) from None
    for one, values in zip(message.inputs, data, strict=True):
        one.data = values
    return message


def no_request(error: Exception | str) -> BadValue:
    """The error of what is not of the protocol."""
    return BadValue(f"the request is not of the Open Inference Protocol: {error}", code="REQUEST", hint=_EXAMPLE)


def elements(data: Any, element: type, depth: int) -> list[Any]:
    """The data of a tensor, nested so deep, with elements of that type. Raises one of json_values.Problem."""
    made: Any = element
    for _ in range(depth):
        made = list[made]
    return json_values.typed(data, made)  # type: ignore[no-any-return]
