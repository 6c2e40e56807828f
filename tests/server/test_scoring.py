"""MLflow's scoring protocol over a socket, by hand and by MLflow's own clients."""

# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mlsql_engine import connect
from mlsql_engine.core.progress import SilentProgress
from mlsql_engine.server.settings import ServerSettings
from server.functions_served import session_of_functions
from server.running import Running, in_thread

SPLIT = {"columns": ["b", "a", "other"], "data": [[2, 1, 0], [-1, 0.5, 0]]}
TOLD = [14.0, 10.0]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with session_of_functions(tmp_path_factory.mktemp("models")) as session, in_thread(session) as server:
        yield server


@pytest.fixture
def http(server: Running) -> httpx.Client:
    return server.client


def rounded(found: httpx.Response) -> list[float]:
    assert found.status_code == 200, found.text
    return [round(value, 6) for value in found.json()["predictions"]]


@pytest.mark.parametrize(
    "message",
    [
        {"dataframe_split": SPLIT},
        {"dataframe_split": SPLIT, "params": {}},
        {"dataframe_records": [{"a": 1, "b": 2}, {"b": -1, "a": 0.5}]},
        {"instances": [[1, 2], [0.5, -1]]},
        {"instances": [{"a": 1, "b": 2}, {"b": -1, "a": 0.5}]},
        {"inputs": [[1, 2], [0.5, -1]]},
        {"inputs": {"a": [1, 0.5], "b": [2, -1], "c": ["x", "y"]}},
    ],
)
def test_the_forms_of_requests(http: httpx.Client, message: object) -> None:
    # The only model among the functions is meant.
    assert rounded(http.post("/invocations", json=message)) == TOLD


def test_csv(http: httpx.Client) -> None:
    text = "a,b,c\n1,2,x\n0.5,-1,y\n"
    for kind in ("text/csv", "text/csv; charset=utf-8", "Text/CSV;charset=UTF-8"):
        assert rounded(http.post("/invocations", content=text, headers={"Content-Type": kind})) == TOLD
    long = "a,b\n" + "1,2\n" * 20_000
    found = http.post("/invocations", content=long, headers={"Content-Type": "text/csv"})
    assert rounded(found) == TOLD[:1] * 20_000


def test_the_function_is_named(http: httpx.Client) -> None:
    message = {"inputs": {"word": ["a"], "times": [2]}}
    for path in ("/invocations/shout", "/invocations?model=Shout", "/endpoints/shout/invocations"):
        assert http.post(path, json=message).json() == {"predictions": ["A!!"]}
    assert http.post("/invocations/whole", json={"inputs": [1, 0]}).json() == {"predictions": [-1, None]}
    assert http.post("/invocations/thrice", json={"inputs": [[1, 2]]}).json() == {"predictions": [[3.0, 6.0]]}
    assert http.post("/invocations/shot", json=message).json() == {
        "code": "UNKNOWN_FUNCTION",
        "message": "there is no function 'shot'",
        "hint": "did you mean 'shout'?",
        "span": None,
    }


def test_what_is_refused(http: httpx.Client) -> None:
    for kind, body, status, message in (
        ("text/plain", b"", 415, "the body is of the Content-Type 'text/plain'"),
        ("text/csv; charset=latin-1", b"", 415, "the Content-Type has the parameter 'charset=latin-1'"),
        ("application/json; format=pandas-split", b"", 415, "the Content-Type has the parameter 'format=pandas-split'"),
        ("text/csv", b"", 400, "the body is no CSV: Empty CSV file"),
        ("", b"[]", 400, "the body is no JSON object: Expected `object`, got `array`"),
        ("application/json", b'{"inputs": [[1]]}', 400, "function plane: the model takes 2 features (a, b), and the request gives it 1"),
        ("text/csv", b"a\n1\n", 400, "function plane takes 'b', which the request does not give"),
    ):  # fmt: skip
        found = http.post("/invocations", content=body, headers={"Content-Type": kind})
        assert (found.status_code, found.json()["message"]) == (status, message)


def test_no_function_and_several() -> None:
    with connect(progress=SilentProgress()) as session:
        with in_thread(session) as server:
            url = f"{server.address}/invocations"
            found = httpx.post(url, json={"inputs": [1]})
            assert (found.status_code, found.json()["message"]) == (404, "no function is registered")
            for name, sign in (("less", "-"), ("more", "+")):
                session.run(
                    f"register ScriptUDF.`` as {name} where code='def apply(x: int) -> int: return {sign}x';"
                )
                if name == "less":
                    assert httpx.post(url, json={"inputs": [1]}).json() == {"predictions": [-1]}
            found = httpx.post(url, json={"inputs": [1]})
            assert (found.status_code, found.json()) == (
                400,
                {
                    "code": "AMBIGUOUS_FUNCTION",
                    "message": "the request names none of several functions: less, more",
                    "hint": "POST /invocations/less, or let whoever runs the server give --default less",
                    "span": None,
                },
            )
        with in_thread(session, ServerSettings(default_function="more")) as server:
            found = server.client.post("/invocations", json={"inputs": [1]})
            assert found.json() == {"predictions": [1]}


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore:.*inferred as AnyType:UserWarning")
def test_the_client_of_mlflow(server: Running) -> None:
    import numpy as np
    import pandas as pd
    from mlflow.pyfunc.scoring_server.client import ScoringServerClient
    from mlflow.version import VERSION

    client = ScoringServerClient("127.0.0.1", server.port)
    client.ping()
    assert client.get_version() == VERSION
    frame = pd.DataFrame({"b": [2.0, -1.0], "a": [1.0, 0.5]})
    for data in (frame, frame[["a", "b"]].to_numpy(), [[1.0, 2.0], [0.5, -1.0]]):
        found = client.invoke(data)
        assert found.get_predictions("ndarray").round(6).tolist() == TOLD
        assert found.get_predictions().round(6).to_numpy().tolist() == [[value] for value in TOLD]
    with pytest.raises(Exception, match="functions take no params"):
        client.invoke(frame, params={"a": 1})
    with pytest.raises(Exception, match="function plane takes 'b', which the request does not give"):
        client.invoke(frame[["a"]])
    assert np.array_equal(client.invoke(frame[:0]).get_predictions("ndarray"), [])


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore:.*inferred as AnyType:UserWarning")
def test_the_deployments_client_of_mlflow(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    from mlflow.deployments import get_deploy_client

    client: Any = get_deploy_client(server.address)
    found = client.predict(endpoint="plane", inputs={"dataframe_split": SPLIT})
    assert [round(value, 6) for value in found["predictions"]] == TOLD
