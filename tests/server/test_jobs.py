"""/jobs, over a socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine.server.callers import Caller, Role
from mlsql_engine.server.gate import Gate
from mlsql_engine.server.settings import Limits, ServerSettings
from server.running import Running, alone


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    (root / "train.py").write_text(
        "import os, mlsql\nfor i in range(3):\n    print('step', i, flush=True)\n"
        "print('in', os.path.join(os.sep, 'home', 'ada', 'x.csv'), flush=True)\n"
        "open(mlsql.internal_system_param['tempModelLocalPath'] + '/x', 'w').close()\n"
    )
    (root / "sleep.py").write_text("import time\nprint('asleep', flush=True)\ntime.sleep(3600)\n")
    return root


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[Running]:
    with alone(ServerSettings(root=root, limits=Limits(drain_seconds=0.0))) as running:
        yield running


def begin(server: Running, sql: str, **parameters: str) -> str:
    answer = server.client.post("/run/script", data={"sql": sql, "async": "true", **parameters})
    assert answer.status_code == 202
    body = answer.json()
    number: str = body["jobId"]
    assert len(number) == 32
    assert body == {
        "jobId": number,
        "state": "queued",
        "statusUrl": f"/jobs/{number}",
        "resultUrl": f"/jobs/{number}/result",
        "eventsUrl": f"/jobs/{number}/events",
    }
    assert answer.headers["location"] == f"/jobs/{number}"
    return number


def events(server: Running, number: str, after: str | None = None) -> list[tuple[int, str, dict[str, Any]]]:
    """All events up to the end."""
    headers = {} if after is None else {"Last-Event-ID": after}
    answer = server.client.get(f"/jobs/{number}/events", headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = []
    for block in answer.text.replace("\r\n", "\n").strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        data = json.loads(fields["data"])
        del data["time"]
        found.append((int(fields["id"]), fields["event"], data))
    return found


TRAIN = "select 1 as x as d; train d as PythonAlg.`m` where pythonScriptPath='train.py'; select 5 as n as t;"


def test_a_job_tells_how_it_goes_and_keeps_its_rows(server: Running) -> None:
    number = begin(server, TRAIN, jobName="nightly", owner="ada")
    told = events(server, number)
    assert [number for number, _, _ in told] == list(range(1, len(told) + 1))
    assert [data for _, kind, data in told if kind == "output"] == [
        *({"who": "train.py", "line": f"step {step}"} for step in range(3)),
        {"who": "train.py", "line": "in /home/ada/x.csv"},
    ]
    states = [data for _, kind, data in told if kind == "state"]
    assert [(data["done"], data["statements"], data["state"]) for data in states] == [
        (0, 3, "running"),
        (1, 3, "running"),
        (2, 3, "running"),
    ]
    assert states[2]["statement"] == "select 5 as n as t"
    assert told[-1][1:] == ("end", {"state": "succeeded", "rows": 1})
    job = server.client.get(f"/jobs/{number}").json()
    assert {name: job[name] for name in ("jobName", "owner", "caller", "state", "statements", "done", "rows")} == {
        "jobName": "nightly",
        "owner": "ada",
        "caller": "local",
        "state": "succeeded",
        "statements": 3,
        "done": 3,
        "rows": 1,
    }
    assert (job["error"], job["callback"], job["truncated"]) == (None, None, False)
    assert job["createdAt"] <= job["startedAt"] <= job["endedAt"]
    for _ in range(2):
        answer = server.client.get(f"/jobs/{number}/result")
        assert (answer.status_code, answer.text, answer.headers["x-mlsql-rows"]) == (200, '[{"n":5}]', "1")


def test_events_go_on_after_the_last_that_was_seen(server: Running) -> None:
    number = begin(server, "select 1 as a as t; select 2 as a as u;")
    told = events(server, number)
    assert events(server, number, "1") == told[1:]
    seen = server.client.get(f"/jobs/{number}/events", headers={"Last-Event-ID": str(told[-1][0])})
    assert (seen.status_code, seen.text) == (204, "")
    wrong = server.client.get(f"/jobs/{number}/events", headers={"Last-Event-ID": "x"})
    assert (wrong.status_code, wrong.json()["message"]) == (
        400,
        "the header Last-Event-ID is the number of an event",
    )


def test_a_job_that_fails(server: Running) -> None:
    number = begin(server, "select 1 as a as t;\nselect b from t as u;")
    assert events(server, number)[-1][2] == {"state": "failed", "rows": 0}
    answer = server.client.get(f"/jobs/{number}/result")
    assert (answer.status_code, answer.json()["code"]) == (400, "UNKNOWN_COLUMN")
    job = server.client.get(f"/jobs/{number}").json()
    assert (job["state"], job["done"], job["statements"]) == ("failed", 1, 2)
    assert job["error"] == answer.json()
    assert job["error"]["span"] == {"script": "script", "line": 2, "column": 8, "endLine": 2, "endColumn": 9}


@pytest.mark.parametrize("way", ["delete", "post"])
def test_a_job_is_ended(server: Running, way: str) -> None:
    number = begin(server, "select 1 as x as d; train d as PythonAlg.`m` where pythonScriptPath='sleep.py';")
    with server.client.stream("GET", f"/jobs/{number}/events") as told:
        for line in told.iter_lines():
            if "asleep" in line:
                break
    running = server.client.get(f"/jobs/{number}/result")
    assert (running.status_code, running.json()["code"]) == (409, "JOB_RUNNING")
    path = f"/jobs/{number}" if way == "delete" else f"/jobs/{number}/cancel"
    assert server.client.request(way, path).status_code == 202
    assert events(server, number)[-1][2] == {"state": "cancelled", "rows": 0}
    ended = server.client.request(way, path)
    assert (ended.status_code, ended.json()["state"]) == (200, "cancelled")
    assert ended.json()["error"]["message"] == "local ended the job"
    result = server.client.get(f"/jobs/{number}/result")
    assert (result.status_code, result.json()["code"]) == (409, "CANCELLED")
    workers = server.session.system_table("workers").to_pylist()
    assert [row["state"] for row in workers if row["name"] == "sleep.py"][-1:] in (["ended"], [])


def test_events_begin_before_there_is_one(server: Running) -> None:
    """Whoever comes back and has seen all is let in at once: proxies and clients wait for the head."""
    number = begin(server, "select 1 as x as d; train d as PythonAlg.`m` where pythonScriptPath='sleep.py';")
    path = f"/jobs/{number}/events"
    with server.client.stream("GET", path) as told:
        last = ""
        for line in told.iter_lines():
            last = line if line.startswith("id: ") else last
            if "asleep" in line:
                break
    with server.client.stream("GET", path, headers={"Last-Event-ID": last[4:]}, timeout=5.0) as again:
        assert again.status_code == 200
    server.client.delete(f"/jobs/{number}")
    assert events(server, number)[-1][2]["state"] == "cancelled"


def test_lists(server: Running) -> None:
    mine = begin(server, "select 1 as a as t;", owner="lister")
    events(server, mine)
    found = server.client.get("/jobs", params={"owner": "lister"}).json()["jobs"]
    assert [job["jobId"] for job in found] == [mine]
    assert server.client.get("/jobs", params={"owner": "lister", "state": "failed"}).json() == {"jobs": []}
    assert server.client.get("/jobs").json()["jobs"][0]["jobId"] == mine


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "message"),
    [
        ("GET", "/jobs/none", 404, "UNKNOWN_JOB", "there is no job 'none'"),
        ("DELETE", "/jobs/none", 404, "UNKNOWN_JOB", "there is no job 'none'"),
        ("POST", "/jobs/none/cancel", 404, "UNKNOWN_JOB", "there is no job 'none'"),
        ("GET", "/jobs/none/events", 404, "UNKNOWN_JOB", "there is no job 'none'"),
        ("GET", "/jobs?state=over", 400, "BAD_VALUE", "the parameter 'state' cannot be 'over'"),
        ("GET", "/jobs?stat=over", 400, "UNKNOWN_PARAMETER", "there is no parameter 'stat'"),
        ("PUT", "/jobs/none", 405, "METHOD_NOT_ALLOWED", "/jobs/none does not take PUT"),
    ],
)
def test_errors(server: Running, method: str, path: str, status: int, code: str, message: str) -> None:
    answer = server.client.request(method, path)
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (status, code, message)


def test_rows_of_a_request_that_waited_went_with_its_answer(server: Running) -> None:
    answer = server.client.post("/run/script", data={"sql": "select 1 as a as t;"})
    gone = server.client.get(f"/jobs/{answer.headers['x-mlsql-job']}/result")
    assert (gone.status_code, gone.json()["code"]) == (404, "NO_RESULT")
    assert gone.json()["message"] == "the rows went with the answer to the request"


@pytest.fixture
def callers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests whose caller is that of the header."""

    def caller(_gate: Gate, scope: Any) -> Caller:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        return Caller(headers.get("x-caller", "admin"), Role[headers.get("x-role", "RUN")])

    monkeypatch.setattr(Gate, "caller", caller)


