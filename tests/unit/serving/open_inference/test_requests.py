from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.serving.open_inference import byte_strings, requests
from mlsql_engine.serving.open_inference.datatypes import DATATYPES
from mlsql_engine.serving.open_inference.requests import InferRequest
from mlsql_engine.serving.open_inference.tensors import Tensor

NUMBERS = [name for name, datatype in DATATYPES.items() if datatype.little is not None]


def tensor(**members: Any) -> dict[str, Any]:
    return {"name": "x", "shape": [1, 2], "datatype": "FP64", "data": [0.5, 1.5], **members}


def read(message: object, *data: bytes, length: object = None) -> InferRequest:
    text = json.dumps(message).encode()
    if data and length is None:
        length = len(text)
    return requests.read(text + b"".join(data), None if length is None else str(length))


def wrong(message: object, *data: bytes, length: object = None) -> str:
    with pytest.raises(MlsqlError) as caught:
        read(message, *data, length=length)
    assert caught.value.code in ("REQUEST", "UNKNOWN_DATATYPE", "UNKNOWN_OUTPUT", "UNKNOWN_PARAMETER")
    return caught.value.message


def only(request: InferRequest) -> Tensor:
    (found,) = request.tensors
    return found


def test_few_doubles_stay_a_list_and_many_are_an_array() -> None:
    few = only(read({"inputs": [tensor()]}))
    assert few == Tensor("x", DATATYPES["FP64"], [1, 2], [0.5, 1.5])
    many = only(read({"inputs": [tensor(shape=[600, 1], data=list(range(600)))]})).values
    assert many.dtype == np.float64
    assert many.tolist() == list(range(600))


def test_the_rest_of_a_request() -> None:
    request = read(
        {
            "id": "seven",
            "inputs": [tensor(parameters={"content_type": "np"})],
            "parameters": {"timeout": 2_500_000, "binary_data_output": True},
        }
    )
    assert (request.id, request.binary, request.timeout) == ("seven", True, 2.5)
    plain = read({"inputs": [tensor()]})
    assert (plain.id, plain.binary, plain.timeout) == (None, False, None)


@pytest.mark.parametrize(
    ("parameters", "own", "binary"),
    [
        ({}, None, False),
        ({}, {"binary_data": True}, True),
        ({"binary_data_output": True}, None, True),
        ({"binary_data_output": True}, {"binary_data": False}, False),
    ],
)
def test_an_output_says_whether_it_is_binary(parameters: object, own: object, binary: bool) -> None:
    output = {"name": "prediction"} if own is None else {"name": "prediction", "parameters": own}
    assert read({"inputs": [tensor()], "parameters": parameters, "outputs": [output]}).binary is binary


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_data_may_be_nested_as_the_shape_is(depth: int) -> None:
    values: Any = np.arange(12.0).reshape([12, 6, 2][:1] if depth == 1 else [3, 4] if depth == 2 else [3, 2, 2])
    found = only(read({"inputs": [tensor(shape=list(values.shape), data=values.tolist())]}))
    assert list(found.values) == list(range(12))
    assert list(found.shape) == list(values.shape)


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_of_every_datatype(name: str) -> None:
    little = DATATYPES[name].little
    assert little is not None
    values = np.array([0, 1, 1, 0], little)
    by_json = only(read({"inputs": [tensor(datatype=name, shape=[2, 2], data=values.tolist())]}))
    header = {"name": "x", "datatype": name, "shape": [2, 2], "parameters": {"binary_data_size": values.nbytes}}
    by_bytes = only(read({"inputs": [header]}, values.tobytes()))
    for found in (by_json, by_bytes):
        assert np.asarray(found.values).dtype == little
        assert np.array_equal(found.values, values)


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        (name, int(np.iinfo(datatype.little).min), int(np.iinfo(datatype.little).max))
        for name, datatype in DATATYPES.items()
        if datatype.little is not None and datatype.little.kind in "iu"
    ],
)
def test_the_ends_of_whole_numbers(name: str, least: int, most: int) -> None:
    found = only(read({"inputs": [tensor(datatype=name, data=[least, most])]}))
    assert found.values.tolist() == [least, most]
    for beyond in (least - 1, most + 1):
        message = wrong({"inputs": [tensor(datatype=name, data=[beyond, 0])]})
        assert message in (
            f"the input 'x' has a number that is too large for {name}",
            f"the input 'x' has data that is not {name}: Integer value out of range - at `$[0]`",
        )


def test_texts() -> None:
    found = only(read({"inputs": [tensor(datatype="BYTES", data=["é", ""])]}))
    assert found.values == ["é", ""]
    data = byte_strings.write([b"\xff\x00", b""])
    assert data == b"\x02\x00\x00\x00\xff\x00\x00\x00\x00\x00"
    header = {"name": "x", "datatype": "BYTES", "shape": [2], "parameters": {"binary_data_size": len(data)}}
    assert only(read({"inputs": [header]}, data)).values == [b"\xff\x00", b""]


