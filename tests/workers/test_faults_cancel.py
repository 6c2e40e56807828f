"""Predictions and loads that somebody gives up: they end, and nothing else does."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from mlsql_engine import MlsqlError, Session, connect
from mlsql_engine.core.progress import SilentProgress
from mlsql_engine.workers.launcher import LocalLauncher, WorkerCommand
from mlsql_engine.workers.process import WorkerProcess
from workers.provocations import IDENTITY, SECONDS, Background, Census, Faults, failing, gone, rows_of

PREDICTS = "select f(a) as p from values (13.0D), (14.0D) as v(a) as t; !cache t;"
WAITS = "tell(os.getpid()); signal.pause()"


def running_job(session: Session) -> int:
    """The number of the job that runs."""
    return next(job.id for job in session._state.jobs if job.state == "running")


def kill(session: Session) -> None:
    session.run(f"!kill {running_job(session)};")


def cancel(session: Session) -> None:
    session.cancel(running_job(session))


ENDS = pytest.mark.parametrize("end", [kill, cancel])
Ending = Callable[[Session], None]


@ENDS
@pytest.mark.parametrize("deaf", ["", "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()); "])
def test_a_prediction(faults: Faults, end: Ending, deaf: str) -> None:
    faults.register(failing(deaf + WAITS))
    running = Background(lambda: faults.run(PREDICTS))
    pids = faults.told.numbers()
    end(faults.session)
    error = running.error()
    assert (error.code, error.message.partition(" ")[0]) == ("CANCELLED", "job")
    assert gone(pids)
    faults.works()


LOADS = failing("pass", before=WAITS)


@ENDS
def test_a_register(faults: Faults, end: Ending) -> None:
    faults.write(LOADS)
    running = Background(lambda: faults.run(faults.registering()))
    pids = faults.told.numbers()
    end(faults.session)
    assert running.error().code == "CANCELLED"
    assert gone(pids)
    faults.register(IDENTITY)
    faults.works()


def test_a_register_that_waits_for_another_sessions_load(faults: Faults) -> None:
    """The other's goes on."""
    go = faults.folder / "told-go"
    os.mkfifo(go)
    faults.write(failing("pass", before="tell('loading'); open(os.environ['TOLD'] + '-go').read()"))
    first = Background(lambda: faults.run(faults.registering()))
    faults.told.next()
    with connect(progress=SilentProgress()) as other:
        (pool,) = other._state.functions._pools.all()
        plain, waits = pool.open, threading.Event()

        def opened(*arguments: object) -> object:
            waits.set()
            return plain(*arguments)

        pool.open = opened
        second = Background(lambda: rows_of(other, faults.registering(), faults.folder))
        assert waits.wait(SECONDS)
        cancel(other)
        assert second.error().code == "CANCELLED"
    go.write_text("go")
    assert first.result() == []
    faults.works()
    assert faults.started() == 1


@ENDS
def test_a_table_of_a_function_that_was_replaced(faults: Faults, end: Ending) -> None:
    """Its workers are being started again."""
    once = f"""
        if os.path.exists("{faults.folder}/loaded"):
            {WAITS}
        open("{faults.folder}/loaded", "w").close()
    """
    faults.register(failing("pass", before=once))
    faults.run("select f(a) as p from values (1.0D) as v(a) as old;")
    faults.write(IDENTITY)
    faults.run(faults.registering())
    running = Background(lambda: faults.run("select sum(p) as s from old as t; !cache t;"))
    pids = faults.told.numbers()
    end(faults.session)
    assert running.error().code == "CANCELLED"
    assert gone(pids)
    faults.works()


@pytest.mark.parametrize("loading", [False, True])
def test_only_the_own_calls_end(faults: Faults, loading: bool) -> None:
    """Two sessions share a pool of one worker: the one waits for the other's answer."""
    if loading:
        once = f"""
            if os.path.exists("{faults.folder}/again"):
                os.unlink("{faults.folder}/again")
                {WAITS}
        """
        faults.register(failing("pass", before=once), "workers='1'")
        (faults.folder / "again").touch()
        os.kill(faults.pid(), signal.SIGKILL)
    else:
        faults.register(failing(WAITS), "workers='1'")
    with connect(progress=SilentProgress()) as other:
        rows_of(other, faults.registering("workers='1'", script="f.py"), faults.folder)
        (pool,) = other._state.functions._pools.all()
        first = Background(lambda: faults.run(PREDICTS))
        pids = faults.told.numbers()
        question = "select f(a) as p from values (1.0D) as v(a) as t;"
        waits, plain = threading.Event(), pool._wait

        def wait() -> None:
            waits.set()
            plain()

        pool._wait = wait
        second = Background(lambda: rows_of(other, question, faults.folder))
        assert waits.wait(SECONDS)
        cancel(faults.session)
        assert first.error().code == "CANCELLED"
        assert second.result() == [{"p": 1.0}]
        assert gone(pids)
    faults.works()


