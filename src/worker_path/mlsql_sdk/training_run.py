"""One training in this process: the script, or the trainer where there is none, and then the evaluations."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from concurrent.futures import thread as pools
from typing import Any

from . import (
    child_processes,
    evaluation,
    failures,
    libraries,
    local_data,
    mlflow_runs,
    model_files,
    runtime,
    script,
    trainer,
)
from .failures import ContractError

# The tables that a model is measured on, by the parameter that names their folder.
_TABLES = {"validateDataLocalPath": "validate", "evaluateDataLocalPath": "evaluate"}


def run(control: Mapping[str, Any]) -> dict[str, Any]:
    """Run what the control part of a RUN message says, and give that of the RESULT message.

    It says "script", a path with "arguments", and for a project "project", whose "shell" may be a command
    instead of the script, and whose "tracking" is where it logs. Without all of them the trainer runs. The result:
    {"evaluations": {"validate": …, "evaluate": …}, as evaluation.evaluate gives them or {"problem": text},
    "libraries": {distribution: version}, "modelFormat": the form of the model file or None}. Whatever the user's
    code raises is raised.
    """
    before = set(sys.modules)
    folder = str(runtime.internal_system_param.get("tempModelLocalPath"))
    project = control.get("project")
    tracking = mlflow_runs.of_control(None if project is None else project["tracking"])
    try:
        _run(control, project)
        _join_threads()
    except BaseException:
        if tracking is not None:
            mlflow_runs.collect(tracking, folder, failed=True)
        raise
    used = libraries.imported(before)
    if tracking is not None:
        mlflow_runs.collect(tracking, folder)
    return {
        "evaluations": {
            name: _evaluated(folder, str(runtime.internal_system_param[key]))
            for key, name in _TABLES.items()
            if key in runtime.internal_system_param
        },
        "libraries": used,
        "modelFormat": model_files.form_in(folder),
    }


def _run(control: Mapping[str, Any], project: Mapping[str, Any] | None) -> None:
    """Run the trainer, the script or the project's command. Exit status 0 is no error."""
    path, arguments = control.get("script"), control.get("arguments", ())
    try:
        if project is None:
            trainer.train() if path is None else script.execute(path, arguments)
            return
        with child_processes.told(project["folder"], control["parameters"]):
            child_processes.run_shell(project["shell"]) if path is None else script.execute(path, arguments)
    except SystemExit as error:
        if error.code not in (None, 0):
            raise


def _join_threads() -> None:
    """Wait for what the script still does in threads, which may be writing the model.

    Pools first, as Python itself does at its end; threads can be started afterwards, for evaluation.
    """
    pools._python_exit()
    pools._shutdown = False
    while True:
        others = [
            thread
            for thread in threading.enumerate()
            if not thread.daemon and thread not in (threading.main_thread(), threading.current_thread())
        ]
        if not others:
            return
        for thread in others:
            thread.join()


def _evaluated(model_folder: str, data_folder: str) -> dict[str, Any]:
    try:
        return evaluation.evaluate(model_folder, data_folder, local_data.Columns(runtime.fit_param))
    except ContractError as error:
        return {"problem": f"{error}: {error.hint}" if error.hint else str(error)}
    except Exception as error:  # noqa: BLE001 - the model's own code may raise anything; the training has succeeded
        report = failures.describe(error)
        return {"problem": f"{report['type']}: {report['message']}"}
