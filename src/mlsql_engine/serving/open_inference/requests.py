"""Requests for inference: bytes to tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mlsql_engine.core.errors import BadValue, UnknownName
from mlsql_engine.serving.open_inference import messages, parameters, tensors
from mlsql_engine.serving.open_inference.datatypes import DATATYPES, named
from mlsql_engine.serving.open_inference.messages import InferMessage, InputMessage
from mlsql_engine.serving.open_inference.tensors import Tensor

OUTPUT: Final = "prediction"
"""The name of the only output that functions have."""
_SMALL: Final = 8_192
_DOUBLES: Final = DATATYPES["FP64"]
_ROWS: Final = "the first dimension counts the rows: [1, 30] is one row of 30 values"


@dataclass(slots=True)
class InferRequest:
    """What a request asks: `id` is what its answer repeats, `timeout` the seconds that its caller waits.

    `binary` is whether the output shall be binary data.
    """

    id: str | None
    tensors: Sequence[Tensor]
    binary: bool = False
    timeout: float | None = None


def read(content: bytes, header_length: str | None) -> InferRequest:
    """The request of a body; `header_length` is its HTTP header Inference-Header-Content-Length.

    Raises BadValue, and UnknownName for a datatype, parameter or output that is not known.
    """
    if header_length is None:
        quick = _one_row_or_few(content) if len(content) <= _SMALL else None
        if quick is not None:
            return quick
        message = messages.read(content)
        rest = None
    else:
        end = _end(header_length, len(content))
        whole = memoryview(content)
        message, rest = messages.read(whole[:end]), whole[end:]
    if not message.inputs:
        raise messages.no_request("it has no inputs")
    if rest is None and len(message.inputs) == 1 and message.inputs[0].parameters is None:
        made: Sequence[Tensor] = (_of_json(message.inputs[0]),)
    else:
        made = _tensors(message.inputs, rest)
    if message.parameters is None and message.outputs is None:
        return InferRequest(message.id, made)
    return _with_parameters(message, made)


def _one_row_or_few(content: bytes) -> InferRequest | None:
    """The request of one flat tensor of few doubles, as most are; None for every other and for a wrong one."""
    message = messages.flat_numbers(content)
    if message is None or len(message.inputs) != 1 or message.parameters is not None or message.outputs is not None:
        return None
    one = message.inputs[0]
    shape, values = one.shape, one.data
    if one.datatype != "FP64" or one.parameters is not None or len(shape) != 2 or not values:
        return None
    if shape[0] * shape[1] != len(values) or len(values) > tensors.FEW:
        return None
    return InferRequest(message.id, (Tensor(one.name, _DOUBLES, shape, values),))


def _with_parameters(message: InferMessage, made: Sequence[Tensor]) -> InferRequest:
    binary, timeout = parameters.of_request(message.parameters or {})
    outputs = message.outputs or ()
    for output in outputs:
        if output.name != OUTPUT:
            raise UnknownName("output", output.name, (OUTPUT,))
        binary = parameters.binary_output(output.parameters, binary)
    if len(outputs) > 1:
        raise BadValue(f"the output '{OUTPUT}' is asked for twice", code="REQUEST")
    return InferRequest(message.id, made, binary, timeout)


def _end(header_length: str, size: int) -> int:
    """Where the JSON of a body ends and binary data begin."""
    if not header_length.isascii() or not header_length.isdecimal() or len(header_length) > 18:
        raise BadValue(
            f"the header Inference-Header-Content-Length is '{header_length[:40]}', and no number of bytes",
            code="REQUEST",
        )
    end = int(header_length)
    if not end:
        raise BadValue(
            "the header Inference-Header-Content-Length is 0, and a body without JSON does not say what it holds",
            code="REQUEST",
        )
    if end > size:
        raise BadValue(
            f"the header Inference-Header-Content-Length is {end}, and the body has {size} bytes", code="REQUEST"
        )
    return end


def _of_json(message: InputMessage) -> Tensor:
    datatype = DATATYPES.get(message.datatype) or named(message.datatype)
    _check_shape(message)
    if message.data is messages.ABSENT:
        raise tensors.wrong(message.name, "has no data")
    return tensors.of_json(message.name, datatype, message.shape, message.data)


def _check_shape(message: InputMessage) -> None:
    shape = message.shape
    if not 1 <= len(shape) <= tensors.DEEPEST:
        what = f"has {len(shape)} dimensions, and a tensor has 1 to {tensors.DEEPEST}"
        raise tensors.wrong(message.name, what, _ROWS)
    width = math.prod(shape[1:])
    if not 1 <= width <= tensors.WIDEST:
        what = f"has the shape {tensors.text(shape)}, whose rows have {width} values"
        raise tensors.wrong(message.name, what, f"a row has 1 to {tensors.WIDEST} values; {_ROWS}")


def _tensors(inputs: Sequence[InputMessage], rest: memoryview | None) -> list[Tensor]:
    made: list[Tensor] = []
    names = set()
    place, end = 0, 0 if rest is None else rest.nbytes
    for message in inputs:
        if message.name in names:
            raise tensors.wrong(message.name, "is given twice")
        names.add(message.name)
        size = parameters.binary_size(message.name, message.parameters or {})
        if size is None:
            made.append(_of_json(message))
            continue
        if rest is None:
            raise tensors.wrong(
                message.name,
                "has a binary_data_size, and the body has no binary data",
                hint="the header Inference-Header-Content-Length says where the JSON ends",
            )
        if size > end - place:
            raise tensors.wrong(message.name, f"has {size} bytes of binary data, and {end - place} are left")
        made.append(_of_binary(message, rest[place : place + size]))
        place += size
    if place != end:
        raise BadValue(f"the body has {end - place} bytes that are of no input", code="REQUEST")
    return made


def _of_binary(message: InputMessage, data: memoryview) -> Tensor:
    _check_shape(message)
    if message.data is not messages.ABSENT:
        raise tensors.wrong(message.name, "has data as JSON, and as binary data")
    return tensors.of_binary(message.name, named(message.datatype), message.shape, data)