def test_binary_and_json_inputs_in_one_request() -> None:
    numbers, words = np.array([1.0, 2.0], "<f4").tobytes(), byte_strings.write([b"a", b"bc"])
    inputs = [
        {"name": "a", "datatype": "FP32", "shape": [2], "parameters": {"binary_data_size": len(numbers)}},
        {"name": "b", "datatype": "INT8", "shape": [2], "data": [3, 4]},
        {"name": "c", "datatype": "BYTES", "shape": [2], "parameters": {"binary_data_size": len(words)}},
    ]
    found = {one.name: list(one.values) for one in read({"inputs": inputs}, numbers, words).tensors}
    assert found == {"a": [1.0, 2.0], "b": [3, 4], "c": [b"a", b"bc"]}


def test_binary_numbers_are_not_copied() -> None:
    data = np.arange(4.0).tobytes()
    header = {"name": "x", "datatype": "FP64", "shape": [2, 2], "parameters": {"binary_data_size": 32}}
    text = json.dumps({"inputs": [header]}).encode()
    body = text + data
    values = only(requests.read(body, str(len(text)))).values
    assert np.shares_memory(values, np.frombuffer(body, np.uint8))


def test_nan_and_infinity_as_python_writes_them() -> None:
    found = only(read({"inputs": [tensor(data=[math.nan, math.inf])]})).values
    assert math.isnan(found[0])
    assert found[1] == math.inf
    found = only(read({"inputs": [tensor(datatype="FP32", data=[[math.nan, -math.inf]])]})).values
    assert np.isnan(found[0])
    assert found[1] == -np.inf
    assert wrong({"inputs": [tensor(datatype="INT8", data=[math.nan, 1])]}).startswith(
        "the input 'x' has data that is not INT8: Expected `int`, got `float`"
    )
    assert "Object contains unknown field `name`" in wrong({"name": math.nan, "inputs": [tensor()]})


TENSORS = [
    ({"datatype": "FP46"}, "there is no datatype 'FP46'"),
    ({"data": [1.0]}, "the input 'x' has the shape [1, 2], and 1 value"),
    ({"data": []}, "the input 'x' has the shape [1, 2], and 0 values"),
    ({"data": [1.0, 2.0, 3.0]}, "the input 'x' has the shape [1, 2], and 3 values"),
    ({"data": [[[1.0, 2.0]]]}, "the input 'x' has the shape [1, 2], and data nested 3 deep"),
    ({"data": [[1.0], [2.0]]}, "the input 'x' has the shape [1, 2], and data nested otherwise"),
    (
        {"shape": [2, 2], "data": [[1.0, 2.0, 3.0], [4.0]]},
        "the input 'x' has the shape [2, 2], and data nested otherwise",
    ),
    ({"data": [1.0, "a"]}, "the input 'x' has data that is not FP64: Expected `float`, got `str` - at `$[1]`"),
    ({"data": [1.0, None]}, "the input 'x' has data that is not FP64: Expected `float`, got `null` - at `$[1]`"),
    ({"data": None}, "the input 'x' has data that is not FP64: Expected `array`, got `null`"),
    ({"data": {"a": 1}}, "the input 'x' has data that is not FP64: Expected `array`, got `object`"),
    (
        {"datatype": "INT64", "data": [1, 1.5]},
        "the input 'x' has data that is not INT64: Expected `int`, got `float` - at `$[1]`",
    ),
    (
        {"datatype": "BOOL", "data": [True, 1]},
        "the input 'x' has data that is not BOOL: Expected `bool`, got `int` - at `$[1]`",
    ),
    (
        {"datatype": "BYTES", "data": ["a", 1]},
        "the input 'x' has data that is not BYTES: Expected `str`, got `int` - at `$[1]`",
    ),
    ({"datatype": "FP32", "data": [1e300, 0]}, "the input 'x' has a number that is too large for FP32"),
    ({"datatype": "FP16", "data": [70_000, 0]}, "the input 'x' has a number that is too large for FP16"),
    ({"shape": []}, "the input 'x' has 0 dimensions, and a tensor has 1 to 16"),
    ({"shape": [1] * 17}, "the input 'x' has 17 dimensions, and a tensor has 1 to 16"),
    ({"shape": [2, 0], "data": []}, "the input 'x' has the shape [2, 0], whose rows have 0 values"),
    (
        {"shape": [0, 1 << 40, 1 << 40], "data": []},
        f"the input 'x' has the shape [0, {1 << 40}, {1 << 40}], whose rows have {1 << 80} values",
    ),
    (
        {"shape": [-1, 2]},
        "the request is not of the Open Inference Protocol: Expected `int` >= 0 - at `$.inputs[0].shape[0]`",
    ),
    (
        {"shape": [1 << 63, 2]},
        "the request is not of the Open Inference Protocol: Expected `int` <= 9223372036854775807 - at "
        "`$.inputs[0].shape[0]`",
    ),
    (
        {"shape": [1.5, 2]},
        "the request is not of the Open Inference Protocol: Expected `int`, got `float` - at "
        "`$.inputs[0].shape[0]`",
    ),
    ({"parameters": {"classification": 3}}, "there is no parameter 'classification'"),
    ({"parameters": {"content_type": "base64"}}, "the content_type 'base64' is not known"),
    (
        {"parameters": {"binary_data_size": 3}},
        "the input 'x' has a binary_data_size, and the body has no binary data",
    ),
    ({"parameters": {"binary_data_size": True}}, "the binary_data_size of the input 'x' is no number of bytes"),
    ({"parameters": {"binary_data_size": -1}}, "the binary_data_size of the input 'x' is no number of bytes"),
    (
        {"dtype": "FP64"},
        "the request is not of the Open Inference Protocol: Object contains unknown field `dtype` - at "
        "`$.inputs[0]`",
    ),
]


