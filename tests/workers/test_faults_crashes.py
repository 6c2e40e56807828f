"""Workers that crash: by signals, in native code, by their own exit; busy, idle, or while they load."""

from __future__ import annotations

import os
import signal

import pytest

from mlsql_engine import MlsqlError
from workers.provocations import IDENTITY, Background, Census, Faults, details, failing, wait_gone


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "CRASHED", "the process of function f was ended by SIGKILL"),
        ("ctypes.string_at(0)", "CRASHED", "the process of function f was ended by SIGSEGV ({place})"),
        ("os.abort()", "CRASHED", "the process of function f was ended by SIGABRT ({place})"),
        ("os.kill(os.getpid(), 40)", "CRASHED", "the process of function f was ended by signal 40"),
        ("os._exit(3)", "SCRIPT_EXITED", "function f ended its process with exit status 3"),
        ("os._exit(0)", "SCRIPT_EXITED", "function f ended its process with exit status 0"),
        ("sys.exit(3)", "SCRIPT_EXITED", "function f exited with status 3"),
    ],
)
def test_a_crash_in_a_prediction(faults: Faults, body: str, code: str, message: str) -> None:
    faults.register(failing(f"print('about to', flush=True)\n{body}"), "pure='false'")
    faults.works()
    error = faults.prediction_fails()
    place = f"{faults.folder}/f.py, line {faults.line_of(body)}"
    assert (error.code, error.message) == (code, message.format(place=place))
    assert error.span is not None
    assert error.span.text == "f"
    blocks = details(error)
    assert blocks["last output"].split("\n")[0] == "about to"
    number = faults.workers()[0]["worker"]
    assert blocks["worker"] == f"{number}, model {faults.folder}/model/_model_0/model/0, rows 1 to 2"
    faults.works()
    assert faults.started() == (1 if body == "sys.exit(3)" else 2)


def test_killed_from_outside_while_it_predicts(faults: Faults) -> None:
    faults.register(failing("tell(os.getpid()); signal.pause()"))
    running = Background(faults.prediction_fails)
    (pid,) = faults.told.numbers()
    os.kill(pid, signal.SIGKILL)
    error = running.result()
    assert (error.code, error.message) == ("CRASHED", "the process of function f was ended by SIGKILL")
    assert error.hint == "somebody, or the system for want of memory, has ended it"
    faults.works()


def test_killed_while_it_is_idle(faults: Faults) -> None:
    """Nobody is told: the next batch has a new worker."""
    faults.register(IDENTITY)
    before = Census()
    for _ in range(4):
        pid = faults.pid()
        os.kill(pid, signal.SIGKILL)
        wait_gone([pid])
        faults.works()
    assert faults.started() == 5
    # The old worker's descriptors are not kept beside the new one's.
    assert len(Census().open) == len(before.open)


LOADING = """
    import os, signal
    with open(os.environ["TOLD"], "w") as file:
        file.write(f"{os.getpid()}\\n")
    signal.pause()
"""


def test_killed_while_it_loads(faults: Faults) -> None:
    faults.write(LOADING)
    running = Background(lambda: faults.run(faults.registering()))
    (pid,) = faults.told.numbers()
    os.kill(pid, signal.SIGKILL)
    error = running.error()
    assert (error.code, error.message) == ("CRASHED", "the process of function f was ended by SIGKILL")
    faults.register(IDENTITY)
    faults.works()


@pytest.mark.parametrize(
    ("script", "code", "message"),
    [
        (
            "import ctypes; ctypes.string_at(0)",
            "CRASHED",
            "the process of function f was ended by SIGSEGV ({place})",
        ),
        ("import os; os.abort()", "CRASHED", "the process of function f was ended by SIGABRT ({place})"),
        ("import os; os._exit(0)", "SCRIPT_EXITED", "function f ended its process with exit status 0"),
        ("while True: pass", "TIMEOUT", "function f did not answer within 1 s ({place})"),
    ],
)
def test_a_crash_while_it_loads(faults: Faults, script: str, code: str, message: str) -> None:
    path = faults.write(script)
    faults.run("select 1 as a as t;")
    error = faults.fails(faults.registering("timeout='1s'"))
    assert (error.code, error.message) == (code, message.format(place=f"{path}, line 1"))
    assert error.span is not None
    assert error.span.text.startswith("register")
    assert not faults.session._state.functions.names()
    faults.register(IDENTITY)
    faults.works()


