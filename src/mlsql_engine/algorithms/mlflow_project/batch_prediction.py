"""A whole table predicted by the entry point batch_predict: a file of JSON lines in, another one out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from mlsql_engine.algorithms.base import TableRequest
from mlsql_engine.algorithms.mlflow_project import prediction
from mlsql_engine.algorithms.mlflow_project.commands import python_command
from mlsql_engine.algorithms.mlflow_project.definition import EntryPoint
from mlsql_engine.algorithms.mlflow_project.program import FOLDER, copied, search_path_with
from mlsql_engine.algorithms.training_program import Interpreter, Launch
from mlsql_engine.core.errors import BadValue, DataProblem, MlsqlError, ScriptFailed
from mlsql_engine.core.options import written_at
from mlsql_engine.engines.base import Relation
from mlsql_engine.engines.requests import JsonLoad, ReadRequest
from mlsql_engine.models.manifest import GroupRecord
from mlsql_engine.models.store import ModelVersion
from mlsql_engine.transport import local_files
from mlsql_engine.workers import script_run, threads
from mlsql_engine.workers.launcher import WorkerCommand
from mlsql_engine.workers.running import RunningWorkers, side_by_side
from mlsql_engine.workers.script_run import ScriptRun

_NAME: Final = prediction.BATCH
_OF_FUNCTIONS: Final = {
    "return_type": "returnType",
    "workers": "workers",
    "idle_timeout": "idleTimeout",
    "pure": "pure",
    "enable_copy_train_params_to_python": "enableCopyTrainParamsToPython",
}


def predict(
    request: TableRequest, version: ModelVersion, group: GroupRecord, entry: EntryPoint, interpreter: Interpreter
) -> Relation:
    """The rows that the command writes to the file tempOutputLocalPath for those of the file tempDataLocalPath.

    Raises BadValue for an option that only functions have, ScriptFailed where the command fails or writes no rows,
    DataProblem where what it writes is no JSON lines, WorkerTimeout and WorkerProblem.
    """
    _refuse_options(request)
    workshop = request.function.workshop
    with workshop.scratch.temporary("predict") as work:
        data = local_files.write(request.engine, request.relation, work / "data", "json")
        output = work / "output.json"
        store = request.function.store()
        model = str(store.fetch(version, group))
        original = store.fetch_part(version, FOLDER)
        folder = copied(original, work / FOLDER, None)
        system = {
            "tempDataLocalPath": str(data.folder / "part-00000.json"),
            "tempOutputLocalPath": str(output),
            "tempModelLocalPath": model,
        }
        parameters = {"internalSystemParam": system, "fitParam": dict(group.train_params)}
        launch = _launch(request, prediction.command_of(entry, group), folder, original, interpreter)
        _run(request, _job(request, launch, interpreter.path, parameters), launch)
        if not output.is_file() or output.stat().st_size == 0:
            raise _nothing_written(data.rows)
        return _rows(request, output)


def _rows(request: TableRequest, output: Path) -> Relation:
    """What was written, kept by the engine. Raises DataProblem where it is no JSON lines."""
    try:
        rows = request.engine.read(ReadRequest(JsonLoad(), str(output)))
        request.engine.keep(rows)
    except DataProblem as error:
        error.message = error.message.replace(str(output), f"the file tempOutputLocalPath that {_NAME} wrote")
        raise
    return rows


def _refuse_options(request: TableRequest) -> None:
    """Raise BadValue for an option that means nothing to the project's own way of predicting."""
    options = request.function.options
    for name, word in _OF_FUNCTIONS.items():
        if (span := written_at(options, name)) is not None:
            raise BadValue(
                f"the project's entry point batch_predict predicts the table, and {word} is an option of functions",
                span=span,
                hint="leave it out, or register the model as a function and select with it",
            )


def _launch(request: TableRequest, command: str, folder: Path, original: Path, interpreter: Interpreter) -> Launch:
    plain = python_command(command, folder)
    shell = command if plain is None else None
    return Launch(
        script=None if plain is None else folder / plain.script,
        folder=folder,
        arguments=() if plain is None else plain.arguments,
        flags=() if plain is None else plain.flags,
        environment={**interpreter.environment, **request.function.options.environment},
        project={"shell": shell, "folder": str(folder.parent / "run"), "tracking": None},
        original=str(original),
    )


def _job(
    request: TableRequest, launch: Launch, interpreter: str, parameters: dict[str, dict[str, Any]]
) -> ScriptRun:
    options, progress = request.function.options, request.function.workshop.progress

    def report(told: dict[str, Any]) -> None:
        if "metric" in told:
            progress.note(f"predict: {told['metric']} = {told['value']:g}")
        else:
            progress.note(
                f"predict: {100 * told['done'] / (told['total'] or 1.0):.0f} % {told['message']}".rstrip()
            )

    search_path = search_path_with(interpreter, launch.environment, launch.folder.parent / "bin")
    command = WorkerCommand(
        _NAME,
        interpreter,
        launch.folder,
        lambda _number, line: progress.output(_NAME, launch.shown(line)),
        (*options.flags, *launch.flags),
        {**threads.limited(options.threads, 1), **launch.environment, "PATH": search_path},
        memory=options.memory_limit,
    )
    return ScriptRun(
        script=launch.script,
        arguments=launch.arguments,
        parameters=parameters,
        command=command,
        timeout=options.timeout,
        report=report,
        on_hello=lambda _hello: None,
        project=launch.project,
    )


def _run(request: TableRequest, job: ScriptRun, launch: Launch) -> None:
    workers = RunningWorkers()

    def run() -> None:
        script_run.run(replace(job, started=workers.add), request.function.workshop.launcher)

    try:
        side_by_side([run], 1, workers, request.check)
    except MlsqlError as error:
        launch.show(error)
        raise


def _nothing_written(rows: int) -> ScriptFailed:
    return ScriptFailed(
        f"{_NAME} ended without writing a row to the file tempOutputLocalPath, and was given {rows:,}",
        code="SCRIPT_CONTRACT",
        hint='open(mlsql.internal_system_param["tempOutputLocalPath"], "w") and write lines of JSON objects',
    )
