"""What a worker process runs: `python -c 'from mlsql_sdk.boot import main; main()'`.

The host hands over one end of a socket pair (its number is in MLSQL_WORKER_FD) and the read end of a
pipe that it never writes to (MLSQL_LIFELINE_FD): when the host is gone, however it ended, the pipe closes
and the worker ends itself and all of its process group.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from importlib import util
from typing import Any

from . import failures, pyspark_stand_in, runtime, script
from .wire import Channel, Closed, Kind, Message


def main() -> None:
    """Say hello, do what the host asks first, end."""
    connection = socket.socket(fileno=int(os.environ.pop("MLSQL_WORKER_FD")))
    connection.set_inheritable(False)
    lifeline = int(os.environ.pop("MLSQL_LIFELINE_FD"))
    os.set_inheritable(lifeline, False)
    threading.Thread(target=_end_with_host, args=(lifeline,), daemon=True).start()
    channel = Channel(connection)
    # A crash in native code tells where the script was; the other threads of a worker are not the user's.
    faulthandler.enable(all_threads=False)
    pyspark_stand_in.install()
    try:
        channel.send(Kind.HELLO, _hello())
        _serve(channel)
    except (Closed, BrokenPipeError):
        pass
    _flush()


def _hello() -> dict[str, Any]:
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "executable": sys.executable,
        "pid": os.getpid(),
        "pyarrow": util.find_spec("pyarrow") is not None,
    }


def _end_with_host(lifeline: int) -> None:
    """Wait for the host's end of the pipe to close, then end this worker's whole process group."""
    while os.read(lifeline, 1):
        pass
    os.killpg(0, signal.SIGKILL)


def _serve(channel: Channel) -> None:
    message = channel.receive()
    if message.kind is Kind.RUN:
        _run(channel, message)
    elif message.kind is Kind.LOAD:
        from . import predicting

        predicting.serve(channel, message)
    else:
        raise Closed("the host asked for something else than RUN or LOAD")


def _run(channel: Channel, message: Message) -> None:
    """Train by a script or without one, to its end, and report how it went."""
    from . import training_run

    runtime.begin(channel, message.control["parameters"])
    result: dict[str, Any] = {}
    failure = None
    try:
        result = training_run.run(message.control["script"])
    except BaseException as error:  # noqa: BLE001 - whatever the user's code raises is reported
        failure = failures.describe(error)
    script.finish()
    _flush()
    if failure is None:
        channel.send(Kind.RESULT, result)
    else:
        channel.send(Kind.FAILED, failure)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        # The host no longer reads, or the script closed it.
        with suppress(OSError, ValueError):
            stream.flush()
