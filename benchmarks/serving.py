"""Predictions over HTTP, one row and 1,000 rows a request, against bare Starlette, MLflow, MLServer and no model.

All serve the same model (scaler and logistic regression, 30 features), in processes of their own on this machine,
and are asked in turns by wrk, on 1 connection and on 32. The reference endpoint is served by the same HTTP server
as ours in one process, parses the same JSON body and answers as many bytes, without predicting; once without a
framework, and once as an endpoint of Starlette's.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import orjson

from benchmarks import models, wrk
from benchmarks.measuring import AtLeast, Bar, Figure, Runs
from benchmarks.serving_servers import Server, Servers
from benchmarks.serving_servers import absent as absent_servers
from benchmarks.workspace import Workspace
from benchmarks.wrk import Load, Request

_SECONDS = 5.0
_ROWS = 1_000
_ALONE = "orjson, NumPy and predict in one thread"
_JSON = {"Content-Type": "application/json"}


def absent() -> str | None:
    """What is not installed, or None."""
    return wrk.absent() or absent_servers()


def run(workspace: Workspace) -> list[Figure]:
    problem = absent()
    if problem is not None:
        raise SystemExit(f"serving cannot run: {problem}")
    trained = models.train(workspace)
    folder = workspace.new_folder("serving")
    with Servers(folder) as servers:
        ours = servers.ours(trained.store)
        one = tensor(workspace.matrix[:1])
        answer = ours.answer(one).decode()
        others = [
            servers.application("bare Starlette", "bare", {"MODEL": str(trained.pickle)}, factory=True),
            servers.application("reference, no framework", "reference", {"ANSWER": answer}, factory=False),
            servers.application("reference, Starlette", "reference_starlette", {"ANSWER": answer}, factory=True),
            servers.mlflow(trained.pickle),
            servers.mlserver(trained.pickle),
        ]
        asked = {server.name: one for server in [ours, *others]}
        asked["MLflow"] = _split(workspace.matrix[:1])
        _check_answers(ours, others, asked)
        figures = []
        for connections in (1, 32):
            loads = _loads(workspace, [ours, *others], asked, connections, folder)
            figures += _figures(loads, connections)
        return figures + _many_rows(workspace, ours, trained, folder)


def tensor(rows: np.ndarray) -> Request:
    tensor = {"name": "x", "shape": list(rows.shape), "datatype": "FP64", "data": rows.ravel().tolist()}
    return Request(json.dumps({"inputs": [tensor]}).encode(), _JSON)


def _split(rows: np.ndarray) -> Request:
    split = {"columns": list(range(rows.shape[1])), "data": rows.tolist()}
    return Request(json.dumps({"dataframe_split": split}).encode(), _JSON)


def _binary(rows: np.ndarray) -> Request:
    """The binary-data extension: the tensor's bytes behind the JSON."""
    content = rows.tobytes()
    parameters = {"binary_data_size": len(content)}
    tensor = {"name": "x", "shape": list(rows.shape), "datatype": "FP64", "parameters": parameters}
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(head))}
    return Request(head + content, headers)


def _check_answers(ours: Server, others: Sequence[Server], asked: Mapping[str, Request]) -> None:
    """All predict the same of the same row."""
    found = {server.name: json.loads(server.answer(asked[server.name])) for server in (ours, *others)}
    values = {
        name: bool(answer["predictions"][0] if "predictions" in answer else answer["outputs"][0]["data"][0])
        for name, answer in found.items()
    }
    assert len(set(values.values())) == 1, values


def _loads(
    workspace: Workspace, servers: Sequence[Server], asked: Mapping[str, Request], connections: int, folder: Path
) -> dict[str, list[Load]]:
    """What was counted of each server, one run of each in turn; the first round is not counted."""
    loads: dict[str, list[Load]] = {server.name: [] for server in servers}
    for turn in range(-1, workspace.repeats):
        for server in servers:
            load = wrk.run(server.url, asked[server.name], connections, _SECONDS if turn >= 0 else 2, folder)
            workspace.told(
                f"  {connections:2} connections: {server.name}: {load.rate:.0f}/s, p50 {load.p50 * 1e3:.2f} ms"
            )
            if load.failed:
                raise RuntimeError(f"{load.failed} requests to {server.name} failed")
            if turn >= 0:
                loads[server.name].append(load)
    return loads


def _figures(loads: Mapping[str, Sequence[Load]], connections: int) -> list[Figure]:
    ours = loads["mlsql serve"]
    p50, rate = Runs(tuple(load.p50 for load in ours)), Runs(tuple(load.rate for load in ours))
    where = f"1 row a request (v2 JSON), {connections} connection{'s' if connections > 1 else ''}"
    bars = _BARS[connections]
    figures = []
    for name, others in loads.items():
        if name != "mlsql serve":
            theirs = Runs(tuple(load.p50 for load in others))
            bar = Bar(1.5) if connections == 1 and name == "bare Starlette" else None
            if connections == 1:
                figures.append(Figure(f"{where}: p50", p50, theirs, name, bar))
            theirs = Runs(tuple(load.rate for load in others))
            figures.append(Figure(f"{where}: requests/s", rate, theirs, name, bars.get(name), unit="/s"))
    p99 = Runs(tuple(load.p99 for load in ours))
    figures.append(Figure(f"{where}: p99", p99, p50, "its own p50", Bar(4.0) if connections > 1 else None))
    return figures


_BARS: Mapping[int, Mapping[str, AtLeast]] = {
    1: {},
    32: {
        "bare Starlette": AtLeast(5.0),
        "reference, no framework": AtLeast(0.5),
        "reference, Starlette": AtLeast(0.5),
        "MLflow": AtLeast(12.0),
        "MLServer": AtLeast(10.0),
    },
}


def _many_rows(workspace: Workspace, ours: Server, trained: models.Trained, folder: Path) -> list[Figure]:
    """1,000 rows a request."""
    rows = workspace.matrix[:_ROWS]
    binary, text = _binary(rows), tensor(rows)
    loads: dict[str, list[float]] = {"binary": [], "text": [], "alone": []}
    for turn in range(-1, workspace.repeats):
        for name, request in (("binary", binary), ("text", text)):
            load = wrk.run(ours.url, request, 4, _SECONDS, folder)
            if load.failed:
                raise RuntimeError(f"{load.failed} requests failed")
            workspace.told(f"  1,000 rows a request, {name}: {load.rate * _ROWS:,.0f} rows/s")
            if turn >= 0:
                loads[name].append(load.rate * _ROWS)
        alone = _parsed_and_predicted(trained, text)
        if turn >= 0:
            loads["alone"].append(alone)
    by_binary, by_text, alone_runs = (Runs(tuple(loads[name])) for name in ("binary", "text", "alone"))
    what = "1,000 rows a request, 4 connections"
    return [
        Figure(f"{what}, v2 binary: rows/s", by_binary, None, "", AtLeast(0, 300_000), unit="/s"),
        Figure(f"{what}, v2 JSON: rows/s", by_text, alone_runs, _ALONE, AtLeast(0.5), unit="/s"),
    ]


def _parsed_and_predicted(trained: models.Trained, request: Request) -> float:
    """Rows a second of parsing the same body and predicting, and nothing else; median of 100."""
    model = trained.in_process()
    seconds = []
    for _ in range(100):
        begun = time.perf_counter()
        tensor = orjson.loads(request.body)["inputs"][0]
        model.predict(np.array(tensor["data"], dtype=np.float64).reshape(tensor["shape"]))
        seconds.append(time.perf_counter() - begun)
    return _ROWS / statistics.median(seconds)
