"""One training in this process: the script, or the trainer where there is none, and then the evaluations."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import thread as pools
from typing import Any

from . import evaluation, failures, libraries, local_data, model_files, runtime, script, trainer
from .failures import ContractError

# The tables that a model is measured on, by the parameter that names their folder.
_TABLES = {"validateDataLocalPath": "validate", "evaluateDataLocalPath": "evaluate"}


def run(path: str | None) -> dict[str, Any]:
    """Run the script, or without one the trainer, and give the control part of the RESULT message.

    {"evaluations": {"validate": …, "evaluate": …}, as evaluation.evaluate gives them or {"problem": text},
    "libraries": {distribution: version}, "modelFormat": the form of the model file or None}. Whatever the user's
    code raises is raised.
    """
    before = set(sys.modules)
    try:
        if path is None:
            trainer.train()
        else:
            script.execute(path)
    except SystemExit as error:
        if error.code not in (None, 0):
            raise
    _join_threads()
    used = libraries.imported(before)
    folder = str(runtime.internal_system_param.get("tempModelLocalPath"))
    return {
        "evaluations": {
            name: _evaluated(folder, str(runtime.internal_system_param[key]))
            for key, name in _TABLES.items()
            if key in runtime.internal_system_param
        },
        "libraries": used,
        "modelFormat": model_files.form_in(folder),
    }


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
