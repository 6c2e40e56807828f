"""One shape for every error, and who is told what."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine.server import composition
from mlsql_engine.server.callers import Role
from mlsql_engine.server.settings import Limits, ServerSettings
from mlsql_engine.server.tokens import Tokens, of_text
from mlsql_engine.session import Session
from server.edge_routes import ROUTES, Gates
from server.running import SECONDS, Running, in_thread

PREDICT, ADMIN = ("a" * 16, "b" * 16)
TOKENS = Tokens([of_text(PREDICT, "phone", Role.PREDICT), of_text(ADMIN, "chief", Role.ADMIN)])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("root")


@pytest.fixture(scope="module")
def server(session: Session, root: Path) -> Iterator[Running]:
    settings = ServerSettings(tokens=TOKENS, root=root, audit_log=Path("/dev/null"))
    with in_thread(session, settings, ROUTES) as made:
        yield made


def told(server: Running, path: str, token: str | None) -> tuple[int, dict[str, Any]]:
    with server.asking(token) as client:
        answer = client.get(path)
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, answer.json()


def test_others_are_not_told_where_files_are(server: Running) -> None:
    assert told(server, "/problem", PREDICT) == (
        400,
        {
            "code": "DATA",
            "message": "cannot read data/x.csv, nor 'y.csv'",
            "hint": "see . and z.so; POST /run/script is not /nowhere/at/all",
            "span": {"script": "a/b.mlsql", "line": 1, "column": 1, "endLine": 1, "endColumn": 7},
        },
    )


def test_whoever_runs_the_server_is_told_all(server: Running, root: Path) -> None:
    status, problem = told(server, "/problem", ADMIN)
    assert status == 400
    assert problem["message"] == f"cannot read {root}/data/x.csv, nor '/usr/share/some where/y.csv'"
    assert problem["span"]["script"] == f"{root}/a/b.mlsql"
    assert problem["details"] == [{"label": "traceback", "text": "in /home/me/secret.py"}]


def test_fault(server: Running, caplog: pytest.LogCaptureFixture) -> None:
    """The text of an exception that nobody foresaw is in the log, below the reference that the client is given."""
    with caplog.at_level(logging.ERROR, "mlsql_engine.server.app"):
        status, problem = told(server, "/broken", PREDICT)
    assert status == 500
    found = re.fullmatch(r"a mistake in mlsql itself \(reference ([0-9a-f]{8})\)", problem.pop("message"))
    assert found is not None
    assert problem == {"code": "INTERNAL", "hint": "the server's log has more", "span": None}
    assert f"GET /broken failed, reference {found[1]}" in caplog.text
    assert "RuntimeError: the password is in /home/me/secret" in caplog.text


def test_no_descriptor_is_left(server: Running, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "mlsql_engine.server.app"), server.asking(PREDICT) as client:
        answer = client.get("/crowded")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert answer.json() == {
        "code": "OVERLOADED",
        "message": "the server has as many files and connections open as it may",
        "hint": "ask again; whoever runs it can raise the limit of open files (ulimit -n, LimitNOFILE)",
        "span": None,
    }
    assert caplog.messages == ["GET /crowded failed: the server has as many files and connections open as it may"]


def test_fault_for_whoever_runs_the_server(server: Running) -> None:
    _, problem = told(server, "/broken", ADMIN)
    assert re.fullmatch(r"RuntimeError \(reference [0-9a-f]{8}\)", problem["message"])
    assert "password" not in json.dumps(problem)


@pytest.mark.parametrize(
    ("token", "message"),
    [(PREDICT, "a mistake in mlsql itself"), (ADMIN, "the plan of /home/me/secret has no root")],
)
def test_broken_invariant(server: Running, caplog: pytest.LogCaptureFixture, token: str, message: str) -> None:
    with caplog.at_level(logging.ERROR, "mlsql_engine.server.app"):
        status, problem = told(server, "/impossible", token)
    assert (status, problem["code"], problem["message"]) == (500, "INTERNAL", message)
    assert "GET /impossible failed" in caplog.text


def test_errors_of_the_open_inference_protocol_have_its_member_too(server: Running) -> None:
    status, problem = told(server, "/v2/nothing", PREDICT)
    assert status == 404
    assert problem["error"] == "there is nothing at /v2/nothing (GET /openapi.json tells what there is)"


DEEP = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
PAIRS = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=x"
FILE = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nb\r\n--x--\r\n'
BODIES = {
    "no json": ("application/json", b"{", 400, "REQUEST", "the body is no JSON: Input data was truncated"),
    "no object": ("application/json", b"[1]", 400, "REQUEST", "the body is no JSON object"),
    "no utf-8": ("application/json", b'{"a":"\xff"}', 400, "REQUEST", None),
    "deep": ("application/json", DEEP, 400, "REQUEST", "the body is JSON that is nested too deep"),
    "no form": (PAIRS, b"abc", 400, "REQUEST", "the body is no form"),
    "form of no utf-8": (PAIRS, b"a=%ff", 400, "REQUEST", "the body is no form"),
    "form with raw bytes": (PAIRS, b"a=\xff", 400, "REQUEST", "the body is no form"),
    "form with too much": (PAIRS, b"a=1&" * 1_001, 400, "REQUEST", "the body is no form"),
    "other type": ("text/csv", b"a,b", 415, "MEDIA_TYPE", "the body is of the type 'text/csv'"),
    "no boundary": (
        "multipart/form-data",
        b"--x",
        400,
        "REQUEST",
        "the body is no form: Missing boundary in multipart.",
    ),
    "parts cut off": (PARTS, b"--y\r\n", 400, "REQUEST", "the body is no form: Invalid multipart data."),
    "file": (PARTS, FILE, 400, "REQUEST", None),
}


@pytest.mark.parametrize("which", BODIES)
def test_bodies(server: Running, which: str) -> None:
    kind, content, status, code, message = BODIES[which]
    with server.asking(PREDICT) as client:
        answer = client.post("/parameters", content=content, headers={"Content-Type": kind})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert message is None or problem["message"] == message
    assert sorted(problem) == ["code", "hint", "message", "span"]


def test_query_that_is_no_utf8(server: Running) -> None:
    status, problem = told(server, "/parameters?a=%ff", PREDICT)
    assert (status, problem["message"]) == (400, "the query string is no form")
    assert problem["hint"] == "it is of the form name=value&name=value, in UTF-8"


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (PAIRS, b"a=1&b=%C3%A9&c="),
        ("", b"a=1&b=%C3%A9&c="),
        ("application/json; charset=utf-8", '{"a":"1","b":"é","c":""}'.encode()),
        ("application/vnd.api+json", '{"a":"1","b":"é","c":""}'.encode()),
        (
            PARTS,
            b"".join(
                b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (name, value)
                for name, value in ((b"a", b"1"), (b"b", "é".encode()), (b"c", b""))
            )
            + b"--x--\r\n",
        ),
    ],
)
def test_parameters(server: Running, kind: str, content: bytes) -> None:
    with server.asking(PREDICT) as client:
        answer = client.post("/parameters?a=0&d=4", content=content, headers={"Content-Type": kind})
    assert answer.json() == {"a": "1", "b": "é", "c": "", "d": "4"}


def test_large_part_of_a_form(server: Running) -> None:
    with server.asking(PREDICT) as client:
        answer = client.post("/parameters", files={"data": (None, "x" * 3_000_000)})
    assert len(answer.json()["data"]) == 3_000_000


def test_request_that_the_end_of_the_server_cuts_off(session: Session, gates: Gates) -> None:
    settings = ServerSettings(limits=Limits(drain_seconds=0.2), audit_log=Path("/dev/null"))
    answers = []
    with in_thread(session, settings, ROUTES) as server, server.asking() as client:
        asking = threading.Thread(target=lambda: answers.append(client.get("/stuck")))
        asking.start()
        assert gates.begun.wait(SECONDS)
        server.end()
        asking.join(SECONDS)
    assert answers[0].status_code == 503
    assert answers[0].json() == {
        "code": "DRAINING",
        "message": "the server ends",
        "hint": "ask again: another one may answer",
        "span": None,
    }


def test_end_of_the_server_waits_for_what_has_begun(session: Session, gates: Gates) -> None:
    settings = ServerSettings(audit_log=Path("/dev/null"))
    answers = []
    with in_thread(session, settings, ROUTES) as server, server.asking() as client, server.socket() as idle:
        asking = threading.Thread(target=lambda: answers.append(client.get("/waiting")))
        asking.start()
        assert gates.begun.wait(SECONDS)
        server.end()
        assert idle.recv(1) == b""  # the server closes connections without a request
        gates.open.set()
        asking.join(SECONDS)
    assert (answers[0].status_code, answers[0].text) == (200, "done")


def test_readiness(server: Running) -> None:
    with server.asking() as client:
        assert client.get("/health/ready").json() == {"status": "ok"}
        server.call(lambda: setattr(server.state, "draining", True))
        try:
            answer = client.get("/health/ready")
            assert client.get("/health").status_code == 200
        finally:
            server.call(lambda: setattr(server.state, "draining", False))
    assert answer.status_code == 503
    assert answer.json()["code"] == "DRAINING"


def test_a_server_that_ends_is_not_ready(session: Session) -> None:
    settings = ServerSettings(port=0, audit_log=Path("/dev/null"))
    with in_thread(session, settings, composition.ROUTES) as server, server.asking() as client:
        assert client.get("/v2/health/ready").json() == {"ready": True}
        server.call(lambda: setattr(server.state, "draining", True))
        answer = client.get("/v2/health/ready")
        assert client.get("/v2/health/live").json() == {"live": True}
        server.call(lambda: setattr(server.state, "draining", False))
    assert (answer.status_code, answer.json()["code"]) == (503, "DRAINING")
    # Whoever ends it, it knows, and its time has begun.
    assert server.state.draining
    assert server.state.patience._until is not None
