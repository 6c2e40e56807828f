"""What a worker process runs: `python -c 'from mlsql_sdk.boot import main; main()'`.

The host hands over one end of a socket pair (its number is in MLSQL_WORKER_FD), and where batches may come by
shared memory, that memory (MLSQL_ARENA_FD, see `arena`). Whoever starts the worker ends it, and all that it
started, when the host is gone.
"""

from __future__ import annotations

import faulthandler
import os
import socket
import sys
from contextlib import suppress
from importlib import util
from typing import Any

from . import failures, pyspark_stand_in, runtime, script
from .wire import Channel, Closed, Kind, Message

LOST_CONNECTION = 76
"""The exit status of a worker whose script has closed the connection (EX_PROTOCOL, sysexits.h)."""
LOST_CONNECTION_LINE = "mlsql: this process has no connection to mlsql any more"


def main() -> None:
    """Say hello, do what the host asks first, end."""
    connection = socket.socket(fileno=int(os.environ.pop("MLSQL_WORKER_FD")))
    connection.set_inheritable(False)
    arena = os.environ.pop("MLSQL_ARENA_FD", None)
    if arena is not None:
        os.set_inheritable(int(arena), False)
    channel = Channel(connection)
    # A crash in native code tells where the script was; the other threads of a worker are not the user's.
    faulthandler.enable(all_threads=False)
    pyspark_stand_in.install()
    try:
        channel.send(Kind.HELLO, _hello())
        _serve(channel, None if arena is None else int(arena))
    except (Closed, BrokenPipeError):
        pass
    except OSError:
        print(LOST_CONNECTION_LINE, file=sys.stderr)  # noqa: T201 - the host reads it
        _flush()
        os._exit(LOST_CONNECTION)
    _flush()


def _hello() -> dict[str, Any]:
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "executable": sys.executable,
        "pid": os.getpid(),
        "pyarrow": util.find_spec("pyarrow") is not None,
    }


def _serve(channel: Channel, arena: int | None) -> None:
    message = channel.receive()
    if message.kind is Kind.RUN:
        _run(channel, message)
    elif message.kind is Kind.LOAD:
        from . import predicting

        predicting.serve(channel, message, arena)
    else:
        raise Closed("the host asked for something else than RUN or LOAD")


def _run(channel: Channel, message: Message) -> None:
    """Train by a script or without one, to its end, and report how it went."""
    from . import training_run

    own = os.getpid()
    runtime.begin(channel, message.control["parameters"])
    result: dict[str, Any] = {}
    failure = None
    try:
        result = training_run.run(message.control)
    except BaseException as error:  # noqa: BLE001 - whatever the user's code raises is reported
        failure = failures.describe(error)
    script.finish()
    _flush()
    runtime.end_fork(own, failure)
    if failure is None:
        channel.send(Kind.RESULT, result)
    else:
        channel.send(Kind.FAILED, failure)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        # The host no longer reads, or the script closed it.
        with suppress(OSError, ValueError):
            stream.flush()
