"""`mlsql serve` is told to end while clients ask."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil  # noqa: TID253 - a test may
import pytest

from server.askers import Asker, NotAnswered, Refused, asking, infer, model_predict
from server.running import SECONDS, Process, as_process

SCRIPT = """
register ScriptUDF.`` as twice where dataType="double" and code='''
def apply(x: float) -> float:
    return 2.0 * x
''';
register ScriptUDF.`` as held where dataType="double" and code='''
import os
gate = os.open("{gate}", os.O_RDONLY)
def apply(x: float) -> float:
    os.read(gate, 1)
    return 2.0 * x
''';
"""
VALUES = [1.0, 10.0, 100.0]
ANSWER = [2.0, 20.0, 200.0]
DRAINING = {
    "code": "DRAINING",
    "message": "the server ends",
    "hint": "ask again: another one may answer",
    "span": None,
}


class Gate:
    """What `held` waits for: a byte for each row."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self._descriptor = os.open(path, os.O_RDWR)

    def let_through(self, rows: int) -> None:
        os.write(self._descriptor, bytes(rows))

    def close(self) -> None:
        os.close(self._descriptor)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path / "gate")
    yield made
    made.close()


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Process]:
    (folder / "init.mlsql").write_text(SCRIPT.format(gate=folder / "gate"))
    with as_process("--script", "init.mlsql", *arguments, cwd=folder) as server:
        yield server


def below(server: Process) -> list[psutil.Process]:
    """The processes of its functions, and what starts them."""
    found = psutil.Process(server.process.pid).children(recursive=True)
    assert len(found) >= 2
    return found


def gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, SECONDS)
    return alive == []


def wait_until_under_way(server: Process, requests: int) -> None:
    """Return when so many are not answered, beside the one that asks."""
    wanted = f"mlsql_http_requests_under_way {requests + 1:.1f}"
    with httpx.Client(base_url=server.address, timeout=SECONDS) as client:
        while wanted not in client.get("/metrics").text.splitlines():
            pass


def askers_of(server: Process, function: str, count: int) -> list[Asker]:
    return [Asker(server, (infer, model_predict)[number % 2], function, VALUES) for number in range(count)]


def test_what_has_begun_is_answered(tmp_path: Path, gate: Gate) -> None:
    with serving(tmp_path) as server, asking(askers_of(server, "held", 8)) as held:
        wait_until_under_way(server, 8)
        with asking(askers_of(server, "twice", 16)) as quick:
            for asker in quick:
                asker.wait_for(ANSWER)
            processes = below(server)
            server.process.send_signal(signal.SIGTERM)
            server.wait_until_refused()
            assert [asker.answers for asker in held] == [[]] * 8
            gate.let_through(8 * len(VALUES))
            assert server.ended() == (0, "", "")
    assert gone(processes)
    assert [asker.answers for asker in held] == [[ANSWER]] * 8
    for asker in quick:
        assert asker.answers == [ANSWER] * len(asker.answers)
    assert {type(asker.error) for asker in (*held, *quick)} == {NotAnswered}


def test_what_does_not_end_in_time_is_told_so(tmp_path: Path, gate: Gate) -> None:
    with serving(tmp_path, "--drain", "0.5") as server, asking(askers_of(server, "held", 8)) as held:
        wait_until_under_way(server, 8)
        with asking(askers_of(server, "twice", 16)) as quick:
            for asker in quick:
                asker.wait_for(ANSWER)
            processes = below(server)
            server.process.send_signal(signal.SIGTERM)
            server.ended()
    assert gone(processes)
    by_inference = DRAINING | {"error": "the server ends (ask again: another one may answer)"}
    for asker, said in zip(held, [by_inference, DRAINING] * 4, strict=True):
        assert isinstance(asker.error, Refused), repr(asker.error)
        assert (asker.answers, asker.error.status, asker.error.told) == ([], 503, said)
    for asker in quick:
        assert asker.answers == [ANSWER] * len(asker.answers)
    assert {type(asker.error) for asker in quick} == {NotAnswered}
