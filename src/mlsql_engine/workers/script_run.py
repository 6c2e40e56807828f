"""Running a script to its end in a worker of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlsql_engine.core.errors import InternalError, WorkerTimeout
from mlsql_engine.workers import conversation
from mlsql_engine.workers.conversation import Hello
from mlsql_engine.workers.launcher import Launcher, WorkerCommand
from mlsql_sdk.wire import Kind


@dataclass(frozen=True)
class ScriptRun:
    """A script to run: its parameters by group as `mlsql.params()` gives them, and a limit in seconds.

    `report` gets what the script tells by log_metric and progress; `on_hello` the interpreter's versions.
    """

    script: Path
    parameters: Mapping[str, Mapping[str, Any]]
    command: WorkerCommand
    timeout: float | None
    report: Callable[[dict[str, Any]], None]
    on_hello: Callable[[Hello], None]


def run(job: ScriptRun, launcher: Launcher) -> str:
    """Run the script and give the tail of its output; the process is gone when this returns or raises.

    Raises ScriptFailed when the script raises or exits, WorkerTimeout after the limit, WorkerProblem when its
    process dies.
    """
    worker = launcher.start(job.command)
    try:
        deadline = None if job.timeout is None else time.monotonic() + job.timeout
        job.on_hello(conversation.hello(worker))
        worker.channel.send(
            Kind.RUN, {"script": str(job.script), "parameters": {k: dict(v) for k, v in job.parameters.items()}}
        )
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                message = conversation.receive(worker, left)
            except WorkerTimeout as error:
                raise WorkerTimeout(
                    f"{worker.name} did not end within {job.timeout:g} s and was ended",
                    details=error.details,
                    hint="give it more time by the option timeout, or less to do",
                ) from None
            match message.kind:
                case Kind.PROGRESS:
                    job.report(message.control)
                case Kind.RESULT:
                    worker.wait(1.0)
                    worker.output.finish(1.0)
                    return worker.output.tail()
                case Kind.FAILED:
                    worker.wait(1.0)
                    worker.output.finish(1.0)
                    raise conversation.script_failure(message.control, worker)
                case _:
                    raise InternalError(f"a message {message.kind.name} while a script runs")
    finally:
        worker.end()
