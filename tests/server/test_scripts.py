"""POST /run/script, over a socket."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from mlsql_engine.server.settings import Limits, ServerSettings
from server.running import SECONDS, Running, alone

NATIVE = "select sum(a.id * b.id) as s from range(10000000) a, range(10000000) b as t;"
"""A query that takes hours inside the engine."""
TRAIN = "select 1 as x, 0 as y as d; train d as PythonAlg.`m` where pythonScriptPath='sleep.py';"
"""A training that sleeps for an hour."""
REGISTER = """register ScriptUDF.`` as nap where dataType="int" and code='''
import time

def apply(x):
    time.sleep(3600)
''';"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    (root / "sleep.py").write_text("import time\nprint('asleep', flush=True)\ntime.sleep(3600)\n")
    (root / "part.mlsql").write_text("select 7 as n as part;")
    return root


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[Running]:
    limits = Limits(drain_seconds=0.0, running=2, waiting=1)
    with alone(ServerSettings(root=root, roots=(root,), limits=limits)) as running:
        yield running


def run(server: Running, sql: str, **parameters: str) -> httpx.Response:
    return server.client.post("/run/script", data={"sql": sql, **parameters})


def jobs(server: Running) -> list[dict[str, object]]:
    found: list[dict[str, object]] = server.client.get("/jobs").json()["jobs"]
    return found


def until_told(server: Running, job: str, kind: str, word: str = "") -> dict[str, object]:
    """The first event of that kind with the word in it."""
    with server.client.stream("GET", f"/jobs/{job}/events") as events:
        for line in events.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                event = value
            if name == "data" and event == kind and word in value:
                found: dict[str, object] = json.loads(value)
                return found
    raise AssertionError(f"no {kind}")


def test_the_last_table_as_rows(server: Running) -> None:
    answer = run(server, "select 1 as a, 'x' as b as t; select a + 1 as c from t as u;")
    assert (answer.status_code, answer.text) == (200, '[{"c":2}]')
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-mlsql-rows"] == "1"
    assert "x-mlsql-truncated" not in answer.headers


def test_json_as_well_as_a_form(server: Running) -> None:
    answer = server.client.post("/run/script", json={"sql": "select '${d}' as a as t;", "d": 3, "silence": False})
    assert answer.json() == [{"a": "3"}]
    answer = server.client.post("/run/script", params={"sql": "select 1 as a as t;"})
    assert answer.json() == [{"a": 1}]


def test_no_table_is_no_rows(server: Running) -> None:
    answer = run(server, "set a = '1';")
    assert (answer.status_code, answer.text) == (200, "[]")


def test_silence_reads_nothing(server: Running) -> None:
    answer = run(server, NATIVE, silence="true")
    assert (answer.status_code, answer.text, answer.headers["x-mlsql-rows"]) == (200, "[]", "0")


def test_rows_are_cut_and_a_header_says_so(server: Running) -> None:
    answer = run(server, "select id from range(5001) as t;")
    assert [len(answer.json()), answer.json()[-1]] == [5_000, {"id": 4_999}]
    assert (answer.headers["x-mlsql-truncated"], answer.headers["x-mlsql-rows"]) == ("true", "5000")
    answer = run(server, "select id from range(5000) as t;")
    assert len(answer.json()) == 5_000
    assert "x-mlsql-truncated" not in answer.headers


def test_collect_gives_all(server: Running) -> None:
    answer = run(server, "select id, repeat('x', 20) as x from range(200000) as t;", fetchType="collect")
    rows = answer.json()
    assert [len(rows), rows[0]["id"], rows[-1]["id"]] == [200_000, 0, 199_999]
    assert answer.headers["x-mlsql-rows"] == "200000"


def test_the_schema_is_sparks(server: Running) -> None:
    answer = run(server, "select 1 as a, vec_dense(array(1.0)) as v as t;", includeSchema="true").json()
    assert answer["data"] == [{"a": 1, "v": {"type": 1, "values": [1.0]}}]
    assert [(field["name"], field["nullable"]) for field in answer["schema"]["fields"]] == [
        ("a", True),
        ("v", True),
    ]
    assert answer["schema"]["fields"][0]["type"] == "integer"
    assert answer["schema"]["fields"][1]["type"]["pyClass"] == "pyspark.ml.linalg.VectorUDT"
    empty = run(server, "set a = '1';", includeSchema="true").json()
    assert empty == {"schema": {"type": "struct", "fields": []}, "data": []}


def test_relative_paths_start_from_the_root(server: Running, root: Path) -> None:
    answer = run(server, "include file.`part.mlsql`; save overwrite part as csv.`out/x.csv`;")
    assert answer.json() == [{"n": 7}]
    assert (root / "out" / "x.csv").read_text() == "7\n"


@pytest.mark.parametrize(
    ("sql", "status", "error"),
    [
        (
            "select 1 as a as t; select b from t as u;",
            400,
            {
                "code": "UNKNOWN_COLUMN",
                "message": "there is no column 'b'",
                "hint": "known: a",
                "span": {"script": "script", "line": 1, "column": 28, "endLine": 1, "endColumn": 29},
            },
        ),
        (
            "load csv.`/etc/passwd` as t;",
            403,
            {
                "code": "NOT_ALLOWED",
                "message": "scripts may not touch this path here",
                "hint": "it is, or leads, outside of the folders that whoever runs the server lets scripts touch; "
                "mlsql serve --root FOLDER adds one",
                "span": {"script": "script", "line": 1, "column": 10, "endLine": 1, "endColumn": 23},
            },
        ),
        (
            "set a = `ls` where type='shell';",
            403,
            {
                "code": "NOT_ALLOWED",
                "message": "commands of the shell are not run here",
                "hint": "whoever runs the script decides: mlsql run without --no-shell runs them",
                "span": {"script": "script", "line": 1, "column": 9, "endLine": 1, "endColumn": 13},
            },
        ),
    ],
)
def test_errors_have_one_shape(server: Running, sql: str, status: int, error: dict[str, object]) -> None:
    answer = run(server, sql)
    found = answer.json()
    assert (answer.status_code, found) == (status, error)
    assert answer.headers["x-mlsql-job"]


