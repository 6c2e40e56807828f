"""The JSON of requests for inference, as msgspec reads it."""

from __future__ import annotations

from typing import Annotated, Any, Final, NamedTuple

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


class _FlatInput(InputMessage, forbid_unknown_fields=True):
    data: list[float] = []  # type: ignore[assignment]


class _NestedInput(InputMessage, forbid_unknown_fields=True):
    data: list[list[float]] = []  # type: ignore[assignment]


class _FlatMessage(InferMessage, forbid_unknown_fields=True):
    inputs: list[_FlatInput]  # type: ignore[assignment]


class _NestedMessage(InferMessage, forbid_unknown_fields=True):
    inputs: list[_NestedInput]  # type: ignore[assignment]


class Doubles(NamedTuple):
    """Data that are known to be numbers, nested so deep."""

    values: list[Any]
    depth: int


_LARGE: Final = 4_096
_FLOATS: Final = frozenset({"FP16", "FP32", "FP64"})
_OF_NUMBERS: Final = (
    (msgspec.json.Decoder(_FlatMessage), 1),
    (msgspec.json.Decoder(_NestedMessage), 2),
)


def flat_numbers(content: bytes) -> InferMessage | None:
    """The request of a JSON text whose tensors are flat numbers, which `data` holds; None for every other."""
    try:
        return _OF_NUMBERS[0][0].decode(content)
    except json_values.Problem:
        return None


def read(content: bytes | memoryview) -> InferMessage:
    """The request of a JSON text, with NaN and Infinity as Python writes them. Raises BadValue."""
    message = _of_numbers(content) if len(content) > _LARGE else None
    if message is not None:
        return message
    try:
        return _INFER.decode(content)
    except json_values.Problem as error:
        return _with_constants(bytes(content), error)


def _of_numbers(content: bytes | memoryview) -> InferMessage | None:
    """A request that has only numbers of floating point, all nested alike, read in one pass; None for others."""
    for decoder, depth in _OF_NUMBERS:
        try:
            message: InferMessage = decoder.decode(content)
        except json_values.Problem:
            continue
        if not all(one.datatype in _FLOATS and one.data for one in message.inputs):
            return None
        for one in message.inputs:
            one.data = Doubles(one.data, depth)  # type: ignore[assignment, arg-type]
        return message
    return None


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
    if isinstance(data, Doubles):
        return data.values
    made: Any = element
    for _ in range(depth):
        made = list[made]
    return json_values.typed(data, made)  # type: ignore[no-any-return]