def test_an_interpreter_that_does_not_come_up(faults: Faults) -> None:
    faults.write(IDENTITY)
    broken = faults.folder / "python"
    broken.write_text("#!/bin/sh\necho no luck\nkill -SEGV $$\n")
    broken.chmod(0o755)
    error = faults.fails(faults.registering(f"systemParam.pythonPath='{broken}'"))
    assert (error.code, error.message) == (
        "CANNOT_START",
        "the interpreter of function f does not come up as a worker",
    )
    assert details(error) == {"last output": "no luck"}
    broken.write_text("#!/nowhere/at/all\n")
    error = faults.fails(faults.registering(f"systemParam.pythonPath='{broken}'"))
    assert (error.code, error.message) == (
        "CANNOT_START",
        f"the interpreter {broken} cannot be started: No such file or directory",
    )


ONCE = """
    if os.path.exists("CRASHED"):
        return batch.column(0)
    open("CRASHED", "w").close()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_pure_function_is_asked_again(faults: Faults) -> None:
    faults.register(failing(ONCE.replace("CRASHED", f"{faults.folder}/crashed")), "pure='true'")
    rows = faults.run("select f(a) as p from values (13.0D), (14.0D) as v(a) as t;")
    assert rows == [{"p": 13.0}, {"p": 14.0}]
    assert faults.started() == 2


def test_a_pure_function_is_asked_again_only_once(faults: Faults) -> None:
    calls = faults.folder / "calls"
    body = f"open('{calls}', 'a').write('x')\nos.kill(os.getpid(), signal.SIGKILL)"
    faults.register(failing(body), "pure='true'")
    assert faults.prediction_fails().code == "CRASHED"
    assert calls.read_text() == "xx"
    faults.works()


def test_one_that_is_not_pure_is_asked_once(faults: Faults) -> None:
    calls = faults.folder / "calls"
    body = f"open('{calls}', 'a').write('x')\nos.kill(os.getpid(), signal.SIGKILL)"
    faults.register(failing(body))
    assert faults.prediction_fails().code == "CRASHED"
    assert calls.read_text() == "x"
    faults.works()


def test_what_is_not_a_crash_is_not_asked_again(faults: Faults) -> None:
    calls = faults.folder / "calls"
    body = f"open('{calls}', 'a').write('x')\nos._exit(1)"
    faults.register(failing(body), "pure='true'")
    assert faults.prediction_fails().code == "SCRIPT_EXITED"
    assert calls.read_text() == "x"


def test_the_circuit_opens_and_a_register_closes_it(faults: Faults) -> None:
    faults.register(failing("os.kill(os.getpid(), signal.SIGKILL)"))
    for _ in range(3):
        assert faults.prediction_fails().code == "CRASHED"
    started = faults.started()
    error = faults.prediction_fails()
    assert error.code == "CIRCUIT_OPEN"
    assert error.message.startswith("function f crashed 3 times within a minute, and is not started again for ")
    assert error.hint == "registering the function again tries at once"
    assert details(error)["last crash"] == "the process of function f was ended by SIGKILL"
    assert faults.started() == started
    faults.run(faults.registering(script="f.py"))
    faults.works()


def test_the_circuit_is_half_open_after_a_minute(faults: Faults) -> None:
    clock = [1000.0]
    faults.register(failing("os.kill(os.getpid(), signal.SIGKILL)"))
    (pool,) = faults.session._state.functions._functions["f"]._pools.all()
    pool.circuit._clock = lambda: clock[0]
    for _ in range(3):
        assert faults.prediction_fails().code == "CRASHED"
    assert faults.prediction_fails().code == "CIRCUIT_OPEN"
    clock[0] += 61
    assert faults.prediction_fails().code == "CRASHED"
    assert faults.prediction_fails().code == "CIRCUIT_OPEN"
    clock[0] += 61
    faults.works()
    assert faults.prediction_fails().code == "CRASHED"
    assert faults.prediction_fails().code == "CRASHED"


def test_many_crashes_leave_nothing(faults: Faults) -> None:
    faults.register(failing("os.kill(os.getpid(), signal.SIGKILL)"))
    (pool,) = faults.session._state.functions._functions["f"]._pools.all()

    def crash() -> None:
        pool.circuit.reset()
        with pytest.raises(MlsqlError, match="SIGKILL"):
            faults.run("select f(a) as p from values (13.0D) as v(a) as t;")

    crash()
    before = Census()
    for _ in range(10):
        crash()
    before.check()
    faults.works()