@pytest.mark.parametrize(("members", "message"), TENSORS)
def test_what_is_wrong_with_a_tensor(members: dict[str, Any], message: str) -> None:
    assert wrong({"inputs": [tensor(**members)]}) == message


MESSAGES = [
    ({}, "the request is not of the Open Inference Protocol: Object missing required field `inputs`"),
    ([], "the request is not of the Open Inference Protocol: Expected `object`, got `array`"),
    ({"inputs": []}, "the request is not of the Open Inference Protocol: it has no inputs"),
    ({"inputs": [tensor(), tensor()]}, "the input 'x' is given twice"),
    ({"inputs": [{"name": "x", "shape": [1], "datatype": "FP64"}]}, "the input 'x' has no data"),
    (
        {"inputs": [tensor()], "id": 7},
        "the request is not of the Open Inference Protocol: Expected `str | null`, got `int` - at `$.id`",
    ),
    ({"inputs": [tensor()], "outputs": [{"name": "p"}]}, "there is no output 'p'"),
    ({"inputs": [tensor()], "outputs": [{"name": "prediction"}] * 2}, "the output 'prediction' is asked for twice"),
    ({"inputs": [tensor()], "parameters": {"tiemout": 1}}, "there is no parameter 'tiemout'"),
    ({"inputs": [tensor()], "parameters": {"timeout": -1}}, "the parameter 'timeout' is no number of microseconds"),
    (
        {"inputs": [tensor()], "parameters": {"timeout": "1"}},
        "the parameter 'timeout' is no number of microseconds",
    ),
    ({"inputs": [tensor()], "parameters": {"sequence_id": 1}}, "the parameter 'sequence_id' cannot be served"),
    ({"inputs": [tensor()], "parameters": {"priority": 1}}, "the parameter 'priority' cannot be served"),
    (
        {"inputs": [tensor()], "parameters": {"binary_data_output": 1}},
        "the parameter 'binary_data_output' is neither true nor false",
    ),
]


@pytest.mark.parametrize(("request_", "message"), MESSAGES)
def test_what_is_wrong_with_a_request(request_: object, message: str) -> None:
    assert wrong(request_) == message


def binary(size: object, datatype: str = "FP64", shape: object = (1, 2), **members: object) -> dict[str, Any]:
    return {
        "inputs": [
            {"name": "x", "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": size}, **members}
        ]
    }


BODIES = [
    (binary(16), b"\0" * 15, "the input 'x' has 16 bytes of binary data, and 15 are left"),
    (binary(16), b"\0" * 17, "the body has 1 bytes that are of no input"),
    (binary(8), b"\0" * 8, "the input 'x' has the shape [1, 2], which is 16 bytes of FP64, and 8 bytes"),
    (binary(16, data=[1, 2]), b"\0" * 16, "the input 'x' has data as JSON, and as binary data"),
    (binary(2, "BOOL"), b"\0\2", "the input 'x' has a byte 2, and those of BOOL are 0 and 1"),
    (binary(3, "BYTES"), b"\0\0\0", "the input 'x' ends within the length of an element"),
    (binary(5, "BYTES"), b"\2\0\0\0a", "the input 'x' has an element of 2 bytes, and 1 are left"),
    (binary(4, "BYTES"), b"\0\0\0\0", "the input 'x' has the shape [1, 2], and 1 value"),
    ({"inputs": [tensor()]}, b"\0", "the body has 1 bytes that are of no input"),
]


