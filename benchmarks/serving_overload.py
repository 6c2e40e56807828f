"""/health and /metrics while the server has all that it can do, and how soon it refuses what is too much.

wrk asks for predictions of one row on 32 and on 256 connections; meanwhile /health and /metrics are asked in turns
on a connection of their own, fifty times a second, and the slowest answer counts. Then a server that lets 64
requests wait is asked on 512 connections: what it refuses has the status 429, and /health is asked as before.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import models, wrk
from benchmarks.measuring import Bar, Figure, Runs
from benchmarks.serving import tensor
from benchmarks.serving_servers import Server, Servers
from benchmarks.workspace import Workspace
from benchmarks.wrk import Load, Request

_SECONDS = 20.0
_QUICK_SECONDS = 5.0
_BETWEEN = 0.02
_BAR = Bar(0.0, 0.05)


def run(workspace: Workspace) -> list[Figure]:
    seconds = _QUICK_SECONDS if workspace.quick else _SECONDS
    trained = models.train(workspace)
    folder = workspace.new_folder("overload")
    request = tensor(workspace.matrix[:1])
    figures = []
    with Servers(folder) as servers:
        server = servers.ours(trained.store)
        for connections in (32, 256):
            load, slowest = _watched(server, request, connections, seconds, folder)
            what = f"{connections} connections, {load.rate:,.0f} predictions/s"
            figures += _slowest(what, slowest)
            figures.append(Figure(f"{what}: failed", Runs((float(load.failed),)), bar=Bar(0.0), unit=""))
    with Servers(folder) as servers:
        server = servers.ours(trained.store, "mlsql serve, short queue", options=("--queue", "64"))
        load, slowest = _watched(server, request, 512, seconds, folder)
        refused = load.failed / load.requests
        figures += _slowest(f"512 connections, 64 may wait, {load.rate:,.0f} answers/s, {refused:.0%} 429", slowest)
    return figures


def _slowest(what: str, slowest: Mapping[str, float]) -> list[Figure]:
    return [Figure(f"{what}: slowest {path}", Runs((worst,)), bar=_BAR) for path, worst in slowest.items()]


def _watched(
    server: Server, request: Request, connections: int, seconds: float, folder: Path
) -> tuple[Load, dict[str, float]]:
    """The load, and the seconds of the slowest answers of other paths meanwhile."""
    slowest = {"/health": 0.0, "/metrics": 0.0}
    ended = threading.Event()
    watching = threading.Thread(target=_ask, args=(urlsplit(server.url).netloc, slowest, ended))
    wrk.run(server.url, request, connections, 2, folder)
    watching.start()
    try:
        return wrk.run(server.url, request, connections, seconds, folder), slowest
    finally:
        ended.set()
        watching.join()


def _ask(address: str, slowest: dict[str, float], ended: threading.Event) -> None:
    connection = http.client.HTTPConnection(address, timeout=30)
    while not ended.wait(_BETWEEN):
        for path, worst in slowest.items():
            begun = time.perf_counter()
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            slowest[path] = max(worst, time.perf_counter() - begun)
            assert answer.status == 200
    connection.close()