def test_an_error_while_the_rows_are_read_is_an_error(server: Running) -> None:
    answer = run(
        server, "select assert_true(id < 150000, 'too many') as a from range(200000) as t;", fetchType="collect"
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "SQL")


def test_a_wrong_parameter(server: Running) -> None:
    answer = run(server, "select 1 as a as t;", sessionperuser="true")
    assert (answer.status_code, answer.json()["code"]) == (400, "UNKNOWN_PARAMETER")
    assert jobs(server) is not None
    assert server.client.get("/run/script").status_code == 405


@pytest.mark.parametrize("sql", [NATIVE, TRAIN, f"{REGISTER} select nap(1) as a as t;"])
def test_a_time_limit_ends_the_work(server: Running, sql: str) -> None:
    answer = run(server, sql, timeout="1500")
    assert answer.status_code == 504
    error = answer.json()
    assert (error["code"], error["message"]) == ("TIMEOUT", "the script did not end within 1500 ms, and was ended")
    assert server.client.get(f"/jobs/{answer.headers['x-mlsql-job']}").json()["state"] == "failed"
    # The session is free again.
    assert run(server, "select 1 as a as t;").json() == [{"a": 1}]


def test_the_audit_log_tells_what_was_run(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    settings = ServerSettings(root=tmp_path, roots=(tmp_path,), audit_log=log)
    with alone(settings) as server:
        sql = "set password = 'hunter2'; load csv.`/etc/passwd` as t;"
        answer = run(server, sql, owner="ada")
    (line,) = map(json.loads, log.read_text().splitlines())
    assert (line["event"], line["caller"], line["status"], line["error"]) == (
        "request",
        "local",
        403,
        "NOT_ALLOWED",
    )
    assert (line["owner"], line["job"]) == ("ada", answer.headers["x-mlsql-job"])
    assert line["sql"].startswith("set password = '")
    assert line["sql"].endswith("load csv.`/etc/passwd` as t;")
    assert "hunter2" not in log.read_text()


def test_a_client_that_goes_away_ends_its_script(server: Running) -> None:
    body = urlencode({"sql": TRAIN, "jobName": "left"}).encode()
    head = f"POST /run/script HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    host, _, port = server.address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head + body)
        while not (found := [job for job in jobs(server) if job["jobName"] == "left"]):
            pass
        number = str(found[0]["jobId"])
        until_told(server, number, "output", "asleep")
    assert until_told(server, number, "end")["state"] == "cancelled"
    error = server.client.get(f"/jobs/{number}").json()["error"]
    assert (error["code"], error["message"]) == (
        "CANCELLED",
        "whoever asked went away before the end, and the rows were for nobody",
    )
    assert error["hint"] == "with async=true a script goes on by itself"


def test_sessions(server: Running) -> None:
    assert run(server, "select 1 as a as kept;", sessionPerUser="true", owner="ada").status_code == 200
    again = "select a + 1 as a from kept as t;"
    assert run(server, again, sessionPerUser="true", owner="ada").json() == [{"a": 2}]
    for other in ({"owner": "ada"}, {"owner": "bob", "sessionPerUser": "true"}, {"sessionPerRequest": "true"}):
        assert run(server, again, **other).json()["code"] == "UNKNOWN_TABLE"
    assert run(server, "select 1 as a as mine; select a from mine as t;", sessionPerRequest="true").json() == [
        {"a": 1}
    ]
    names = [session.name for session in server.call(server.state.sessions.all)]
    assert [name for name in names if name in ("default", "ada", "bob", "request")] == ["default", "ada", "bob"]


def test_too_many_scripts_are_refused_at_once(server: Running) -> None:
    first = [
        run(server, TRAIN, **{"async": "true"}, sessionPerUser="true", owner=str(number)) for number in range(3)
    ]
    assert [answer.status_code for answer in first] == [202] * 3
    refused = run(server, "select 1 as a as t;")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
    assert refused.json() == {
        "code": "OVERLOADED",
        "message": "2 scripts run, and 1 wait",
        "hint": "ask again after the seconds of Retry-After",
        "span": None,
    }
    for answer in reversed(first):
        assert server.client.delete(answer.headers["location"]).status_code == 202
    for answer in first:
        assert until_told(server, answer.json()["jobId"], "end")["state"] == "cancelled"
    assert run(server, "select 1 as a as t;").status_code == 200


def test_statements_of_several_requests_take_turns(server: Running) -> None:
    answers: list[httpx.Response] = []
    sql = "set k = '${me}' where scope='request'; select '${k}' as a as t_${me}; select a from t_${me} as u_${me};"
    threads = [
        threading.Thread(target=lambda me=me: answers.append(run(server, sql, me=str(me)))) for me in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert sorted(answer.text for answer in answers) == [f'[{{"a":"{me}"}}]' for me in range(3)]
