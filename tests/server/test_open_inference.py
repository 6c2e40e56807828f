"""The Open Inference Protocol over a socket, by hand and by a client that others wrote."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from mlsql_engine.server.settings import Limits, ServerSettings
from server.functions_served import session_of_functions
from server.running import Running, in_thread

ROWS = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 4.0]])
TOLD = [14.0, 10.0, 20.0]
"""What the second version of `plane` answers to them; the first answers ten less."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with session_of_functions(tmp_path_factory.mktemp("models")) as session:
        settings = ServerSettings(limits=Limits(body=100_000))
        with in_thread(session, settings) as server:
            yield server


@pytest.fixture
def http(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.address, headers={"Accept-Encoding": ""}, timeout=60) as client:
        yield client


def request(name: str = "x", values: np.ndarray[Any, Any] = ROWS, **members: object) -> dict[str, object]:
    tensor = {"name": name, "shape": list(values.shape), "datatype": "FP64", "data": values.ravel().tolist()}
    return {"inputs": [tensor], **members}


def infer(http: httpx.Client, function: str, message: object, **arguments: Any) -> tuple[int, Any]:
    found = http.post(f"/v2/models/{function}/infer", json=message, **arguments)
    return found.status_code, found.json()


def rounded(answer: Any) -> list[float]:
    return [round(value, 6) for value in answer["outputs"][0]["data"]]


def test_a_function_answers(http: httpx.Client) -> None:
    status, answer = infer(http, "plane", request(id="seven"))
    assert (status, rounded(answer)) == (200, TOLD)
    answer["outputs"][0].pop("data")
    assert answer == {
        "model_name": "plane",
        "model_version": "1",
        "id": "seven",
        "outputs": [{"name": "prediction", "shape": [3], "datatype": "FP64"}],
    }
    assert rounded(infer(http, "PLANE", request())[1]) == TOLD


def test_each_version_answers(http: httpx.Client) -> None:
    for version, less in (("0", 10), ("1", 0)):
        status, answer = infer(http, f"plane/versions/{version}", request())
        assert (status, answer["model_version"]) == (200, version)
        assert rounded(answer) == [value - less for value in TOLD]
        assert http.get(f"/v2/models/plane/versions/{version}/ready").json() == {"name": "plane", "ready": True}
    for path in ("/v2/models/plane/versions/7", "/v2/models/plane/versions/7/ready"):
        found = http.get(path)
        assert found.status_code == 404
        assert found.json() == {
            "code": "UNKNOWN_MODEL_VERSION",
            "message": "the function plane has no version '7'",
            "hint": "its versions: 0, 1",
            "span": None,
            "error": "the function plane has no version '7' (its versions: 0, 1)",
        }
    status, answer = infer(http, "shout/versions/2", request())
    assert (status, answer["hint"]) == (404, "its versions: 1")


def test_metadata(http: httpx.Client) -> None:
    told = http.get("/v2/models/plane").json()
    assert told == http.get("/v2/models/plane/versions/0").json()
    assert told == {
        "name": "plane",
        "versions": ["0", "1"],
        "platform": "mlsql_model",
        "inputs": [
            {"name": "a", "datatype": "FP64", "shape": [-1]},
            {"name": "b", "datatype": "FP64", "shape": [-1]},
        ],
        "outputs": [{"name": "prediction", "datatype": "FP64", "shape": [-1]}],
    }
    assert http.get("/v2").json()["extensions"] == ["binary_tensor_data", "model_repository"]
    assert http.get("/v2/health/live").json() == {"live": True}
    assert http.get("/v2/health/ready").json() == {"ready": True}
    index = http.post("/v2/repository/index", json={"ready": True}).json()
    assert [(one["name"], one["version"], one["state"]) for one in index] == [
        ("plane", "1", "READY"),
        ("shout", "1", "READY"),
        ("thrice", "1", "READY"),
        ("total", "1", "READY"),
        ("whole", "1", "READY"),
    ]


