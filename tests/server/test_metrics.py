"""The metrics of functions and workers, over a socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from mlsql_engine.server.settings import Limits, ServerSettings
from server.running import Running, alone

SCRIPT = """
load csv.`d.csv` where header="true" and inferSchema="true" as d;
train d as SKLearn.`m` where alg="LinearRegression" and `fitParam.0.labelCol`="y" and keepVersion="true";
train d as SKLearn.`m` where alg="LinearRegression" and `fitParam.0.labelCol`="y" and keepVersion="true";
register PythonAlg.`m` as f;
"""
MINE = """
register ScriptUDF.`` as twice where dataType="double" and code='''
def apply(x: float) -> float:
    return 2 * x
''';
select twice(2.0) as four as t;
"""


def values(server: Running, name: str) -> dict[tuple[str, ...], float]:
    """Those of a metric by its labels, session first, then by their names."""
    found = {}
    for family in text_string_to_metric_families(server.client.get("/metrics").text):
        for sample in family.samples:
            if sample.name == name:
                labels: Any = sorted(sample.labels.items(), key=lambda pair: (pair[0] != "session", pair[0]))
                found[tuple(value for _, value in labels)] = sample.value
    return found


def infer(server: Running, path: str) -> None:
    tensor = {"name": "x", "shape": [2, 1], "datatype": "FP64", "data": [1.0, 2.0]}
    answer = server.client.post(f"/v2/models/{path}/infer", json={"inputs": [tensor]})
    assert answer.status_code == 200, answer.text


def test_functions_of_all_sessions_and_versions(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("x,y\n1,2\n2,4\n3,6\n4,8\n")
    with alone(ServerSettings(root=tmp_path, limits=Limits(drain_seconds=0.0))) as server:
        run = server.client.post("/run/script", data={"sql": SCRIPT})
        assert run.status_code == 200, run.text
        mine = {"sql": MINE, "sessionPerUser": "true", "owner": "ada"}
        assert server.client.post("/run/script", data=mine).json() == [{"four": 4.0}]
        for path in ("f", "f", "f/versions/0"):
            infer(server, path)
        assert values(server, "mlsql_function_requests_total") == {
            ("default", "f", ""): 2.0,
            ("default", "f", "0"): 1.0,
        }
        assert values(server, "mlsql_function_rows_total")["default", "f", "0"] == 2.0
        assert values(server, "mlsql_function_version") == {
            ("default", "f", "m/_model_1/model/0", "1"): 1.0,
            ("ada", "twice", "", ""): 1.0,
        }
        assert values(server, "mlsql_worker_batches_total") == {
            ("default", "", "LinearRegression"): 0.0,
            ("default", "m/_model_0/model/0", "function f"): 1.0,
            ("default", "m/_model_1/model/0", "function f"): 2.0,
            ("ada", "", "function twice"): 1.0,
        }
        assert all(size > 1 << 20 for size in values(server, "mlsql_worker_memory_bytes").values())
