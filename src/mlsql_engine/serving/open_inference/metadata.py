"""What a server and its functions say of themselves in the protocol."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from mlsql_engine.core.functions import Described
from mlsql_engine.core.version import __version__
from mlsql_engine.serving.inputs import Input, Inputs
from mlsql_engine.serving.open_inference.datatypes import FP64, of_values
from mlsql_engine.serving.open_inference.requests import OUTPUT
from mlsql_sdk.accepted import NUMBER

SERVER: Final = {
    "name": "mlsql",
    "version": __version__,
    "extensions": ["binary_tensor_data", "model_repository"],
}


def of_function(name: str, versions: list[str], described: Described, inputs: Inputs) -> dict[str, Any]:
    """The metadata of a function: -1 stands for the rows, and for a width that is not known."""
    return {
        "name": name,
        "versions": versions,
        "platform": f"mlsql_{described.form}",
        "inputs": _inputs(inputs),
        "outputs": [_tensor(OUTPUT, described.return_type)],
    }


def _inputs(inputs: Inputs) -> list[dict[str, Any]]:
    """One matrix of numbers for a model that knows no names of features, else a column for each argument."""
    if inputs.packed and not inputs.named:
        return [{"name": "input", "datatype": FP64.name, "shape": [-1, inputs.width or -1]}]
    return [_input(place, index) for index, place in enumerate(inputs.places)]


def _input(place: Input, index: int) -> dict[str, Any]:
    name = place.name or f"arg{index}"
    if place.kind == NUMBER:
        return {"name": name, "datatype": FP64.name, "shape": [-1]}
    return _tensor(name, place.kind if isinstance(place.kind, pa.DataType) else pa.string())


def _tensor(name: str, kind: pa.DataType) -> dict[str, Any]:
    datatype, rows = of_values(kind)
    return {"name": name, "datatype": datatype.name, "shape": [-1, -1] if rows else [-1]}
