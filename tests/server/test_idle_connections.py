"""Connections that clients keep and ask nothing over: how many there may be, what one costs, when it is closed."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil  # noqa: TID253 - a test may
import pytest

from mlsql_engine.server.settings import Limits, ServerSettings
from mlsql_engine.session import Session
from server.edge_routes import ROUTES
from server.running import SECONDS, Process, as_process, everything, in_thread

MANY = 10_000
RESERVE = 500
"""Descriptors that a process needs beside those of its connections."""
BYTES_OF_ONE = 40_000
"""The most that an idle connection may cost; about 9,000 were seen."""
SCRIPT = """
register ScriptUDF.`` as twice where dataType="double" and code='''
def apply(x: float) -> float:
    return 2.0 * x
''';
"""
HEALTH = b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Process]:
    (tmp_path / "init.mlsql").write_text(SCRIPT)
    with as_process("--script", "init.mlsql", cwd=tmp_path) as made:
        yield made


@contextmanager
def idle_clients(server: Process, count: int) -> Iterator[subprocess.Popen[str]]:
    """A process with so many connections, all of which have had an answer."""
    program = [sys.executable, str(Path(__file__).parent / "idle_clients.py"), str(server.port), str(count)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as clients:
        try:
            assert told(clients) == {"answered": count}
            yield clients
        finally:
            clients.kill()


def told(clients: subprocess.Popen[str]) -> Any:
    assert clients.stdout is not None
    return json.loads(clients.stdout.readline() or "null")


def let_go(clients: subprocess.Popen[str]) -> Any:
    """Have all connections closed; what the clients tell of them."""
    told, _ = clients.communicate("close\n", timeout=SECONDS)
    assert clients.returncode == 0
    return json.loads(told)


def connections(client: httpx.Client) -> int:
    """How many are open, with the one that asks."""
    for line in client.get("/metrics").text.splitlines():
        if line.startswith("mlsql_http_connections "):
            return int(float(line.split()[1]))
    raise AssertionError("there is no such metric")


def answered(server: Process, kept: ExitStack) -> bool:
    """Whether a request is answered over a new connection, which is kept; the server may close it instead."""
    received = b""
    try:
        connection = kept.enter_context(server.socket())
        connection.sendall(HEALTH)
        while not received.endswith(b'{"status":"ok"}'):
            piece = connection.recv(1 << 12)
            if not piece:
                break
            received += piece
    except (ConnectionResetError, BrokenPipeError):
        pass
    assert received == b"" or received.startswith(b"HTTP/1.1 200 OK\r\n")
    return received != b""


def check_prediction(client: httpx.Client) -> None:
    tensor = {"name": "x", "shape": [2], "datatype": "FP64", "data": [1.5, 2.5]}
    answer = client.post("/v2/models/twice/infer", json={"inputs": [tensor]})
    assert answer.json()["outputs"][0]["data"] == [3.0, 5.0]


def test_ten_thousand(server: Process) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = MANY if hard == resource.RLIM_INFINITY else min(MANY, hard - RESERVE)
    memory = psutil.Process(server.process.pid).memory_info
    with httpx.Client(base_url=server.address, timeout=SECONDS) as client:
        check_prediction(client)
        assert connections(client) == 1
        before = memory().rss
        with idle_clients(server, count) as clients:
            assert connections(client) == count + 1
            assert client.get("/health").json() == {"status": "ok"}
            check_prediction(client)
            assert (memory().rss - before) / count < BYTES_OF_ONE
            assert let_go(clients) == {"disturbed": 0}
        while connections(client) > 1:
            pass
        check_prediction(client)
    server.process.send_signal(signal.SIGTERM)
    assert server.ended() == (0, "", "")
    if count < MANY:
        pytest.skip(f"held with {count} connections: a process here may have {hard} descriptors, and not more")


def test_more_than_there_are_descriptors(server: Process) -> None:
    """The system's limit is the only one: connections beyond it are closed at once, and the others are answered."""
    with httpx.Client(base_url=server.address, timeout=SECONDS) as client:
        check_prediction(client)
        allowed = psutil.Process(server.process.pid).num_fds() + 20
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (allowed, allowed))
        with ExitStack() as kept:
            answers = [answered(server, kept) for _ in range(60)]
            assert 10 <= sum(answers) <= 20
            check_prediction(client)
    with ExitStack() as kept:
        while not answered(server, kept):
            pass


def test_one_is_closed_when_nothing_was_asked_for_long(session: Session) -> None:
    settings = ServerSettings(limits=Limits(idle_seconds=0.2), audit_log=Path("/dev/null"))
    with in_thread(session, settings, ROUTES) as server, server.socket() as connection:
        connection.sendall(HEALTH)
        assert everything(connection).endswith(b'{"status":"ok"}')
