"""The datatypes of tensors: how numpy, Arrow and JSON have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from mlsql_engine.core.errors import UnknownName
from mlsql_sdk import type_names, vectors


@dataclass(frozen=True)
class Datatype:
    """`element` is what JSON has; `little` numpy's type of its binary data, None for BYTES."""

    name: str
    element: type
    little: np.dtype[Any] | None
    arrow: pa.DataType

    @property
    def is_number(self) -> bool:
        """Whether it is a number, or a truth value."""
        return self.little is not None

    @property
    def is_double(self) -> bool:
        """Whether JSON's numbers are its values as they are."""
        return self.name == "FP64"


def _of(name: str, element: type, numpy: str | None, arrow: pa.DataType) -> Datatype:
    return Datatype(name, element, None if numpy is None else np.dtype(numpy), arrow)


BYTES: Final = _of("BYTES", str, None, pa.string())
DATATYPES: Final = {
    datatype.name: datatype
    for datatype in (
        _of("BOOL", bool, "?", pa.bool_()),
        _of("UINT8", int, "u1", pa.uint8()),
        _of("UINT16", int, "<u2", pa.uint16()),
        _of("UINT32", int, "<u4", pa.uint32()),
        _of("UINT64", int, "<u8", pa.uint64()),
        _of("INT8", int, "i1", pa.int8()),
        _of("INT16", int, "<i2", pa.int16()),
        _of("INT32", int, "<i4", pa.int32()),
        _of("INT64", int, "<i8", pa.int64()),
        _of("FP16", float, "<f2", pa.float16()),
        _of("FP32", float, "<f4", pa.float32()),
        _of("FP64", float, "<f8", pa.float64()),
        BYTES,
    )
}
"""Of the protocol's: https://github.com/kserve/open-inference-protocol, "Tensor Data Types"."""
_OF_ARROW: Final = {datatype.arrow: datatype for datatype in DATATYPES.values()}
FP64: Final = DATATYPES["FP64"]


def named(name: str) -> Datatype:
    """The datatype of that name. Raises UnknownName."""
    found = DATATYPES.get(name)
    if found is None:
        raise UnknownName("datatype", name, DATATYPES)
    return found


def of_scalar(kind: pa.DataType) -> Datatype:
    """The datatype of values of an Arrow type. What no datatype has is text in BYTES, nested values as JSON."""
    if pa.types.is_decimal(kind):
        return FP64
    return _OF_ARROW.get(kind, BYTES)


def of_values(kind: pa.DataType) -> tuple[Datatype, bool]:
    """The datatype of values of an Arrow type, and whether each is a row of a tensor [n, k]."""
    if vectors.is_vector_type(kind):
        return FP64, True
    if type_names.is_list(kind) and not pa.types.is_nested(kind.value_type):
        return of_scalar(kind.value_type), True
    return of_scalar(kind), False