def test_errors_are_of_one_shape(http: httpx.Client) -> None:
    for method, path, status, code in (
        ("GET", "/v2/models/plain", 404, "UNKNOWN_FUNCTION"),
        ("GET", "/v2/models/plain/ready", 404, "UNKNOWN_FUNCTION"),
        ("POST", "/v2/models/plain/infer", 404, "UNKNOWN_FUNCTION"),
        ("GET", "/v2/models/plane/infer", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/v2/nothing", 404, "NOT_FOUND"),
        ("POST", "/v2/models/plane/infer", 400, "REQUEST"),
        ("POST", "/v2/repository/models/plane/load", 400, "NOT_SERVED"),
        ("POST", "/v2/repository/models/plane/unload", 400, "NOT_SERVED"),
    ):
        found = http.request(method, path)
        answer = found.json()
        assert (found.status_code, answer["code"]) == (status, code), path
        assert set(answer) == {"code", "message", "hint", "span", "error"}
        assert answer["error"].startswith(answer["message"])
    assert http.post("/v2/repository/index", content=b"[1]").json()["code"] == "REQUEST"
    assert infer(http, "total", request())[1]["code"] == "AGGREGATE"


def test_compressed_requests(http: httpx.Client) -> None:
    body = json.dumps(request()).encode()
    for encoding, content in (
        ("gzip", gzip.compress(body)),
        ("GZIP", gzip.compress(body[:9]) + gzip.compress(body[9:])),
        ("deflate", zlib.compress(body)),
        ("identity", body),
    ):
        found = http.post("/v2/models/plane/infer", content=content, headers={"Content-Encoding": encoding})
        assert rounded(found.json()) == TOLD, encoding


def test_compressed_requests_that_are_none(http: httpx.Client) -> None:
    body = gzip.compress(json.dumps(request()).encode())
    for encoding, content, status, message in (
        ("br", body, 415, "the body is of the encoding 'br'"),
        ("gzip", b"{}", 400, "the body is no gzip: Error -3 while decompressing data: incorrect header check"),
        ("gzip", body[:-4], 400, "the body ends within its gzip"),
        ("gzip", gzip.compress(b" " * 100_001), 413, "the request is larger than 100000 bytes"),
    ):
        found = http.post("/v2/models/plane/infer", content=content, headers={"Content-Encoding": encoding})
        assert (found.status_code, found.json()["message"]) == (status, message)


def test_compressed_answers(http: httpx.Client) -> None:
    few, many = request(), request(values=np.ones((3_000, 2)))
    for accepted, message, encoding in (
        ("gzip, deflate", many, "gzip"),
        ("deflate", many, "deflate"),
        ("gzip;q=0.1, deflate;q=0.5", many, "deflate"),
        ("br, gzip;q=0", many, None),
        ("gzip", few, None),
    ):
        found = http.post("/v2/models/plane/infer", json=message, headers={"Accept-Encoding": accepted})
        assert found.headers.get("content-encoding") == encoding, accepted
        assert len(found.json()["outputs"][0]["data"]) == (3 if message is few else 3_000)


@pytest.fixture
def triton(server: Running) -> Iterator[Any]:
    from tritonclient import http

    with http.InferenceServerClient(f"127.0.0.1:{server.port}", concurrency=4) as client:
        yield client


def tensor(name: str, values: Any, datatype: str, *, binary: bool) -> Any:
    from tritonclient import http

    made = http.InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=binary)
    return made


def answers(found: Any) -> list[Any]:
    return found.as_numpy("prediction").round(6).tolist()  # type: ignore[no-any-return]


@pytest.mark.heavy
@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("output", [None, False, True])
def test_triton_infers(triton: Any, binary: bool, output: bool | None) -> None:
    from tritonclient import http

    wanted = None if output is None else [http.InferRequestedOutput("prediction", binary_data=output)]
    for datatype, kind in (("FP64", np.float64), ("FP32", np.float32), ("FP16", np.float16)):
        given = [tensor("x", ROWS.astype(kind), datatype, binary=binary)]
        found = triton.infer("plane", given, outputs=wanted, request_id="seven")
        assert answers(found) == TOLD
        assert found.get_response()["id"] == "seven"
        assert ("data" in found.get_output("prediction")) is (output is False)
    whole = [tensor("x", np.array([[1, 2], [3, 4]]), "INT64", binary=binary)]
    assert answers(triton.infer("plane", whole, outputs=wanted)) == [14.0, 20.0]


