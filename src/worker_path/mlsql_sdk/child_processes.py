"""The run of this worker as processes that it starts find it: a project's command, run by a shell.

The environment variable MLSQL_RUN names a JSON file with the parameters and the named pipe for reports.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from . import runtime
from .failures import ContractError

_SDK = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_LONGEST = 4_000
"""Bytes of a report: what is written to a pipe at once is not mixed with others' up to 4,096 (Linux's PIPE_BUF)."""
_END = {"end": True}


@contextmanager
def told(folder: str, parameters: Mapping[str, Mapping[str, Any]]) -> Iterator[None]:
    """Processes that are started meanwhile can import mlsql, have these parameters, and may report.

    `folder` is made for the file and the pipe. What they have reported was told when this ends.
    """
    os.makedirs(folder)
    pipe, place = os.path.join(folder, "reports"), os.path.join(folder, "run.json")
    os.mkfifo(pipe, 0o600)
    with open(place, "w", encoding="utf-8") as file:
        json.dump({"parameters": parameters, "reports": pipe}, file)
    # Open for both, it neither waits for the first writer nor ends with the last.
    descriptor = os.open(pipe, os.O_RDWR)
    teller = threading.Thread(target=_tell, args=(descriptor,), name="mlsql-reports", daemon=True)
    teller.start()
    path = os.pathsep.join(part for part in (_SDK, os.environ.get("PYTHONPATH", "")) if part)
    os.environ.update({runtime.PLACE: place, "PYTHONPATH": path})
    try:
        yield
    finally:
        os.write(descriptor, _line(_END))
        teller.join()
        os.close(descriptor)


def report(pipe: str, content: dict[str, Any]) -> None:
    """Send a report from such a process; one whose worker is gone is dropped."""
    try:
        descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return
    try:
        os.set_blocking(descriptor, True)
        os.write(descriptor, _line(content))
    finally:
        os.close(descriptor)


def _line(content: dict[str, Any]) -> bytes:
    line = json.dumps(content).encode()
    if len(line) > _LONGEST and "message" in content:
        # A character takes at most 12 bytes of JSON.
        line = json.dumps({**content, "message": content["message"][: _LONGEST // 12]}).encode()
    return line[:_LONGEST] + b"\n"


def _tell(descriptor: int) -> None:
    with open(descriptor, encoding="utf-8", errors="replace", closefd=False) as lines:
        for line in lines:
            try:
                content = json.loads(line)
            except ValueError:
                continue
            if content == _END:
                return
            if isinstance(content, dict) and ({"metric", "value"} <= set(content) or "done" in content):
                runtime.tell(content)


def run_shell(command: str) -> None:
    """Run a command in the current folder, by bash where there is one, and wait for it.

    Raises SystemExit with its status where that is not 0, and ContractError where a signal has ended it.
    """
    shell = shutil.which("bash") or "sh"
    status = subprocess.call([shell, "-c", command], stdin=subprocess.DEVNULL)
    if status < 0:
        raise ContractError(f"the command `{command}` was ended by {signal.Signals(-status).name}", code="CRASHED")
    if status:
        raise SystemExit(status)
