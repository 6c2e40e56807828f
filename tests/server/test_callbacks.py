"""What is told of the end of a job, to a receiver of our own."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import parse_qs

import pytest

from mlsql_engine.server.settings import Callbacks, Limits, ServerSettings
from server.running import SECONDS, Running, alone


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps what it gets, and answers the statuses of `answers` one after the other, then 200; 0: not at all."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: Queue[tuple[str, dict[str, str], bytes]] = Queue()
        self.answers: list[int] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.answers.pop(0) if self.server.answers else 200
        self.server.got.put((self.path, dict(self.headers), body))
        if status == 0:
            self.server.over.wait(SECONDS)
            return
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"{self.server.url}/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
        """Nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.serve_forever, args=(0.05,))
    thread.start()
    yield made
    made.over.set()
    made.shutdown()
    thread.join(SECONDS)
    made.server_close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    calls = Callbacks(("127.0.0.1",), b"secret", seconds=2.0, attempts=3, pause=0.001)
    root = tmp_path_factory.mktemp("root")
    settings = ServerSettings(root=root, callbacks=calls, limits=Limits(drain_seconds=0.0))
    with alone(settings) as running:
        yield running


def begin(server: Running, url: str, sql: str = "select 1 as n as t;", **parameters: str) -> str:
    form = {"sql": sql, "async": "true", "callback": url, **parameters}
    answer = server.client.post("/run/script", data=form)
    assert answer.status_code == 202
    number: str = answer.json()["jobId"]
    return number


def told(server: Running, number: str) -> dict[str, Any]:
    """How the call went, when it is over."""
    while True:
        found: dict[str, Any] = server.client.get(f"/jobs/{number}").json()["callback"] or {"state": "waiting"}
        if found["state"] != "waiting":
            return found


def fields(body: bytes) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(body.decode(), strict_parsing=True).items()}


def test_the_rows_are_sent_signed(server: Running, receiver: Receiver) -> None:
    number = begin(server, f"{receiver.url}/done?x=1", jobName="nightly", owner="ada", timeout="60000")
    path, headers, body = receiver.got.get(timeout=SECONDS)
    assert path == "/done?x=1"
    assert headers["X-Mlsql-Job"] == number
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert headers["Host"] == receiver.url.removeprefix("http://")
    signature = hmac.new(b"secret", headers["X-Mlsql-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Mlsql-Signature"] == f"sha256={signature}"
    sent = fields(body)
    assert sorted(sent) == ["jobInfo", "res", "stat"]
    assert (sent["stat"], sent["res"]) == ("succeeded", '[{"n":1}]')
    info = json.loads(sent["jobInfo"])
    assert info.pop("startTime") > 1_700_000_000_000
    assert info == {
        "owner": "ada",
        "jobType": "script",
        "jobName": "nightly",
        "jobContent": "select 1 as n as t;",
        "groupId": number,
        "progress": {"totalJob": 1, "currentJobIndex": 1, "script": "select 1 as n as t"},
        "timeout": 60_000,
        "state": "succeeded",
        "statusUrl": f"/jobs/{number}",
        "resultUrl": f"/jobs/{number}/result",
        "eventsUrl": f"/jobs/{number}/events",
    }
    assert told(server, number) == {"state": "delivered", "attempts": 1, "message": None}


def test_a_failure_is_told(server: Running, receiver: Receiver) -> None:
    begin(server, receiver.url, "select 1 as a as t; select b from t as u;")
    _, _, body = receiver.got.get(timeout=SECONDS)
    sent = fields(body)
    assert sorted(sent) == ["error", "jobInfo", "msg", "stat"]
    assert (sent["stat"], sent["msg"]) == ("failed", "there is no column 'b'")
    assert json.loads(sent["error"])["code"] == "UNKNOWN_COLUMN"
    assert json.loads(sent["jobInfo"])["timeout"] == -1


@pytest.mark.parametrize(
    ("answers", "attempts", "state", "message"),
    [
        ([500, 429], 3, "delivered", None),
        ([503, 503, 503], 3, "failed", "it answered 503"),
        ([404], 1, "failed", "it answered 404"),
        ([302], 1, "failed", "it answered 302"),
        ([0], 2, "delivered", None),
    ],
)
def test_it_is_tried_again_where_that_may_help(
    server: Running, receiver: Receiver, answers: list[int], attempts: int, state: str, message: str | None
) -> None:
    receiver.answers = list(answers)
    number = begin(server, receiver.url)
    assert told(server, number) == {"state": state, "attempts": attempts, "message": message}
    assert receiver.got.qsize() == attempts
    assert {path for path, _, _ in receiver.got.queue} == {"/"}


def test_nobody_there(server: Running, receiver: Receiver) -> None:
    receiver.socket.close()
    found = told(server, begin(server, receiver.url))
    assert (found["state"], found["attempts"]) == ("failed", 3)
    assert found["message"] == "ConnectionRefusedError: [Errno 111] Connection refused"


@pytest.mark.parametrize(
    ("url", "status", "code", "message"),
    [
        ("http://169.254.169.254/latest", 403, "NOT_ALLOWED", "this server does not call 169.254.169.254:80"),
        ("gopher://127.0.0.1/", 400, "BAD_VALUE", "the callback is no http or https URL"),
    ],
)
def test_what_is_not_called_is_said_at_once(
    server: Running, url: str, status: int, code: str, message: str
) -> None:
    form = {"sql": "select 1 as n as t;", "async": "true", "callback": url, "jobName": "never"}
    answer = server.client.post("/run/script", data=form)
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (status, code, message)
    assert "never" not in [job["jobName"] for job in server.client.get("/jobs").json()["jobs"]]


def test_a_name_that_stands_for_a_foreign_address(tmp_path: Path) -> None:
    calls = Callbacks(("10.0.0.0/8",), pause=0.001)
    with alone(ServerSettings(root=tmp_path, callbacks=calls, limits=Limits(drain_seconds=0.0))) as server:
        found = told(server, begin(server, "http://localhost:9/"))
        assert found == {"state": "failed", "attempts": 1, "message": "this server does not call localhost:9"}


def test_without_a_setting_nobody_is_called(tmp_path: Path) -> None:
    with alone(ServerSettings(root=tmp_path, limits=Limits(drain_seconds=0.0))) as server:
        form = {"sql": "select 1 as n as t;", "async": "true", "callback": "http://127.0.0.1:9/"}
        answer = server.client.post("/run/script", data=form)
        assert answer.status_code == 403
        assert answer.json()["hint"] == "whoever runs it can allow it: mlsql serve --callback-host HOST"


def test_the_end_of_the_server_waits_for_no_answer(tmp_path: Path, receiver: Receiver) -> None:
    """The call would take until the receiver is over, at the end of the test."""
    receiver.answers = [0]
    calls = Callbacks(("127.0.0.1",), seconds=3_600.0)
    with alone(ServerSettings(root=tmp_path, callbacks=calls, limits=Limits(drain_seconds=0.0))) as server:
        begin(server, receiver.url)
        receiver.got.get(timeout=SECONDS)