@pytest.mark.usefixtures("callers")
def test_callers_see_their_own_jobs(server: Running) -> None:
    ada, bob = {"X-Caller": "ada"}, {"X-Caller": "bob"}
    body = {"sql": TRAIN, "async": "true", "owner": "somebody"}
    number = server.client.post("/run/script", data=body, headers=ada).json()["jobId"]
    assert number not in [job["jobId"] for job in server.client.get("/jobs", headers=bob).json()["jobs"]]
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/result"), ("GET", "/events"), ("POST", "/cancel")):
        assert server.client.request(method, f"/jobs/{number}{path}", headers=bob).status_code == 404
    mine = server.client.get(f"/jobs/{number}/events", headers=ada).text
    assert "in x.csv" in mine
    assert "/home/ada" not in mine
    admin = {"X-Caller": "root", "X-Role": "ADMIN"}
    assert "in /home/ada/x.csv" in server.client.get(f"/jobs/{number}/events", headers=admin).text
    assert server.client.get(f"/jobs/{number}", headers=admin).json()["caller"] == "ada"
    assert [job["jobId"] for job in server.client.get("/jobs", headers=ada).json()["jobs"]] == [number]


def test_the_end_of_the_server_ends_its_jobs(root: Path) -> None:
    settings = ServerSettings(root=root, limits=Limits(drain_seconds=0.0, running=1))
    with alone(settings) as server:
        running = begin(server, "select 1 as x as d; train d as PythonAlg.`m` where pythonScriptPath='sleep.py';")
        waiting = begin(server, "select 1 as a as t;")
        with server.client.stream("GET", f"/jobs/{running}/events") as told:
            for line in told.iter_lines():
                if "asleep" in line:
                    break
        found = server.call(lambda: {job.id: job for job in server.state.jobs.of(Caller("x", Role.ADMIN))})
        assert found[waiting].state == "queued"
    assert [(found[number].state, str(found[number].error)) for number in (running, waiting)] == [
        ("cancelled", str(found[running].error)),
        ("cancelled", "error[CANCELLED]: the server ends"),
    ]
    assert found[running].error is not None
    assert found[running].error.message == "the server ends"


