"""What scripts start and leave behind: it ends with its worker, however the worker and mlsql end."""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil  # noqa: TID253 - a test may
import pytest

from workers.provocations import SECONDS, Background, Faults, Told, failing, gone, wait_gone

ZOO = r"""
import subprocess
DEAF = "import signal, os\nfor n in (1, 2, 3, 15): signal.signal(n, signal.SIG_IGN)\n"
WAITS = DEAF + "os.write(1, b'%d\\n' % os.getpid())\nos.close(1)\nwhile True: signal.pause()"

def pid_of(process):
    return int(process.stdout.readline())

def started(**options):
    return pid_of(subprocess.Popen([sys.executable, "-c", WAITS], stdout=subprocess.PIPE, **options))

def forked():
    child = os.fork()
    while child == 0:
        signal.pause()
    return child

def daemon():
    # Twice forked, a session of its own, no environment, no descriptor of ours, another folder.
    code = "import os\nif os.fork(): os._exit(0)\nos.setsid()\nif os.fork(): os._exit(0)\nos.chdir('/')\n" + WAITS
    command = [sys.executable, "-c", code]
    return pid_of(subprocess.Popen(command, stdout=subprocess.PIPE, env={}, start_new_session=True))

def zoo():
    return [started(), started(start_new_session=True), forked(), daemon()]
"""
"""A child, one in a session of its own, a fork of the worker, and a daemon; none heeds SIGTERM but the fork."""


def test_gone_when_the_worker_crashes(faults: Faults) -> None:
    faults.register(failing("tell(*zoo()); os.kill(os.getpid(), signal.SIGKILL)", before=ZOO))
    error = faults.prediction_fails()
    assert (error.code, error.message) == ("CRASHED", "the process of function f was ended by SIGKILL")
    # They are gone before the error is told.
    assert gone(faults.told.numbers())
    faults.works()


def test_gone_when_a_batch_takes_too_long(faults: Faults) -> None:
    faults.register(failing("tell(*zoo()); signal.pause()", before=ZOO), "timeout='2s'")
    assert faults.prediction_fails().code == "TIMEOUT"
    assert gone(faults.told.numbers())
    faults.works()


def test_gone_when_a_load_fails(faults: Faults) -> None:
    faults.write(failing("pass", before=ZOO + "\ntell(*zoo()); sys.exit(1)"))
    assert faults.fails(faults.registering()).code == "SCRIPT_EXITED"
    assert gone(faults.told.numbers())


def test_gone_when_the_function_is_unregistered(faults: Faults) -> None:
    faults.register(failing("tell(*zoo())", before=ZOO))
    faults.run("select f(a) as p from values (13.0D) as v(a) as t;")
    pids = faults.told.numbers()
    assert not gone(pids)
    faults.run("unregister f;")
    assert gone(pids)


def test_gone_when_the_session_closes(faults: Faults) -> None:
    ignoring = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    faults.register(failing(f"{ignoring}; tell(os.getpid(), *zoo())", before=ZOO))
    faults.run("select f(a) as p from values (13.0D) as v(a) as t;")
    pids = faults.told.numbers()
    faults.session.close()
    assert gone(pids)