def test_cancelled_just_when_it_answers(faults: Faults) -> None:
    """The worker is told to end when it has answered: whoever comes next has another."""
    faults.register(IDENTITY)
    (pool,) = faults.session._state.functions._pools.all()
    (worker,) = pool.workers()
    plain = worker.answer

    def answered(**arguments: bool) -> object:
        answer = plain(**arguments)
        for call in faults.session._state.functions.predictor("f")._calls._calls:
            call.kill()
        return answer

    worker.answer = answered
    for _ in range(5):
        faults.works()
    assert faults.started() == 2


def test_a_session_is_closed_while_another_thread_predicts(faults: Faults) -> None:
    faults.register(failing(WAITS))
    running = Background(lambda: faults.run(PREDICTS))
    pids = faults.told.numbers()
    faults.session.close()
    assert running.error().code == "CANCELLED"
    assert gone(pids)


def test_a_session_is_closed_while_another_thread_loads(faults: Faults) -> None:
    faults.write(LOADS)
    running = Background(lambda: faults.run(faults.registering()))
    pids = faults.told.numbers()
    faults.session.close()
    assert running.error().code == "CANCELLED"
    assert gone(pids)


class Interrupted(BaseException):
    """What a signal's handler raises."""


def test_a_signal_while_a_worker_is_started(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler raises when the process is there and before anybody knows it."""
    faults.write(IDENTITY)
    plain, started = LocalLauncher._start, []

    def start(*arguments: object) -> WorkerProcess:
        started.append(plain(*arguments))
        signal.raise_signal(signal.SIGINT)
        return started[-1]

    def handler(*_: object) -> None:
        raise Interrupted

    faults.run("select 1 as a as t;")
    before = Census()
    with monkeypatch.context() as patch:
        patch.setattr(LocalLauncher, "_start", start)
        previous = signal.signal(signal.SIGINT, handler)
        try:
            with pytest.raises(Interrupted):
                faults.run(faults.registering())
        finally:
            signal.signal(signal.SIGINT, previous)
    assert gone([started[0].pid])
    spawner = Census()
    assert {target for _, target in spawner.open - before.open if "memfd" in target} == set()
    faults.run(faults.registering())
    faults.works()


def test_too_many_open_files(faults: Faults) -> None:
    """No descriptor is left for a worker: that is told, and nothing is lost."""
    faults.register(IDENTITY)
    launcher = faults.session._state.workshop.launcher
    command = WorkerCommand("f", sys.executable, faults.folder, lambda *_: None, shares=True)
    before = Census()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    # A worker needs two for its connection, two for its output and one for what it shares.
    for spare in range(5):
        taken = [os.open("/dev/null", os.O_RDONLY) for _ in range(256)]
        for descriptor in taken[len(taken) - spare :]:
            os.close(descriptor)
        del taken[len(taken) - spare :]
        resource.setrlimit(resource.RLIMIT_NOFILE, (taken[-1] + 1 + spare, limits[1]))
        try:
            with pytest.raises(MlsqlError) as caught:
                launcher.start(command)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            for descriptor in taken:
                os.close(descriptor)
        assert (caught.value.code, caught.value.message) == (
            "CANNOT_START",
            f"the interpreter {sys.executable} cannot be started: Too many open files",
        )
        before.check()
    faults.works()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_line_while_others_wait(faults: Faults, number: signal.Signals) -> None:
    """The signal comes while two workers predict and more batches wait for them."""
    faults.write(failing("tell(os.getpid()); signal.pause()").replace("== 13", ">= 0"), "f.py")
    options = f"""workers='2' and systemParam.envs='{{"TOLD": "{faults.told.path}"}}'"""
    script = f"""
        register PythonAlg.`model` as f where pythonScriptPath="f.py" and {options};
        select sum(f(cast(id as double))) as s from range(1000000) as t;
    """
    (faults.folder / "s.mlsql").write_text(script)
    command = "from mlsql_engine.cli.main import entry_point; entry_point()"
    with subprocess.Popen(
        [sys.executable, "-c", command, "run", str(faults.folder / "s.mlsql")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            pids = [*faults.told.numbers(), *faults.told.numbers()]
            process.send_signal(number)
            out, errors = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
    assert (process.returncode, out) == (128 + number, b"")
    assert errors.splitlines()[1:] == ([b"interrupted"] if number == signal.SIGINT else [])
    assert gone(pids)
