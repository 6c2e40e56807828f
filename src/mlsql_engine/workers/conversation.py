"""Talking to one worker: messages with a deadline, and what it means when none comes."""

from __future__ import annotations

import time
from dataclasses import dataclass

from mlsql_engine.core.errors import MlsqlError, WorkerProblem
from mlsql_engine.workers import failures
from mlsql_engine.workers.process import WorkerProcess
from mlsql_sdk.wire import Closed, Kind, Message, WireError

_HELLO_SECONDS = 60.0
_LOOK_SECONDS = 1.0
_REST_SECONDS = 30.0


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
        raise WorkerProblem(
            f"{worker.name} did not say hello", code="PROTOCOL", details=failures.last_output(worker)
        )
    control = message.control
    return Hello(str(control["python"]), str(control["executable"]), bool(control["pyarrow"]))


def receive(
    worker: WorkerProcess, timeout: float | None, silence: float | None = None, spinning: float = 0.0
) -> Message:
    """The worker's next message that is not only a sign of life.

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
                # A message that has begun comes whole, or its sender was stopped.
                worker.channel.connection.settimeout(silence or _REST_SECONDS)
                message = worker.channel.receive()
                if message.kind is not Kind.BEAT:
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
    except Closed:
        raise failures.died(worker) from None
    except TimeoutError:
        raise failures.unresponsive(worker, silence or _REST_SECONDS) from None
    except (WireError, OSError) as error:
        raise failures.broken_protocol(worker, error) from error
