# ruff: noqa: E501

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.serving.inputs import Inputs
from mlsql_engine.serving.open_inference import arguments, byte_strings, requests
from mlsql_engine.serving.parts import Part
from mlsql_sdk import accepted
from mlsql_sdk.accepted import Accepted, Place
from unit.serving.described import inputs_of, model, rows_of, script, types_of


def part(inputs: Inputs, *tensors: tuple[str, str, list[int], list[Any]]) -> Part:
    message = {
        "inputs": [
            {"name": name, "datatype": datatype, "shape": shape, "data": data}
            for name, datatype, shape, data in tensors
        ]
    }
    return arguments.part(requests.read(json.dumps(message).encode(), None).tensors, inputs)


def wrong(inputs: Inputs, *tensors: tuple[str, str, list[int], list[Any]]) -> tuple[str, str | None]:
    with pytest.raises(MlsqlError) as caught:
        part(inputs, *tensors)
    return caught.value.message, caught.value.hint


@pytest.mark.parametrize("inputs", [model(2), model(2, "a", "b"), model(None), inputs_of(None)])
@pytest.mark.parametrize("datatype", ["FP64", "FP32", "FP16", "INT8", "UINT64"])
def test_a_matrix_of_numbers(inputs: Inputs, datatype: str) -> None:
    assert rows_of(part(inputs, ("any", datatype, [2, 2], [1, 2, 3, 4]))) == (2, [1, 2, 3, 4])


def test_truths_are_numbers_to_a_model() -> None:
    assert rows_of(part(model(2), ("x", "BOOL", [1, 2], [True, False]))) == (2, [1.0, 0.0])


def test_further_dimensions_are_one_row() -> None:
    assert rows_of(part(model(4), ("x", "FP64", [1, 2, 2], [1, 2, 3, 4]))) == (4, [1, 2, 3, 4])


def test_single_floats_are_what_they_are() -> None:
    assert rows_of(part(model(1), ("x", "FP32", [1, 1], [0.1]))) == (1, [float(np.float32(0.1))])


def test_columns_go_by_the_names_of_features() -> None:
    columns = ("b", "FP64", [2], [1.5, 2.5]), ("a", "INT32", [2, 1], [3, 4])
    found = part(model(2, "a", "b"), *columns)
    assert rows_of(found) == {"a": [3, 4], "b": [1.5, 2.5]}
    assert types_of(found) == ["int32", "double"]
    assert rows_of(part(model(2), *columns)) == {"b": [1.5, 2.5], "a": [3, 4]}


def test_columns_go_by_the_names_of_arguments() -> None:
    inputs = script(("word", "string"), ("times", "bigint"))
    found = part(inputs, ("times", "UINT8", [2], [1, 2]), ("word", "BYTES", [2, 1], ["a", "b"]))
    assert rows_of(found) == {"arg0": ["a", "b"], "arg1": [1, 2]}
    assert types_of(found) == ["string", "uint8"]


def test_arguments_that_have_defaults() -> None:
    inputs = script(("a", "double"), ("b", "double"), ("c", "double"), least=1)
    assert rows_of(part(inputs, ("a", "FP64", [1], [1]))) == {"arg0": [1.0]}
    assert wrong(inputs, ("c", "FP64", [1], [1]), ("a", "FP64", [1], [1])) == (
        "function f takes 'b', which the request does not give",
        "it takes the arguments (a, b, c)",
    )


def test_arguments_that_may_be_repeated_go_in_order() -> None:
    takes = Accepted(
        "apply", "the arguments (word, *n)", (Place("word", ""), Place("n", "int")), 1, None, spread=False
    )
    inputs = inputs_of(takes, "udf")
    tensors = ("b", "BYTES", [1], ["x"]), ("a", "INT32", [1], [1]), ("c", "INT32", [1], [2])
    assert rows_of(part(inputs, *tensors)) == {"arg0": ["x"], "arg1": [1], "arg2": [2]}


def test_an_input_alone_may_have_any_name() -> None:
    assert rows_of(part(script(("word", "string")), ("input-0", "BYTES", [1], ["a"]))) == {"arg0": ["a"]}
    assert rows_of(part(script(("n", "")), ("input-0", "INT64", [1, 1], [7]))) == {"arg0": [7]}


