"""/models, over a socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine.server.callers import Caller, Role
from mlsql_engine.server.gate import Gate
from mlsql_engine.server.settings import Limits, ServerSettings
from server.running import Running, alone

SCRIPT = """
load csv.`d.csv` where header="true" and inferSchema="true" as d;
train d as SKLearn.`models/m` where alg="LogisticRegression" and `fitParam.0.labelCol`="y"
and `fitParam.0.C`="0.5" and `fitParam.1.labelCol`="y" and `fitParam.1.C`="2";
train d as SKLearn.`models/m` where alg="LogisticRegression" and `fitParam.0.labelCol`="y";
!model `models/m` alias prod version 0;
register PythonAlg.`models/m` as f where modelVersion="prod" and algIndex="0";
register ScriptUDF.`` as twice where dataType="int" and code='''
def apply(x):
    return 2 * x
''';
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    (root / "d.csv").write_text("x,y\n1,0\n2,1\n3,0\n4,1\n")
    return root


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[Running]:
    with alone(ServerSettings(root=root, limits=Limits(drain_seconds=0.0))) as running:
        answer = running.client.post("/run/script", data={"sql": SCRIPT})
        assert answer.status_code == 200, answer.text
        yield running


@pytest.fixture
def as_role(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests whose caller has the role of the header X-Role."""

    def caller(_gate: Gate, scope: Any) -> Caller:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        return Caller("ada", Role[headers.get("x-role", "ADMIN")])

    monkeypatch.setattr(Gate, "caller", caller)


def test_an_engine_for_queries_starts_with_the_first_function(root: Path) -> None:
    code = "register ScriptUDF.`` as f where dataType='int' and code='def apply(x): return x';"
    with alone(ServerSettings(root=root, limits=Limits(drain_seconds=0.0))) as running:
        assert running.state.queries.warming is None
        running.client.post("/run/script", data={"sql": "select 1 as a as t;"})
        assert running.call(lambda: running.state.queries.warming) is None
        running.client.post("/run/script", data={"sql": code})
        assert running.call(lambda: running.state.queries.warming) is not None


@pytest.mark.usefixtures("as_role")
def test_functions_and_models(server: Running, root: Path) -> None:
    found = server.client.get("/models", headers={"X-Role": "PREDICT"}).json()
    first, second = found["functions"]
    assert first == {
        "name": "f",
        "path": "models/m/_model_0/model/0",
        "version": 0,
        "contract": "estimator",
        "returnType": "bigint",
        "workers": first["workers"],
    }
    assert first["workers"] >= 1
    assert second == {
        "name": "twice",
        "path": None,
        "version": None,
        "contract": "udf",
        "returnType": "int",
        "workers": second["workers"],
    }
    (model,) = found["models"]
    assert model["path"] == "models/m"
    assert [(one["version"], one["current"], one["aliases"], len(one["groups"])) for one in model["versions"]] == [
        (1, True, [], 1),
        (0, False, ["prod"], 2),
    ]
    assert [(group["algIndex"], group["alg"], group["status"]) for group in model["versions"][1]["groups"]] == [
        (0, "LogisticRegression", "success"),
        (1, "LogisticRegression", "success"),
    ]
    assert model["versions"][0]["algorithm"] == "SKLearn"
    assert model["versions"][0]["createdAt"].endswith("+00:00")
    everything = server.client.get("/models", headers={"X-Role": "ADMIN"}).json()
    assert everything["models"][0]["path"] == str(root / "models" / "m")
    assert everything["functions"][0]["path"].startswith(str(root))


def test_one(server: Running) -> None:
    found = server.client.get("/models/F").json()
    assert (found["name"], found["version"]) == ("f", 0)
    assert [one["version"] for one in found["model"]["versions"]] == [1, 0]
    assert server.client.get("/models/twice").json()["model"] is None


def test_none(server: Running) -> None:
    answer = server.client.get("/models/twize")
    assert answer.status_code == 404
    assert answer.json() == {
        "code": "UNKNOWN_FUNCTION",
        "message": "there is no function 'twize'",
        "hint": "did you mean 'twice'?",
        "span": None,
    }
    wrong = server.client.get("/models?session=x")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "UNKNOWN_PARAMETER")


def test_of_an_owner(server: Running) -> None:
    mine = {"owner": "bob", "sessionPerUser": "true"}
    sql = "register ScriptUDF.`` as mine where dataType='int' and code='def apply(x): return x';"
    assert server.client.post("/run/script", data={"sql": sql, **mine}).status_code == 200
    found = server.client.get("/models", params=mine).json()
    assert [one["name"] for one in found["functions"]] == ["mine"]
    assert found["models"] == []