@pytest.mark.heavy
@pytest.mark.parametrize("binary", [False, True])
def test_triton_infers_of_columns_and_texts(triton: Any, binary: bool) -> None:
    a, b = ROWS[:, :1], ROWS[:, 1:]
    columns = [tensor("b", b, "FP64", binary=binary), tensor("a", a, "FP64", binary=binary)]
    assert answers(triton.infer("plane", columns)) == TOLD
    words = np.array([["a"], ["é"]], dtype=np.object_)
    given = [tensor("word", words, "BYTES", binary=binary)]
    given.append(tensor("times", np.array([1, 2], np.uint8), "UINT8", binary=binary))
    found = triton.infer("shout", given).as_numpy("prediction")
    assert [value.decode() for value in found] == ["A!", "É!!"]
    rows = tensor("values", np.array([[1.0, 2.0], [3.0, 4.0]], np.float32), "FP32", binary=binary)
    assert answers(triton.infer("thrice", [rows])) == [[3.0, 6.0], [9.0, 12.0]]


@pytest.mark.heavy
def test_triton_is_told_of_null(triton: Any) -> None:
    from tritonclient import http, utils

    given = [tensor("n", np.array([1, 0]), "INT64", binary=True)]
    with pytest.raises(
        utils.InferenceServerException, match="the answer 1 is NULL, and binary data of INT64"
    ) as told:
        triton.infer("whole", given)
    assert told.value.status() == "400"
    found = triton.infer("whole", given, outputs=[http.InferRequestedOutput("prediction", binary_data=False)])
    assert found.get_output("prediction")["data"] == [-1, None]


@pytest.mark.heavy
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_triton_compresses(triton: Any, encoding: str) -> None:
    given = [tensor("x", np.repeat(ROWS, 500, axis=0), "FP64", binary=True)]
    found = triton.infer(
        "plane", given, request_compression_algorithm=encoding, response_compression_algorithm=encoding
    )
    assert answers(found) == list(np.repeat(TOLD, 500))


@pytest.mark.heavy
def test_triton_asks_what_there_is(triton: Any) -> None:
    assert triton.is_server_live()
    assert triton.is_server_ready()
    assert triton.is_model_ready("plane")
    assert triton.is_model_ready("plane", "0")
    assert not triton.is_model_ready("plane", "7")
    assert not triton.is_model_ready("plain")
    assert triton.get_server_metadata()["name"] == "mlsql"
    assert triton.get_model_metadata("shout")["inputs"] == [
        {"name": "word", "datatype": "BYTES", "shape": [-1]},
        {"name": "times", "datatype": "INT64", "shape": [-1]},
    ]
    assert len(triton.get_model_repository_index()) == 5
    given = [tensor("x", ROWS, "FP64", binary=True)]
    assert answers(triton.infer("plane", given, model_version="0")) == [value - 10 for value in TOLD]


@pytest.mark.heavy
def test_triton_asks_several_at_once(triton: Any) -> None:
    asked = [
        triton.async_infer("plane", [tensor("x", ROWS + place, "FP64", binary=True)], timeout=30_000_000)
        for place in range(20)
    ]
    for place, one in enumerate(asked):
        assert answers(one.get_result()) == [value + 3 * place for value in TOLD]


@pytest.mark.heavy
def test_triton_reads_errors(triton: Any) -> None:
    from tritonclient import http, utils

    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("plain", {}, "there is no function 'plain'"),
        ("plane", {"model_version": "7"}, r"the function plane has no version '7' \(its versions: 0, 1\)"),
        ("plane", {"outputs": [http.InferRequestedOutput("p")]}, "there is no output 'p'"),
        ("plane", {"sequence_id": 3}, "the parameter 'sequence_id' cannot be served"),
        ("plane", {"parameters": {"speed": 1}}, "there is no parameter 'speed'"),
        ("shout", {}, "function shout takes 'times', which the request does not give"),
    ]
    for function, arguments, message in wrong:
        with pytest.raises(utils.InferenceServerException, match=message):
            triton.infer(function, [tensor("word", ROWS, "FP64", binary=True)], **arguments)
    with pytest.raises(utils.InferenceServerException, match="are neither loaded nor unloaded by this protocol"):
        triton.load_model("plane")
