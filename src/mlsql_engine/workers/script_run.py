"""Running a script to its end in a worker of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlsql_engine.core.errors import InternalError, WorkerTimeout
from mlsql_engine.workers import conversation, failures
from mlsql_engine.workers.conversation import Hello
from mlsql_engine.workers.launcher import Launcher, WorkerCommand
from mlsql_engine.workers.process import WorkerProcess
from mlsql_sdk.wire import Kind


@dataclass(frozen=True)
class ScriptRun:
    """A script to run: its parameters by group as `mlsql.params()` gives them, and a limit in seconds.

    `arguments` are the script's; `project` is what a project's run needs besides, as `mlsql_sdk.training_run` says.
    Without a script and a project the built-in trainer runs. `started` gets the process, `on_hello` the
    interpreter's versions, `report` what the script tells by log_metric and progress.
    """

    script: Path | None
    parameters: Mapping[str, Mapping[str, Any]]
    command: WorkerCommand
    timeout: float | None
    report: Callable[[dict[str, Any]], None]
    on_hello: Callable[[Hello], None]
    started: Callable[[WorkerProcess], None] = lambda _worker: None
    arguments: tuple[str, ...] = ()
    project: Mapping[str, Any] | None = None

    @property
    def control(self) -> dict[str, Any]:
        """The control part of the RUN message."""
        return {
            "script": None if self.script is None else str(self.script),
            "arguments": list(self.arguments),
            "parameters": {name: dict(values) for name, values in self.parameters.items()},
            "project": None if self.project is None else dict(self.project),
        }


@dataclass(frozen=True)
class Finished:
    """How a script ended well: the tail of its output, and what the worker says of the run."""

    output: str
    report: Mapping[str, Any]


def run(job: ScriptRun, launcher: Launcher) -> Finished:
    """Run the script to its end; the process is gone when this returns or raises.

    Raises ScriptFailed when the script raises or exits, WorkerTimeout after the limit, WorkerProblem when its
    process dies.
    """
    worker = launcher.start(job.command)
    try:
        deadline = None if job.timeout is None else time.monotonic() + job.timeout
        job.started(worker)
        job.on_hello(conversation.hello(worker))
        with suppress(OSError):  # waiting for the answer finds out
            worker.channel.send(Kind.RUN, job.control)
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
                    return Finished(worker.output.tail(), message.control)
                case Kind.FAILED:
                    worker.wait(1.0)
                    worker.output.finish(1.0)
                    raise failures.script_failure(message.control, worker, worker.name)
                case _:
                    raise InternalError(f"a message {message.kind.name} while a script runs")
    finally:
        worker.end()