def test_arrays_as_arguments() -> None:
    inputs = script(("numbers", "array<double>"))
    assert rows_of(part(inputs, ("x", "FP64", [2, 1], [1, 2]))) == (1, [1, 2])
    inputs = script(("words", "array<string>"), ("n", "int"))
    found = part(inputs, ("words", "BYTES", [2, 2], ["a", "b", "c", "d"]), ("n", "INT32", [2], [1, 2]))
    assert rows_of(found) == {"arg0": [["a", "b"], ["c", "d"]], "arg1": [1, 2]}
    found = part(inputs, ("words", "BYTES", [1, 1], ["a"]), ("n", "INT32", [1], [1]))
    assert rows_of(found) == {"arg0": [["a"]], "arg1": [1]}


def test_vectors_dates_and_bytes_as_arguments() -> None:
    inputs = script(("v", "vector"), ("day", "date"), ("at", "timestamp"), ("raw", "binary"), ("m", "decimal(4,2)"))
    found = part(
        inputs,
        ("v", "FP32", [1, 2], [0.5, 1]),
        ("day", "BYTES", [1], ["2024-02-29"]),
        ("at", "BYTES", [1], ["2024-02-29T01:02:03"]),
        ("raw", "BYTES", [1], ["é"]),
        ("m", "BYTES", [1], ["1.25"]),
    )
    rows = rows_of(found)
    assert isinstance(rows, dict)
    assert rows["arg0"] == [{"type": 1, "size": None, "indices": None, "values": [0.5, 1.0]}]
    assert [str(rows[f"arg{place}"][0]) for place in (1, 2, 4)] == ["2024-02-29", "2024-02-29 01:02:03", "1.25"]
    assert rows["arg3"] == ["é".encode()]
    message, _ = wrong(script(("day", "date")), ("day", "BYTES", [1], ["soon"]))
    assert message.startswith("the input 'day' is no date: ")


def test_bytes_that_are_no_text() -> None:
    data = byte_strings.write([b"\xff"])
    header = {"name": "x", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": len(data)}}
    text = json.dumps({"inputs": [header]}).encode()
    tensors = requests.read(text + data, str(len(text))).tensors
    assert rows_of(arguments.part(tensors, script(("raw", "binary")))) == {"arg0": [b"\xff"]}
    with pytest.raises(MlsqlError) as caught:
        arguments.part(tensors, script(("word", "string")))
    assert caught.value.message == "the input 'x' has an element that is not UTF-8 text"


A_ROW = "one tensor of the shape [rows, 2], or 2 columns"
REFUSED = [
    (model(2), [("x", "FP64", [1, 3], [1, 2, 3])], "function f: the model takes 2 features, and the request gives it 3", None),
    (model(2), [("x", "FP64", [2], [1, 2])], "function f: the model takes 2 features, and the request gives it 1 argument", A_ROW),
    (model(2, "a", "b"), [("a", "FP64", [1], [1])], "function f takes 'b', which the request does not give", "it takes 2 features (a, b)"),
    (model(2, "a", "b"), [("a", "FP64", [1], [1]), ("bb", "FP64", [1], [1])], "there is no input 'bb'", "did you mean 'b'?"),
    (model(2), [("x", "BYTES", [1, 2], ["a", "b"])], "function f: the argument is array<string>, and the model takes numbers", A_ROW),
    (script(("n", "bigint")), [("n", "BYTES", [1], ["a"])], "function f: the argument 'n' of apply is annotated as bigint, and the request gives it string", "send it in that type"),
    (model(2), [("a", "FP64", [1], [1]), ("b", "FP64", [2], [1, 2])], "the input 'b' has 2 rows, and 'a' has 1", None),
    (script(("w", "string")), [("w", "BYTES", [1, 1, 1], ["a"])], "the input 'w' has the shape [1, 1, 1], and a column is [n] or [n, k]", None),
]  # fmt: skip


@pytest.mark.parametrize(("inputs", "tensors", "message", "hint"), REFUSED)
def test_what_a_function_does_not_take(inputs: Inputs, tensors: Any, message: str, hint: str | None) -> None:
    assert wrong(inputs, *tensors) == (message, hint)


def test_an_aggregate_has_no_answers_for_rows() -> None:
    inputs = inputs_of(accepted.features(None), "udaf")
    for shape in ([1], [1, 1]):
        message, _ = wrong(inputs, ("x", "FP64", shape, [1]))
        assert message == "function f is an aggregate, which has no answer for a row"
