"""Talking to one worker: messages with a deadline, and what it means when none comes."""

from __future__ import annotations

import re
import selectors
import signal
import time
from dataclasses import dataclass
from typing import Any

from mlsql_engine.core.errors import Detail, MlsqlError, ScriptFailed, WorkerProblem, WorkerTimeout
from mlsql_engine.workers.launcher import WorkerProcess
from mlsql_sdk.wire import Closed, Kind, Message, WireError

_POLL_SECONDS = 1.0
_HELLO_SECONDS = 60.0


@dataclass(frozen=True)
class Hello:
    """What a worker says of its interpreter."""

    python: str
    executable: str
    pyarrow: bool


def hello(worker: WorkerProcess) -> Hello:
    """The worker's first message. Raises WorkerProblem when it does not come within a minute."""
    try:
        message = receive(worker, _HELLO_SECONDS)
    except MlsqlError as error:
        raise WorkerProblem(
            f"the interpreter of {worker.name} does not come up as a worker",
            code="CANNOT_START",
            details=error.details,
            hint="systemParam.pythonPath names the interpreter, systemParam.pythonParam its flags",
        ) from error
    if message.kind is not Kind.HELLO:
        raise WorkerProblem(f"{worker.name} did not say hello", code="PROTOCOL", details=last_output(worker))
    control = message.control
    return Hello(str(control["python"]), str(control["executable"]), bool(control["pyarrow"]))


def receive(worker: WorkerProcess, timeout: float | None) -> Message:
    """The worker's next message.

    Raises WorkerTimeout after `timeout` seconds (None: wait for ever) and WorkerProblem when the worker
    has ended or does not speak the protocol.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    with selectors.DefaultSelector() as selector:
        selector.register(worker.channel.connection, selectors.EVENT_READ)
        while True:
            left = _POLL_SECONDS if deadline is None else min(_POLL_SECONDS, deadline - time.monotonic())
            if selector.select(max(left, 0)):
                break
            # A child of the script may hold the socket open after the worker itself has died.
            if not worker.running():
                raise _died(worker)
            if deadline is not None and time.monotonic() >= deadline:
                raise WorkerTimeout(f"nothing came back within {timeout:g} s", details=last_output(worker))
    try:
        return worker.channel.receive()
    except Closed:
        raise _died(worker) from None
    except (WireError, OSError) as error:
        raise WorkerProblem(
            f"the worker broke the protocol: {error}",
            code="PROTOCOL",
            details=last_output(worker),
            hint="does the script write to a file descriptor that it did not open?",
        ) from error


def _died(worker: WorkerProcess) -> MlsqlError:
    """The worker ended without a last word."""
    status = worker.wait(_POLL_SECONDS)
    worker.output.finish(_POLL_SECONDS)
    if status is None:
        return WorkerProblem(
            f"{worker.name} closed the connection to mlsql", code="PROTOCOL", details=last_output(worker)
        )
    if status < 0:
        name = signal.Signals(-status).name
        hint = "the machine may have run out of memory" if name == "SIGKILL" else None
        return WorkerProblem(
            f"the process of {worker.name} was ended by {name}",
            code="CRASHED",
            details=last_output(worker),
            hint=hint,
        )
    return ScriptFailed(
        f"{worker.name} ended its process with exit status {status}",
        code="SCRIPT_EXITED",
        details=last_output(worker),
    )


def last_output(worker: WorkerProcess) -> list[Detail]:
    """What it printed last, if anything, as a block of an error."""
    return _output_detail(worker.output.tail())


_SHOWN_LINES = 20
_LONGEST_SHOWN = 240
_OUR_FRAME = re.compile(r'  File ".*[/\\]mlsql_sdk[/\\][^"]*", line \d+ in |  File "<string>", line 1 in <module>')


def _output_detail(tail: str) -> list[Detail]:
    """The last lines, cut to a readable width, without our own frames of a crash report."""
    lines = [line for line in tail.split("\n") if not _OUR_FRAME.match(line)][-_SHOWN_LINES:]
    if not any(line.strip() for line in lines):
        return []
    shown = [line if len(line) <= _LONGEST_SHOWN else line[:_LONGEST_SHOWN] + " …" for line in lines]
    return [Detail("last output", "\n".join(shown))]


def script_failure(report: dict[str, Any], worker: WorkerProcess) -> ScriptFailed:
    """A FAILED message as an error, with the traceback and what was printed last."""
    what = worker.name
    details = [Detail("traceback", report["traceback"])] if report.get("traceback") else []
    if report.get("reason") != "contract":
        details.extend(last_output(worker))
    place = f" ({report['file']}, line {report['line']})" if report.get("file") else ""
    match report.get("reason"):
        case "exit":
            text = f": {report['message']}" if report.get("message") else ""
            return ScriptFailed(
                f"{what} exited with status {report['status']}{text}", code="SCRIPT_EXITED", details=details
            )
        case "contract":
            return ScriptFailed(
                f"{what}: {report['message']}",
                code=report.get("code") or "SCRIPT_CONTRACT",
                hint=report.get("hint") or None,
                details=details,
            )
        case _:
            first_line = str(report.get("message", "")).split("\n")[0]
            text = f": {first_line}" if first_line else ""
            return ScriptFailed(
                f"{what} raised {report['type']}{text}{place}",
                hint=report.get("hint") or None,
                details=details,
            )
