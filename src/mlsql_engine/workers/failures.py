"""What it means when a worker does not answer, or answers that something failed."""

from __future__ import annotations

import re
import signal
from typing import Any

from mlsql_engine.core.errors import Detail, MlsqlError, ScriptFailed, WorkerProblem, WorkerTimeout
from mlsql_engine.workers.process import WorkerProcess, kernel_kills
from mlsql_sdk.boot import LOST_CONNECTION, LOST_CONNECTION_LINE

_LAST_WORD_SECONDS = 1.0
_SHOWN_LINES = 20
_LONGEST_SHOWN = 240
_FRAME = re.compile(r'  File "(?P<file>(?!<frozen )[^"]*)", line (?P<line>\d+) in ')
# A frame of the standard library or of an installed package says less than the script's own.
_LIBRARY_FRAME = re.compile(r'  File ".*[/\\](?:(?:site|dist)-packages|[Ll]ib[/\\]python\d[^/\\]*)[/\\]')
_ABORTED = "Fatal Python error: Aborted\n\n"
_OUR_FRAME = re.compile(r'  File ".*[/\\]mlsql_sdk[/\\][^"]*", line \d+ in |  File "<string>", line 1 in <module>')


def died(worker: WorkerProcess) -> MlsqlError:
    """The worker ended without a last word."""
    status = worker.wait(_LAST_WORD_SECONDS)
    worker.output.finish(_LAST_WORD_SECONDS)
    details = last_output(worker)
    if worker.fate is not None:
        worker.fate.details = (*worker.fate.details, *details)
        return worker.fate
    if status is None or (status == LOST_CONNECTION and LOST_CONNECTION_LINE in worker.output.tail()):
        return WorkerProblem(
            f"{worker.name} closed the connection to mlsql",
            code="PROTOCOL",
            details=details,
            hint="does the script close a file descriptor that it did not open?",
        )
    if status >= 0:
        return ScriptFailed(
            f"{worker.name} ended its process with exit status {status}", code="SCRIPT_EXITED", details=details
        )
    name = _signal_name(-status)
    if name == "SIGKILL" and kernel_kills() > worker.kernel_kills:
        return WorkerProblem(
            f"the process of {worker.name} was ended by the system, which had run out of memory",
            code="OUT_OF_MEMORY",
            details=details,
            hint="memoryLimit at register ends a worker before that; fewer workers need less",
        )
    hint = "somebody, or the system for want of memory, has ended it" if name == "SIGKILL" else None
    return WorkerProblem(
        f"the process of {worker.name} was ended by {name}{_place(worker)}",
        code="CRASHED",
        details=details,
        hint=hint,
    )


def timed_out(worker: WorkerProcess, seconds: float) -> WorkerTimeout:
    """The worker took too long: it is ended, and says where its script was."""
    worker.abort()
    worker.output.finish(_LAST_WORD_SECONDS)
    return WorkerTimeout(
        f"{worker.name} did not answer within {seconds:g} s{_place(worker)}",
        details=last_output(worker, aborted=True),
        hint="the option timeout gives it more time",
    )


def unresponsive(worker: WorkerProcess, seconds: float) -> WorkerProblem:
    """The worker gave no sign of life: it is ended."""
    worker.abort()
    worker.output.finish(_LAST_WORD_SECONDS)
    return WorkerProblem(
        f"the process of {worker.name} gave no sign of life for {seconds:g} s{_place(worker)}",
        code="UNRESPONSIVE",
        details=last_output(worker, aborted=True),
        hint="it was stopped, or native code in it keeps the lock of the interpreter",
    )


def broken_protocol(worker: WorkerProcess, error: Exception) -> WorkerProblem:
    """The worker sent something else than a message."""
    return WorkerProblem(
        f"{worker.name} broke the protocol: {error}",
        code="PROTOCOL",
        details=last_output(worker),
        hint="does the script write to a file descriptor that it did not open?",
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _place(worker: WorkerProcess) -> str:
    """The script's line in a crash report, innermost first: ` (train.py, line 3)`, or nothing."""
    _, report, frames = worker.output.tail().rpartition("most recent call first")
    found = [line for line in frames.split("\n") if report and _FRAME.match(line) and not _OUR_FRAME.match(line)]
    for line in [*(line for line in found if not _LIBRARY_FRAME.match(line)), *found]:
        if frame := _FRAME.match(line):
            return f" ({frame['file']}, line {frame['line']})"
    return ""


def last_output(worker: WorkerProcess, *, aborted: bool = False) -> list[Detail]:
    """What it printed last, if anything, as a block of an error; it did not crash where we `aborted` it."""
    worker.output.catch_up(_LAST_WORD_SECONDS)
    tail = worker.output.tail()
    return output_detail(tail.replace(_ABORTED, "") if aborted else tail)


def output_detail(tail: str) -> list[Detail]:
    """The last lines, cut to a readable width, without our own frames of a crash report."""
    lines = [line for line in tail.split("\n") if not _OUR_FRAME.match(line)][-_SHOWN_LINES:]
    if not any(line.strip() for line in lines):
        return []
    shown = [line if len(line) <= _LONGEST_SHOWN else line[:_LONGEST_SHOWN] + " …" for line in lines]
    return [Detail("last output", "\n".join(shown))]


def script_failure(report: dict[str, Any], worker: WorkerProcess, title: str) -> ScriptFailed:
    """A FAILED message as an error, with the traceback and what was printed last."""
    details = [Detail("traceback", report["traceback"])] if report.get("traceback") else []
    if report.get("reason") != "contract":
        details.extend(last_output(worker))
    place = f" ({report['file']}, line {report['line']})" if report.get("file") else ""
    hint = report.get("hint") or None
    text = str(report.get("message", ""))
    match report.get("reason"):
        case "exit":
            shown = f": {text}" if text else ""
            return ScriptFailed(
                f"{title} exited with status {report['status']}{shown}", code="SCRIPT_EXITED", details=details
            )
        case "contract":
            return ScriptFailed(
                f"{title}: {text}", code=report.get("code") or "SCRIPT_CONTRACT", hint=hint, details=details
            )
        case "memory":
            return ScriptFailed(
                f"{title} has no more memory: {report['type']}{_first_line(text)}{place}",
                code="OUT_OF_MEMORY",
                hint=hint or "memoryLimit at register says how much a worker may have",
                details=details,
            )
        case _:
            return ScriptFailed(
                f"{title} raised {report['type']}{_first_line(text)}{place}", hint=hint, details=details
            )


def _first_line(text: str) -> str:
    line = text.split("\n", maxsplit=1)[0]
    return f": {line}" if line else ""
