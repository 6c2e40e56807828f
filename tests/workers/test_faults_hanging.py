"""Workers that do not answer: in Python, in native code, stopped, or deaf to signals."""

from __future__ import annotations

import os
import signal

import pytest

from mlsql_engine.workers.pool import Limits
from workers.provocations import Background, Faults, details, failing, gone

SILENCE = pytest.mark.parametrize("limits", [Limits(silence=1.5)])
DEAF = "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGABRT, signal.SIGTERM])"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("while True: pass", "while True"),
        ("threading.Event().wait()", "threading.Event().wait()"),
        ("print('no line', end=''); time.sleep(100)", "time.sleep(100)"),
        (f"{DEAF}\nwhile True: pass", None),
        ("signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGABRT, signal.SIG_IGN)\nwhile 1: 1",
         None),
    ],
)  # fmt: skip
def test_a_batch_that_takes_too_long(faults: Faults, body: str, place: str | None) -> None:
    faults.register(failing("tell(os.getpid())\n" + body), "timeout='1500ms'")
    faults.works()
    error = faults.prediction_fails()
    shown = "" if place is None else f" ({faults.folder}/f.py, line {faults.line_of(place)})"
    assert (error.code, error.message) == ("TIMEOUT", f"function f did not answer within 1.5 s{shown}")
    assert error.span is not None
    assert error.hint == "the option timeout gives it more time"
    assert details(error)["worker"].endswith("/model/_model_0/model/0, rows 1 to 2")
    assert "Aborted" not in details(error).get("last output", "")
    assert gone(faults.told.numbers())
    faults.works()


@SILENCE
@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("ctypes.PyDLL(None).pause()", "PyDLL"),
        ("os.kill(os.getpid(), signal.SIGSTOP)", "SIGSTOP"),
        (f"{DEAF}\nctypes.PyDLL(None).pause()", None),
    ],
)
def test_no_sign_of_life(faults: Faults, body: str, place: str | None) -> None:
    faults.register(failing("tell(os.getpid())\n" + body))
    faults.works()
    error = faults.prediction_fails()
    shown = "" if place is None else f" ({faults.folder}/f.py, line {faults.line_of(place)})"
    message = f"the process of function f gave no sign of life for 1.5 s{shown}"
    if "SIGSTOP" in body:  # it is ended as it stands
        message = "the process of function f gave no sign of life for 1.5 s"
    assert (error.code, error.message) == ("UNRESPONSIVE", message)
    assert error.hint == "it was stopped, or native code in it keeps the lock of the interpreter"
    assert gone(faults.told.numbers())
    faults.works()


@SILENCE
def test_stopped_while_it_is_idle(faults: Faults) -> None:
    faults.register(failing("pass"))
    pid = faults.pid()
    os.kill(pid, signal.SIGSTOP)
    error = faults.prediction_fails()
    assert (error.code, error.message) == (
        "UNRESPONSIVE",
        "the process of function f gave no sign of life for 1.5 s",
    )
    faults.works()


@SILENCE
def test_stopped_before_a_large_batch_by_the_socket(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    """The socket takes some of the batch, and then no more."""
    monkeypatch.delattr(os, "memfd_create")
    faults.register(failing("pass"))
    os.kill(faults.pid(), signal.SIGSTOP)
    error = faults.fails("select sum(length(f(a))) as p from (select repeat('x', 20000000) as a) as t;")
    assert error.code == "UNRESPONSIVE"
    faults.works()


@SILENCE
def test_stopped_while_it_loads(faults: Faults) -> None:
    faults.write("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)")
    error = faults.fails(faults.registering())
    assert (error.code, error.message) == (
        "UNRESPONSIVE",
        "the process of function f gave no sign of life for 1.5 s",
    )


@SILENCE
def test_a_long_batch_that_gives_signs_of_life(faults: Faults) -> None:
    """It works for longer than it may be silent."""
    faults.register(failing("tell('begun'); open(os.environ['TOLD'] + '-go').read()"))
    go = faults.folder / "told-go"
    os.mkfifo(go)
    worker = faults.session._state.functions._functions["f"]._pool.workers()[0]
    running = Background(lambda: faults.run("select f(a) as p from values (13.0D) as v(a) as t;"))
    faults.told.next()
    beats = worker.process.channel
    seen = 0
    plain = beats.receive

    def counted(*arguments: float) -> object:
        nonlocal seen
        seen += 1
        if seen == 3:  # beats come every second
            go.write_text("go")
        return plain(*arguments)

    beats.receive = counted
    assert running.result() == [{"p": 13.0}]
    assert seen == 4
    assert faults.started() == 1