@pytest.mark.parametrize(("message", "data", "told"), BODIES)
def test_what_is_wrong_with_binary_data(message: object, data: bytes, told: str) -> None:
    assert wrong(message, data) == told


@pytest.mark.parametrize("length", ["-1", "", "1e3", "٣", "9" * 19, "a" * 100])
def test_a_length_of_the_header_that_is_no_number(length: str) -> None:
    told = wrong({"inputs": [tensor()]}, length=length)
    assert told == f"the header Inference-Header-Content-Length is '{length[:40]}', and no number of bytes"


def test_a_length_of_no_header() -> None:
    told = wrong({"inputs": [tensor()]}, length=0)
    name = "Inference-Header-Content-Length"
    assert told == f"the header {name} is 0, and a body without JSON does not say what it holds"


def test_a_length_of_the_header_beyond_the_body() -> None:
    size = len(json.dumps({"inputs": [tensor()]}))
    told = wrong({"inputs": [tensor()]}, length=size + 1)
    assert told == f"the header Inference-Header-Content-Length is {size + 1}, and the body has {size} bytes"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"inputs": NaN}', b"[" * 100_000, b'{"inputs":' * 50_000])
def test_a_body_that_is_no_json(body: bytes) -> None:
    with pytest.raises(MlsqlError, match="the request is not of the Open Inference Protocol"):
        requests.read(body, None)


@pytest.mark.parametrize("name", NUMBERS)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_numbers_come_as_they_were_sent(name: str, data: st.DataObject) -> None:
    little = DATATYPES[name].little
    assert little is not None
    values = data.draw(arrays.arrays(little, arrays.array_shapes(min_dims=1, max_dims=3, max_side=4)))
    header = {
        "name": "x",
        "datatype": name,
        "shape": list(values.shape),
        "parameters": {"binary_data_size": values.nbytes},
    }
    found = only(read({"inputs": [header]}, values.tobytes())).values
    assert np.array_equal(found, values.ravel(), equal_nan=little.kind == "f")
    for written in (values.tolist(), values.ravel().tolist()):
        body = {"inputs": [tensor(datatype=name, shape=list(values.shape), data=written)]}
        found = only(read(body)).values
        assert np.array_equal(found, values.ravel(), equal_nan=little.kind == "f")


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("nested", [False, True])
def test_many_numbers(name: str, nested: bool) -> None:
    little = DATATYPES[name].little
    assert little is not None
    values = (np.arange(1_200) % 2).astype(little).reshape(600, 2)
    data = values.tolist() if nested else values.ravel().tolist()
    found = only(read({"inputs": [tensor(datatype=name, shape=[600, 2], data=data)]}))
    assert np.asarray(found.values).dtype == little
    assert np.array_equal(found.values, values.ravel())
    for shape, told in (
        ([601, 2], "[601, 2], and 1200 values"),
        ([1_200, 1], "[1200, 1], and data nested otherwise"),
    ):
        if nested or shape[1] == 2:
            message = wrong({"inputs": [tensor(datatype=name, shape=shape, data=data)]})
            assert message == f"the input 'x' has the shape {told}"
    both = [tensor(name="a", datatype=name, shape=[600, 2], data=data), tensor()]
    assert [len(one.values) for one in read({"inputs": both}).tensors] == [1_200, 2]
    data[-1] = "x"
    assert " has data that is not " in wrong({"inputs": [tensor(datatype=name, shape=[600, 2], data=data)]})


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=20))
def test_bytes_come_as_they_were_sent(elements: list[bytes]) -> None:
    data = byte_strings.write(elements)
    assert only(read(binary(len(data), "BYTES", [len(elements)]), data)).values == elements


@given(
    st.sampled_from([*DATATYPES, "FP46"]),
    st.lists(st.integers(-2, 5) | st.just(1 << 62), max_size=4),
    st.integers(-1, 60),
    st.binary(max_size=60),
    st.integers(-3, 3),
)
@settings(max_examples=400)
def test_no_binary_body_is_more_than_an_error(
    datatype: str, shape: list[int], size: int, data: bytes, off: int
) -> None:
    message = binary(size, datatype, shape)
    length = len(json.dumps(message)) + off
    try:
        found = only(read(message, data, length=max(length, 0)))
    except MlsqlError:
        return
    assert len(found.values) == math.prod(shape)


@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=3), st.lists, max_leaves=8), st.data()
)
@settings(max_examples=300)
def test_no_json_data_is_more_than_an_error(data: object, choice: st.DataObject) -> None:
    shape = choice.draw(st.lists(st.integers(0, 3), max_size=3))
    name = choice.draw(st.sampled_from(list(DATATYPES)))
    try:
        found = only(read({"inputs": [tensor(data=data, shape=shape, datatype=name)]}))
    except MlsqlError:
        return
    assert len(found.values) == math.prod(shape)
