"""The run that this process was started for: the parameters a script asks `mlsql` for.

Filled once by the boot code before the user's script starts, or in a process that a project's command starts by
`join`; `mlsql` is the face that scripts see.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from .wire import Channel, Kind

internal_system_param: dict[str, Any] = {}
fit_param: dict[str, Any] = {}
kafka_param: dict[str, Any] = {}
system_param: dict[str, Any] = {}

_channel: Channel | None = None
_pipe: str | None = None
PLACE = "MLSQL_RUN"
"""The environment variable by which a process of a run finds it."""


def join() -> bool:
    """Be part of the run that this process was started for, by a worker that `child_processes` has told of it."""
    global _pipe  # noqa: PLW0603 - one process, one run
    place = os.environ.get(PLACE)
    if _channel is not None or place is None:
        return False
    with open(place, encoding="utf-8") as file:
        content = json.load(file)
    _pipe = content["reports"]
    _fill(content["parameters"])
    return True


def begin(channel: Channel, parameters: dict[str, dict[str, Any]]) -> None:
    """Make `parameters` (by their group names, as `mlsql.params()` gives them) those of this process."""
    global _channel  # noqa: PLW0603 - one process, one run
    _channel = channel
    _fill(parameters)


def _fill(parameters: dict[str, dict[str, Any]]) -> None:
    internal_system_param.update(parameters.get("internalSystemParam", {}))
    fit_param.update(parameters.get("fitParam", {}))
    kafka_param.update(parameters.get("kafkaParam", {}))
    system_param.update(parameters.get("systemParam", {}))


def tell(report: dict[str, Any]) -> None:
    """Send a progress report to the host; outside of a worker it is printed."""
    if _channel is None and _pipe is not None:
        from . import child_processes

        child_processes.report(_pipe, report)
    elif _channel is None:
        print("mlsql:", report)  # noqa: T201 - the script runs by hand
    else:
        _channel.send(Kind.PROGRESS, report)


def end_fork(own: int, failure: dict[str, Any] | None = None) -> None:
    """End a child that the script has forked, and that came back as if it were the worker, whose pid is `own`.

    As in plain Python it has the exit status 1 where it failed.
    """
    if os.getpid() != own:
        if failure is not None:
            print(failure.get("traceback") or failure["message"], file=sys.stderr, flush=True)  # noqa: T201
        os._exit(0 if failure is None else 1)


def tell_progress(done: float, total: float, message: str = "") -> None:
    """Tell how far the run is: `done` of `total`."""
    tell({"done": float(done), "total": float(total), "message": str(message)})


def wanted_form() -> str | None:
    """The form that the model is to be saved in, as systemParam or fitParam modelFormat tells; None if neither."""
    return internal_system_param.get("modelFormat") or fit_param.get("modelFormat")
