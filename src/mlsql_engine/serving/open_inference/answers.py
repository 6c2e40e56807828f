"""Answers as tensors: JSON, or binary data after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
import pyarrow as pa

from mlsql_engine.core.errors import DataProblem
from mlsql_engine.serving.answers import Answers
from mlsql_engine.serving.open_inference import byte_strings
from mlsql_engine.serving.open_inference.answer_arrays import rows_of, texts
from mlsql_engine.serving.open_inference.datatypes import Datatype, of_values
from mlsql_engine.serving.open_inference.requests import OUTPUT


class _Tensor(msgspec.Struct):
    name: str
    shape: list[int]
    datatype: str
    data: list[Any]


class _BinaryTensor(msgspec.Struct):
    name: str
    shape: list[int]
    datatype: str
    parameters: dict[str, int]


class _Answer(msgspec.Struct, omit_defaults=True):
    model_name: str
    model_version: str
    outputs: list[_Tensor | _BinaryTensor]
    id: str | None = None


_ENCODER: Final = msgspec.json.Encoder()
_PLAIN: Final = frozenset({pa.float64(), pa.int64(), pa.string(), pa.bool_(), pa.int32(), pa.float32()})


@dataclass(frozen=True)
class Output:
    """How the answers of a function are written: its `name` and `version`, and the type of its answers."""

    name: str
    version: str
    datatype: Datatype
    rows: bool
    plain: bool

    @classmethod
    def of(cls, name: str, version: str, kind: pa.DataType) -> Output:
        """That of a function with answers of a type."""
        datatype, rows = of_values(kind)
        return cls(name, version, datatype, rows, kind in _PLAIN)

    def json(self, answers: Answers, request_id: str | None) -> bytes:
        """The answer as JSON; NULL, NaN and the infinities are null."""
        if self.plain:
            data = answers.values
            shape = [len(data)]
        else:
            array, shape = self._tensor(answers.array)
            data = _json_values(array, self.datatype)
        tensor = _Tensor(OUTPUT, shape, self.datatype.name, data)
        return _ENCODER.encode(_Answer(self.name, self.version, [tensor], request_id))

    def binary(self, answers: Answers, request_id: str | None) -> tuple[bytes, int]:
        """The answer with binary data, and how many bytes of JSON stand before them.

        Raises DataProblem for a NULL that is no number of floating point.
        """
        array, shape = self._tensor(answers.array)
        data = _binary_values(array, self.datatype)
        tensor = _BinaryTensor(OUTPUT, shape, self.datatype.name, {"binary_data_size": len(data)})
        header = _ENCODER.encode(_Answer(self.name, self.version, [tensor], request_id))
        return header + data, len(header)

    def _tensor(self, array: pa.Array) -> tuple[pa.Array, list[int]]:
        """The flat values, and the shape. Raises DataProblem for rows of different lengths."""
        return rows_of(array, self.datatype) if self.rows else (array, [len(array)])


def _json_values(array: pa.Array, datatype: Datatype) -> list[Any]:
    if not datatype.is_number:
        return texts(array)
    if pa.types.is_decimal(array.type):
        array = array.cast(pa.float64())
    if array.null_count:
        return array.to_pylist()  # type: ignore[no-any-return]
    return array.to_numpy(zero_copy_only=False).tolist()  # type: ignore[no-any-return]


def _binary_values(array: pa.Array, datatype: Datatype) -> bytes:
    if array.null_count and datatype.element is not float:
        row = array.is_null().index(pa.scalar(True)).as_py()
        raise DataProblem(
            f"the answer {row} is NULL, and binary data of {datatype.name} have none",
            code="ANSWER",
            hint="JSON has: ask for the output without binary_data",
        )
    if datatype.little is None:
        is_bytes = pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type)
        return byte_strings.write(
            array.to_pylist() if is_bytes else [text.encode() for text in texts(array) if text is not None]
        )
    if pa.types.is_decimal(array.type):
        array = array.cast(pa.float64())
    numbers = array.to_numpy(zero_copy_only=False).astype(datatype.little, copy=False)
    return numbers.tobytes()  # type: ignore[no-any-return]
