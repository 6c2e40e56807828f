"""`mlsql serve` as a process: where it tells what, how it begins and ends, its exit status."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from server.running import SECONDS, SERVE, Process, as_process, everything


def once(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SERVE, *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


def test_begin_and_end(tmp_path: Path) -> None:
    (tmp_path / "init.mlsql").write_text("set a = 1; select 1 as x as t;")
    with as_process("--script", "init.mlsql", cwd=tmp_path) as server:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.address)
        assert server.lines == [f"mlsql serves {server.address}"]
        assert httpx.get(f"{server.address}/health").json() == {"status": "ok"}
        server.process.send_signal(signal.SIGTERM)
        assert server.ended() == (0, "", "")


def test_interruption(tmp_path: Path) -> None:
    with as_process(cwd=tmp_path) as server:
        server.process.send_signal(signal.SIGINT)
        assert server.ended() == (0, "", "")


def test_taken_port(tmp_path: Path) -> None:
    with as_process(cwd=tmp_path) as server:
        port = server.port
        done = once("--port", str(port), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"error[CANNOT_LISTEN]: cannot listen on 127.0.0.1:{port}: Address already in use\n"
        "  = help: another program listens there: --port takes another port, 0 any that is free\n"
    )


def test_address_of_another_machine(tmp_path: Path) -> None:
    done = once("--host", "192.0.2.1", "--port", "0", "--without-token", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error[CANNOT_LISTEN]: cannot listen on 192.0.2.1:0: Cannot assign requested address\n"
        "  = help: --host is an address or a name of this machine\n"
    )


def test_script_that_fails(tmp_path: Path) -> None:
    """The port is free again."""
    (tmp_path / "init.mlsql").write_text("select nothing from nowhere as t;")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    done = once("--port", str(port), "--script", "init.mlsql", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[0] == "error[UNKNOWN_TABLE]: there is no table 'nowhere'"
    assert "init.mlsql:1:21" in done.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", port))


def test_script_that_is_not_there(tmp_path: Path) -> None:
    done = once("--port", "0", "--script", "init.mlsql", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error[FILE_NOT_FOUND]: ")


def test_connections_are_refused_until_it_is_ready(tmp_path: Path) -> None:
    """A script that runs first has its own statement fail when it loads from the server."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    (tmp_path / "f.py").write_text(f"import socket\nsocket.create_connection(('127.0.0.1', {port}))\n")
    text = 'train d as PythonAlg.`m` where pythonScriptPath="f.py" and `systemParam.pythonPath`="python";'
    (tmp_path / "init.mlsql").write_text(f"select 1 as x as d; {text}")
    done = once("--port", str(port), "--script", "init.mlsql", cwd=tmp_path)
    assert done.returncode == 1
    assert "Connection refused" in done.stderr