@pytest.mark.parametrize("way", ["fork", "spawn", "forkserver"])
def test_processes_of_multiprocessing(faults: Faults, way: str) -> None:
    """What they compute arrives; those that run on end with the worker."""
    short = Path(tempfile.mkdtemp(dir="/tmp", prefix="mp"))
    module = "import os, signal\ndef work(ready):\n    ready.put(os.getpid())\n    signal.pause()\n"
    (faults.folder / "beside.py").write_text(module)
    faults.register(
        failing(f"""
        import multiprocessing, beside, tempfile
        tempfile.tempdir = {str(short)!r}  # the path of a socket must not be long
        context = multiprocessing.get_context({way!r})
        ready = context.Queue()
        children = [context.Process(target=beside.work, args=(ready,), daemon=True) for _ in range(2)]
        for child in children:
            child.start()
        tell(*(ready.get() for _ in children), *(child.pid for child in children))
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    )
    error = faults.prediction_fails()
    assert error.code == "CRASHED", error.render()
    assert gone(faults.told.numbers())
    assert shared_memory_of(faults.workers()[0]["pid"]) == []
    shutil.rmtree(short)
    faults.works()


def shared_memory_of(pid: int) -> list[str]:
    """What joblib or multiprocessing have in shared memory for a process; for the latter it may be anybody's."""
    return [path.name for path in Path("/dev/shm").iterdir() if f"-{pid}-" in path.name or f"_{pid}_" in path.name]


def test_processes_of_joblib(faults: Faults) -> None:
    pytest.importorskip("joblib")
    faults.register(
        failing("""
        import joblib, numpy
        answers = joblib.Parallel(n_jobs=2)(joblib.delayed(numpy.abs)(-n) for n in range(4))
        tell(*answers)
    """)
    )
    assert faults.run("select f(a) as p from values (13.0D) as v(a) as t;") == [{"p": 13.0}]
    assert faults.told.numbers() == [0, 1, 2, 3]
    (worker,) = [process for process in psutil.Process().children(recursive=True) if process.pid == faults.pid()]
    pids = [process.pid for process in worker.children(recursive=True)]
    assert len(pids) >= 2
    assert shared_memory_of(worker.pid) != []
    faults.session.close()
    assert gone(pids)
    assert shared_memory_of(worker.pid) == []


def test_the_spawner_is_killed(faults: Faults) -> None:
    """Nobody is left to end the workers and what they started, and yet they end."""
    faults.register(failing("tell(os.getpid(), *zoo()); signal.pause()", before=ZOO))
    running = Background(faults.prediction_fails)
    pids = faults.told.numbers()
    for spawner in spawners():
        os.kill(spawner, signal.SIGKILL)
    error = running.result()
    assert (error.code, error.message) == ("CRASHED", "the process of function f was ended by SIGKILL")
    wait_gone(pids)
    faults.works()


def spawners() -> list[int]:
    """Those of this process, the inner ones first."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if any(part.endswith("spawner/program.py") for part in process.cmdline()):
                found.append(process.pid)
    return found[-1:]


SCRIPT = """
    register PythonAlg.`model` as f where pythonScriptPath="f.py" and systemParam.envs='{"TOLD": "PATH"}';
    select f(a) as p from values (13.0D), (14.0D) as v(a) as t;
"""


@contextlib.contextmanager
def mlsql(
    faults_folder: Path, told: Told, before: str = "", **options: object
) -> Iterator[subprocess.Popen[bytes]]:
    script = faults_folder / "s.mlsql"
    script.write_text(SCRIPT.replace("PATH", str(told.path)))
    command = [sys.executable, "-c", before + "from mlsql_engine.cli.main import entry_point; entry_point()"]
    command += ["run", str(script)]
    with subprocess.Popen(command, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("where", ["predicting", "loading"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_mlsql_is_ended(faults: Faults, temporary: Path, number: signal.Signals, where: str) -> None:
    tells = "tell(os.getpid(), *zoo()); signal.pause()"
    load = failing("pass", before=f"{ZOO}\n{tells}")
    faults.write(failing(tells, before=ZOO) if where == "predicting" else load, "f.py")
    with mlsql(faults.folder, faults.told) as process:
        pids = faults.told.numbers()
        below = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        process.send_signal(number)
        _, errors = process.communicate(timeout=SECONDS)
    if number == signal.SIGKILL:
        assert process.returncode == -number
        # mlsql is gone at once, what it has started a little later; its folder stays.
        wait_gone([*pids, *below])
        for folder in temporary.iterdir():
            shutil.rmtree(folder)
    else:
        assert process.returncode == 128 + number
        told = [b"register: f gives double"] if where == "predicting" else []
        assert errors.splitlines() == told + ([b"interrupted"] if number == signal.SIGINT else [])
        assert gone([*pids, *below])


def test_the_terminal_is_closed(faults: Faults) -> None:
    faults.write(failing("tell(os.getpid(), *zoo()); signal.pause()", before=ZOO), "f.py")
    ours, theirs = pty.openpty()
    terminal = {"stdin": theirs, "stdout": theirs, "stderr": theirs, "start_new_session": True}
    own = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    with mlsql(faults.folder, faults.told, own, **terminal) as process:
        os.close(theirs)
        pids = faults.told.numbers()
        os.close(ours)
        assert process.wait(SECONDS) == 128 + signal.SIGHUP
    assert gone(pids)
