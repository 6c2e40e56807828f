"""Talking to one worker: messages with a deadline, and what it means when none comes."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

from mlsql_engine.core.errors import MlsqlError, WorkerProblem
from mlsql_engine.workers import failures
from mlsql_engine.workers.process import WorkerProcess
from mlsql_sdk.wire import Closed, Kind, Message, WireError

_HELLO_SECONDS = 60.0
_LOOK_SECONDS = 1.0
_REST_SECONDS = 30.0
_LEAST_REST_SECONDS = 1.0


@dataclass(frozen=True)
class Hello:
    """What a worker says of its interpreter."""

    python: str
    executable: str
    pyarrow: bool


def hello(worker: WorkerProcess) -> Hello:
    """The worker's first message.

    Raises WorkerProblem when it does not come within a minute, and what the worker was killed for if it was.
    """
    try:
        message = receive(worker, _HELLO_SECONDS)
    except MlsqlError as error:
        if worker.fate is not None:
            raise
        raise WorkerProblem(
            f"the interpreter of {worker.name} does not come up as a worker",
            code="CANNOT_START",
            details=error.details,
            hint="systemParam.pythonPath names the interpreter, systemParam.pythonParam its flags",
        ) from error
    control = message.control
    try:
        if message.kind is not Kind.HELLO:
            raise WireError(f"a message {message.kind.name} for a hello")
        return Hello(str(control["python"]), str(control["executable"]), bool(control["pyarrow"]))
    except (WireError, KeyError) as error:
        raise failures.broken_protocol(worker, error) from error


def receive(
    worker: WorkerProcess,
    timeout: float | None,
    silence: float | None = None,
    passed_over: Collection[Kind] = (Kind.BEAT,),
    spinning: float = 0.0,
) -> Message:
    """The worker's next message; those that are only signs of life are `passed_over`.

    It is waited for without sleeping for `spinning` seconds at first.

    Raises WorkerTimeout after `timeout` seconds (None: wait for ever), and WorkerProblem when the worker gives no
    sign of life for `silence` seconds, when it has ended, or when it does not speak the protocol; the worker is
    ended by then, or of no more use.
    """
    now = time.monotonic()
    deadline = None if timeout is None else now + timeout
    heard = now
    try:
        while True:
            ends = [end for end in (deadline, None if silence is None else heard + silence) if end is not None]
            left = min([*(end - now for end in ends), _LOOK_SECONDS])
            if worker.channel.wait(max(left, 0.001), spinning):
                # A message that has begun comes whole, unless somebody else writes to the socket.
                rest = min([*(end - now for end in ends), _REST_SECONDS])
                message = worker.channel.receive(max(rest, _LEAST_REST_SECONDS))
                if message.kind not in passed_over:
                    return message
                heard = time.monotonic()
            spinning = 0.0
            now = time.monotonic()
            if deadline is not None and timeout is not None and now >= deadline:
                raise failures.timed_out(worker, timeout)
            if silence is not None and now >= heard + silence:
                raise failures.unresponsive(worker, silence)
            if not worker.running():
                # A process that it left behind may hold the connection open.
                raise failures.died(worker)
    except (WireError, OSError) as error:
        raise _lost(worker, error) from error.__cause__


def received(worker: WorkerProcess, passed_over: Collection[Kind]) -> Message | None:
    """The worker's next message if it has begun to come, and is none of those that are only signs of life.

    Raises WorkerProblem as `receive` does.
    """
    try:
        # All that has come: of what stays in the channel, the socket tells nothing any more.
        while worker.channel.wait(0):
            message = worker.channel.receive(_REST_SECONDS)
            if message.kind not in passed_over:
                return message
    except (WireError, OSError) as error:
        raise _lost(worker, error) from error.__cause__
    return None


def _lost(worker: WorkerProcess, error: WireError | OSError) -> MlsqlError:
    """What it means that a message did not come whole."""
    if isinstance(error, Closed):
        return failures.died(worker)
    if isinstance(error, TimeoutError):
        return failures.broken_protocol(worker, WireError("a message that began did not end"))
    return failures.broken_protocol(worker, error)