def test_jobs_may_finish_when_the_server_ends(root: Path) -> None:
    with alone(ServerSettings(root=root, limits=Limits(drain_seconds=60.0))) as server:
        number = begin(server, TRAIN)
        with server.client.stream("GET", f"/jobs/{number}/events") as told:
            for line in told.iter_lines():
                if "running train.py" in line:
                    break
        (job,) = server.call(lambda: server.state.jobs.of(Caller("x", Role.ADMIN)))
    assert (job.state, job.rows, job.error) == ("succeeded", 1, None)


def test_ended_jobs_and_results_are_forgotten(root: Path) -> None:
    limits = Limits(drain_seconds=0.0, jobs=2, results=60_000)
    with alone(ServerSettings(root=root, limits=limits)) as server:
        numbers = []
        for _ in range(3):
            numbers.append(begin(server, "select id from range(5000) as t;"))
            events(server, numbers[-1])
        assert [job["jobId"] for job in server.client.get("/jobs").json()["jobs"]] == numbers[:0:-1]
        assert server.client.get(f"/jobs/{numbers[0]}").status_code == 404
        gone = server.client.get(f"/jobs/{numbers[1]}/result")
        assert (gone.status_code, gone.json()["message"]) == (404, "the rows are kept no more")
        assert len(server.client.get(f"/jobs/{numbers[2]}/result").json()) == 5_000


def test_jobs_that_ended_long_ago_are_forgotten(root: Path) -> None:
    with alone(ServerSettings(root=root, limits=Limits(drain_seconds=0.0, job_seconds=0.0))) as server:
        number = begin(server, "select 1 as a as t;")
        server.client.get(f"/jobs/{number}/events")
        assert server.client.get("/jobs").json() == {"jobs": []}
