from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from mlsql_engine.core.functions import Described
from mlsql_engine.serving.inputs import Inputs
from mlsql_engine.serving.open_inference import metadata
from mlsql_sdk import vectors
from unit.serving.described import model, script

DESCRIBED = Described("test", pa.float64(), form="model")

INPUTS: list[tuple[Inputs, list[tuple[str, str, list[int]]]]] = [
    (model(30), [("input", "FP64", [-1, 30])]),
    (model(None), [("input", "FP64", [-1, -1])]),
    (model(2, "a", "b"), [("a", "FP64", [-1]), ("b", "FP64", [-1])]),
    (script(("word", "string"), ("n", "int")), [("word", "BYTES", [-1]), ("n", "INT32", [-1])]),
    (script(("", "array<float>"), ("", "vector")), [("arg0", "FP32", [-1, -1]), ("arg1", "FP64", [-1, -1])]),
    (script(("x", ""), ("m", "map<string,int>")), [("x", "BYTES", [-1]), ("m", "BYTES", [-1])]),
]


@pytest.mark.parametrize(("inputs", "told"), INPUTS)
def test_inputs(inputs: Inputs, told: list[tuple[str, str, list[int]]]) -> None:
    found = metadata.of_function("f", ["1"], DESCRIBED, inputs)["inputs"]
    assert [(one["name"], one["datatype"], one["shape"]) for one in found] == told


@pytest.mark.parametrize(
    ("kind", "datatype", "shape"),
    [
        (pa.bool_(), "BOOL", [-1]),
        (pa.string(), "BYTES", [-1]),
        (pa.list_(pa.int64()), "INT64", [-1, -1]),
        (vectors.arrow_type(), "FP64", [-1, -1]),
        (pa.struct([("a", pa.int64())]), "BYTES", [-1]),
    ],
)
def test_outputs(kind: pa.DataType, datatype: str, shape: Any) -> None:
    found = metadata.of_function("f", ["0", "1"], Described("test", kind), model(2))
    assert found["outputs"] == [{"name": "prediction", "datatype": datatype, "shape": shape}]
    assert (found["name"], found["versions"], found["platform"]) == ("f", ["0", "1"], "mlsql_model")
