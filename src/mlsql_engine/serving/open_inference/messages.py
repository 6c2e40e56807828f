"""The JSON of requests for inference, as msgspec reads it."""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated, Any, Final

import msgspec

from mlsql_engine.core.errors import BadValue

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
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        text = bytes(content)
        if b"NaN" in text or b"Infinity" in text:
            return _with_constants(text)
        raise no_request(error) from None


def _with_constants(text: bytes) -> InferMessage:
    """The request of a text with NaN or Infinity, which are not JSON; its data stay Python's."""
    try:
        found = json.loads(text)
        inputs = found.get("inputs") if isinstance(found, dict) else None
        data = (
            [one.pop("data", ABSENT) for one in inputs if isinstance(one, dict)] if isinstance(inputs, list) else []
        )
        message = msgspec.convert(found, InferMessage)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise no_request(error) from None
    for one, values in zip(message.inputs, data, strict=True):
        one.data = values
    return message


def no_request(error: Exception | str) -> BadValue:
    """The error of what is not of the protocol."""
    return BadValue(f"the request is not of the Open Inference Protocol: {error}", code="REQUEST", hint=_EXAMPLE)


def elements(data: Any, element: type, depth: int) -> list[Any]:
    """The data of a tensor, nested so deep, with elements of that type. Raises msgspec.DecodeError."""
    if isinstance(data, msgspec.Raw):
        made: list[Any] = _decoder(element, depth).decode(data)
        return made
    return msgspec.convert(data, _nested(element, depth))  # type: ignore[no-any-return]


@cache
def _decoder(element: type, depth: int) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(_nested(element, depth))


def _nested(element: type, depth: int) -> Any:
    made: Any = element
    for _ in range(depth):
        made = list[made]
    return made