WRONG = {
    ("--cors-origin", "*"): (
        "error[BAD_VALUE]: --cors-origin: '*' is no origin",
        "such as https://app.example.com, or http://localhost:3000",
    ),
    ("--cors-origin", "https://a.example/"): (
        "error[BAD_VALUE]: --cors-origin: 'https://a.example/' is no origin",
        "such as https://app.example.com, or http://localhost:3000",
    ),
    ("--token", "short"): (
        "error[BAD_VALUE]: the token 'token' has 5 characters, and 16 is the least",
        "python3 -c 'import secrets; print(secrets.token_urlsafe(32))' prints a good one",
    ),
    ("--rate", "often"): (
        "error[BAD_VALUE]: --rate: 'often' is no rate",
        'as in "100/second" or "5000/minute"',
    ),
    ("--tls-key", "k"): ("error[BAD_VALUE]: --tls-certificate and --tls-key go together", None),
    ("--drain", "nan"): ("error[BAD_VALUE]: --drain is nan, and has to be more than 0", None),
    ("--follow-remote", "0"): ("error[BAD_VALUE]: --follow-remote is 0.0, and has to be more than 0", None),
    ("--notice", "-1"): ("error[BAD_VALUE]: --notice is -1.0, and cannot be less than 0", None),
    ("--host", "0.0.0.0"): (
        "error[NOT_ALLOWED]: 0.0.0.0 is reached from other machines, and no token is asked for",
        "--tokens FILE, --token TEXT; --without-token lets everybody in who reaches it",
    ),
    ("--port", "70000"): ("error[BAD_VALUE]: --port is 70000, and ports go from 0 to 65535", None),
    ("--audit-log", "/nowhere/a"): (
        "error[CANNOT_WRITE]: the audit log /nowhere/a cannot be written: No such file or directory",
        None,
    ),
    ("--tls-certificate", "none.pem", "--tls-key", "none.key"): (
        "error[FILE_NOT_FOUND]: the certificate none.pem, or its key none.key, cannot be used: "
        "No such file or directory",
        None,
    ),
}


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_usage(arguments: tuple[str, ...], tmp_path: Path) -> None:
    message, hint = WRONG[arguments]
    port = () if arguments[0] == "--port" else ("--port", "0")
    done = once(*port, *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == message + "\n" + ("" if hint is None else f"  = help: {hint}\n")


def test_help() -> None:
    done = once("--help", cwd=Path.cwd(), COLUMNS="100")
    assert (done.returncode, done.stderr) == (0, "")
    for group in ("where it listens:", "who may ask:", "how much it takes on:"):
        assert group in done.stdout


def test_token_of_the_environment(tmp_path: Path) -> None:
    """It is asked for, and the scripts of workers do not find it."""
    token = "a secret of 16 characters"
    script = "import mlsql, os\nprint('MLSQL_TOKEN' in os.environ)\n"
    (tmp_path / "look.py").write_text(script + "mlsql.save_model({})\n")
    (tmp_path / "init.mlsql").write_text(
        'select 1 as x as d; train d as PythonAlg.`m` where pythonScriptPath="look.py" '
        'and `systemParam.pythonPath`="python";'
    )
    with as_process("--script", "init.mlsql", cwd=tmp_path, MLSQL_TOKEN=token) as server:
        assert httpx.get(f"{server.address}/metrics").status_code == 401
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{server.address}/metrics", headers=headers).status_code == 200
    assert [line for line in server.lines if line.endswith("| True")] == []
    assert [line for line in server.lines if line.endswith("| False")] != []


def test_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with as_process(cwd=tmp_path) as server, slow_request(server):
        server.process.send_signal(signal.SIGTERM)
        server.wait_until_refused()
        server.process.send_signal(signal.SIGTERM)
        status, told, errors = server.ended()
    assert (status, told) == (1, "")
    assert errors.splitlines()[-1] == "mlsql ended without waiting for 1 request"


def test_end_waits_for_a_request(tmp_path: Path) -> None:
    with as_process(cwd=tmp_path) as server:
        with slow_request(server) as connection:
            server.process.send_signal(signal.SIGTERM)
            server.wait_until_refused()
            connection.sendall(b"}")
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 4")
        assert server.ended()[:2] == (0, "")


def test_end_tells_how_many_requests_it_cut_off(tmp_path: Path) -> None:
    with as_process("--drain", "0.1", cwd=tmp_path) as server:
        with slow_request(server) as connection:
            server.process.send_signal(signal.SIGTERM)
            assert everything(connection).startswith(b"HTTP/1.1 503 ")
        status, told, errors = server.ended()
    assert (status, told) == (1, "")
    assert errors.splitlines()[-1] == "mlsql ended without waiting for 1 request"


def test_notice(tmp_path: Path) -> None:
    """For that long it answers, and says that it is not ready."""
    with as_process("--notice", "600", cwd=tmp_path) as server:
        with httpx.Client(base_url=server.address) as client:
            assert client.get("/health/ready").status_code == 200
            server.process.send_signal(signal.SIGTERM)
            while client.get("/health/ready").status_code != 503:
                pass
            assert client.get("/health").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.ended()[:2] == (0, "")


@contextmanager
def slow_request(server: Process) -> Iterator[socket.socket]:
    """A connection with a request that an endpoint waits for the end of."""
    with server.socket() as connection:
        connection.sendall(b"POST %b HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n" % PATH)
        connection.sendall(b"content-type: application/json\r\nexpect: 100-continue\r\n\r\n")
        assert connection.recv(1 << 10) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{")
        yield connection


PATH = b"/model/predict"
