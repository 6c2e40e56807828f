"""/model/predict over a socket, with a model of a row script as the reference text has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mlsql_engine import SilentProgress, connect
from server.running import in_thread

SCRIPT = """
select 1 as a as t;
train t as PythonAlg.`${folder}/wine` where pythonScriptPath="${folder}/train.py";
register PythonAlg.`${folder}/wine` as pj where pythonScriptPath="${folder}/predict.py";
register ScriptUDF.`` as shout where code='''
def apply(x: str) -> str:
    return None if x is None else x.upper() + "!"
''';
"""

TRAIN = """
import os, pickle
import mlsql
path = mlsql.internal_system_param["tempModelLocalPath"]
os.makedirs(path, exist_ok=True)
pickle.dump(5.6, open(path + "/model.pkl", "wb"))
"""

PREDICT = """
from pyspark.ml.linalg import VectorUDT, Vectors
import pickle, os
import python_fun

def predict(index, input):
    items = [i for i in input]
    feature = VectorUDT().deserialize(pickle.loads(items[0]))
    modelPath = pickle.loads(items[1])[0] + "/model.pkl"
    if not hasattr(os, "mlsql_models"):
        setattr(os, "mlsql_models", {})
    if modelPath not in os.mlsql_models:
        os.mlsql_models[modelPath] = pickle.load(open(modelPath, "rb"))
    y = os.mlsql_models[modelPath] if feature.size == 11 else float(feature.size)
    return [VectorUDT().serialize(Vectors.dense([y]))]

python_fun.udf(predict)
"""
FEATURES = "[0.045,8.8,1.001,45.0,7.0,170.0,0.27,0.45,0.36,3.0,20.7]"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "train.py").write_text(TRAIN)
    (folder / "predict.py").write_text(PREDICT)
    with connect(progress=SilentProgress(), variables={"folder": str(folder)}) as session:
        session.run(SCRIPT)
        with in_thread(session) as server:
            yield server.client


def post(client: httpx.Client, **form: str) -> Any:
    answer = client.post("/model/predict", data=form)
    assert answer.headers["content-type"] == "application/json"
    return answer.json() if answer.status_code == 200 else (answer.status_code, answer.json())


def test_the_request_of_the_reference_text(client: httpx.Client) -> None:
    sql, rows = "select pj(vec_dense(features)) as p1 ", f'[{{"features":[ {FEATURES[1:-1]} ]}}]'
    answer = client.post("/model/predict", data={"sql": sql, "data": rows, "dataType": "row"})
    assert (answer.status_code, answer.text) == (200, '[{"p1":{"type":1,"values":[5.6]}}]')


def test_by_json_and_by_query(client: httpx.Client) -> None:
    asked = {"sql": "pj(feature) as p", "data": [[1, 2.5], [1, 2, 3]]}
    wanted = [{"p": {"type": 1, "values": [2.0]}}, {"p": {"type": 1, "values": [3.0]}}]
    assert client.post("/model/predict", json=asked).json() == wanted
    got = client.get("/model/predict", params={"sql": "pj(feature) as p", "data": "[[1, 2.5], [1, 2, 3]]"})
    assert got.json() == wanted


def test_every_kind_of_data(client: httpx.Client) -> None:
    assert post(client, pipeline="pj", data=f"[{FEATURES}]") == [{"pj(feature)": {"type": 1, "values": [5.6]}}]
    sparse = post(client, sql="feature, pj(feature) as p", data='[{"3": 1}]', vecType="sparse", vecSize="4")
    assert sparse == [
        {
            "feature": {"type": 0, "size": 4, "indices": [3], "values": [1.0]},
            "p": {"type": 1, "values": [4.0]},
        }
    ]
    strings = post(client, sql="shout(feature) as s", data='["é", null]', dataType="string")
    assert strings == [{"s": "É!"}, {"s": None}]
    rows = post(client, sql="*, shout(a) as s", data='[{"a": "x"}, {"b": 1}]', dataType="row")
    assert rows == [{"a": "x", "b": None, "s": "X!"}, {"a": None, "b": 1, "s": None}]
    assert post(client, sql="a", data="[]", dataType="row") == []


def test_more_than_a_select_list(client: httpx.Client) -> None:
    got = post(
        client, sql="shout(upper(a)) as s where n > 1", data='[{"a":"x","n":1},{"a":"y","n":2}]', dataType="row"
    )
    assert got == [{"s": "Y!"}]


def test_the_functions_of_an_owner(client: httpx.Client) -> None:
    whose = {"owner": "ada", "sessionPerUser": "true"}
    code = "def apply(x: str) -> str:\n    return x + '?'\n"
    sql = f"register ScriptUDF.`` as ask where code='''{code}''';"
    assert client.post("/run/script", data={"sql": sql, **whose}).json() == []
    asked = {"sql": "ask(a) as s", "data": '[{"a":"x"}]', "dataType": "row"}
    assert post(client, **asked, **whose) == [{"s": "x?"}]
    status, error = post(client, **asked)
    assert (status, error["message"]) == (404, "there is no function 'ask'")


def test_many_rows(client: httpx.Client) -> None:
    data = [{"a": str(number)} for number in range(20_000)]
    answer = client.post("/model/predict", json={"sql": "shout(a) as s", "data": data, "dataType": "row"})
    assert answer.json() == [{"s": f"{number}!"} for number in range(20_000)]


@pytest.mark.parametrize(
    ("form", "status", "code", "message", "column"),
    [
        ({"sql": "pj(x)"}, 400, "UNKNOWN_COLUMN", "there is no column 'x'", 4),
        ({"sql": "a, nope(a)"}, 404, "UNKNOWN_FUNCTION", "there is no function 'nope'", 4),
        ({"sql": "pj("}, 400, "SYNTAX", "the query is not Spark SQL: expected ')'", 3),
        ({"sql": "* from secrets"}, 400, "UNKNOWN_TABLE", "there is no table 'secrets'", 8),
        ({"sql": "getenv('HOME')"}, 403, "NOT_ALLOWED", "a request may not call getenv", 1),
        ({"sql": "a", "data": '[{"a":1},{"a":"x"}]'}, 400, "REQUEST_DATA", None, None),
        ({"sql": "a", "dataTypes": "row"}, 400, "UNKNOWN_PARAMETER", None, None),
        ({"pipeline": "shout,nope"}, 404, "UNKNOWN_FUNCTION", "there is no function 'nope'", None),
    ],
)
def test_errors(
    client: httpx.Client, form: dict[str, str], status: int, code: str, message: str | None, column: int | None
) -> None:
    got_status, error = post(client, **{"data": '[{"a": 1}]', "dataType": "row", **form})
    assert (got_status, error["code"]) == (status, code)
    assert message in (None, error["message"])
    assert (error["span"] and error["span"]["column"]) == column
