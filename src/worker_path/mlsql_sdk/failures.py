"""What went wrong in the user's Python, as plain data for the host."""

from __future__ import annotations

import os
import sys
import traceback
from types import TracebackType
from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))
_OURS = (_HERE, *(os.path.join(os.path.dirname(_HERE), name) for name in ("mlsql.py", "python_fun.py")))
_MOST_FRAMES = 20
_MOST_LINES = 100
_LONGEST_TEXT = 2_000


class ContractError(Exception):
    """A script or model that does not do what its contract asks; `hint` says what it should do.

    `code` is that of mlsql's error where it is another one than SCRIPT_CONTRACT.
    """

    def __init__(self, message: str, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code


def install_line(module: str, distribution: str = "") -> tuple[str, str]:
    """Message and hint of the ContractError for a library that this interpreter lacks."""
    return (
        f"the interpreter {sys.executable} has no {module}",
        f"install it: {sys.executable} -m pip install {distribution or module}",
    )


def _users_part(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame that is not ours."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith((_HERE, "<frozen ")):
        trace = trace.tb_next
    return trace


def describe(error: BaseException) -> dict[str, Any]:
    """The control part of a FAILED message.

    `file`, `line` and `function` are the last place in the traceback outside of this package;
    `traceback` is the text that Python itself would print, without our frames.
    """
    if isinstance(error, ContractError):
        told = {"reason": "contract", "type": "ContractError", "message": str(error), "hint": error.hint}
        return {**told, "code": error.code} if error.code else told
    if isinstance(error, SystemExit):
        return _describe_exit(error)
    trace = _users_part(error.__traceback__)
    frames = [frame for frame in traceback.extract_tb(trace) if not frame.filename.startswith(_OURS)]
    report: dict[str, Any] = {
        "reason": "memory" if isinstance(error, MemoryError) else "exception",
        "type": type(error).__name__,
        "message": _message(error),
        "traceback": _traceback(error, trace),
    }
    if isinstance(error, SyntaxError) and error.filename:
        report.update(message=error.msg, file=error.filename, line=error.lineno or 0, function="<module>")
    elif frames:
        last = frames[-1]
        report.update(file=last.filename, line=last.lineno or 0, function=last.name)
    return report


def _message(error: BaseException) -> str:
    """The exception's own text, cut where it is a whole book."""
    try:
        text = str(error)
    except Exception as second:  # noqa: BLE001 - a user's class may do anything
        return f"(its text cannot be had: {type(second).__name__})"
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + " …"


def _traceback(error: BaseException, trace: TracebackType | None) -> str:
    """What Python would print: the last frames, at most 100 lines, each of a readable length."""
    lines = "".join(traceback.format_exception(type(error), error, trace, limit=-_MOST_FRAMES)).split("\n")
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES // 2], "…", *lines[-_MOST_LINES // 2 :]]
    return "\n".join(line if len(line) <= _LONGEST_TEXT else line[:_LONGEST_TEXT] + " …" for line in lines)


def _describe_exit(error: SystemExit) -> dict[str, Any]:
    status = error.code
    if status is None:
        status = 0
    if not isinstance(status, int):
        # As Python itself does: any other object is printed and the status is 1.
        return {"reason": "exit", "type": "SystemExit", "message": str(status), "status": 1}
    return {"reason": "exit", "type": "SystemExit", "message": "", "status": status}
