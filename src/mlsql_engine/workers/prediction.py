"""A function's worker: loaded once, then batch after batch."""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from mlsql_engine.core.errors import Detail, MlsqlError, ModelProblem, ScriptFailed, WorkerProblem
from mlsql_engine.core.functions import Described, FunctionSpec, ScriptFunction
from mlsql_engine.core.progress import Progress
from mlsql_engine.core.span import Span
from mlsql_engine.core.text_table import cell
from mlsql_engine.workers import conversation
from mlsql_engine.workers.launcher import Launcher, WorkerCommand, WorkerProcess
from mlsql_sdk import accepted
from mlsql_sdk.call_forms import ARGUMENT, NO_ARGUMENTS
from mlsql_sdk.wire import Kind, Message


class PredictionWorker:
    """One process with one loaded function. Used by one thread at a time."""

    def __init__(
        self, spec: FunctionSpec, index: int, launcher: Launcher, folder: Path, progress: Progress
    ) -> None:
        self._spec = spec
        self._schema: pa.Schema | None = None
        self._process: WorkerProcess = launcher.start(
            WorkerCommand(
                name=spec.title,
                interpreter=spec.interpreter,
                folder=folder,
                tell=lambda line: progress.output(spec.called or spec.name, line),
                flags=spec.interpreter_flags,
                environment=spec.environment,
            )
        )
        try:
            conversation.hello(self._process)
            self._process.channel.send(Kind.LOAD, self._load_control(index))
            message = self._answered()
            if message.kind is Kind.FAILED:
                raise self._removed() or self._failure(message.control)
            if message.kind is not Kind.DESCRIBED:
                raise WorkerProblem(f"a message {message.kind.name} for a load", code="PROTOCOL")
            schema = pa.ipc.read_schema(pa.py_buffer(message.payload))
            names = message.control.get("featureNames")
            self.description = Described(
                str(message.control["contract"]),
                schema.field(0).type,
                None if names is None else tuple(names),
                message.control["form"],
                accepted.of_control(message.control["accepted"]),
                message.control["pure"],
                spec.title,
            )
            self._answer = schema
            self._tell_differences(message.control["differences"], progress)
        except BaseException:
            self.end()
            raise

    def _tell_differences(self, differences: list[list[str | None]], progress: Progress) -> None:
        """Warn of libraries whose versions are not those that the model was trained with."""
        if differences:
            told = ", ".join(f"{name} {trained}, now {here or 'not there'}" for name, trained, here in differences)
            progress.warn(
                "LIBRARY_VERSIONS",
                f"the model of {self._spec.title} was trained with {told} (in {self._spec.interpreter})",
            )

    def _load_control(self, index: int) -> dict[str, Any]:
        spec = self._spec
        return {
            "script": spec.script,
            "modelPath": spec.model_path,
            "index": index,
            "trainParams": None if spec.train_params is None else dict(spec.train_params),
            "returnType": spec.return_type,
            "libraries": dict(spec.libraries),
            "function": None if spec.function is None else _function_control(spec.function),
            "parameters": {name: dict(values) for name, values in spec.parameters.items()},
        }

    def predict(self, batch: pa.RecordBatch) -> pa.Array:
        """One value per row. Raises ScriptFailed or WorkerProblem; after the latter the worker is gone."""
        process = self._process
        try:
            if batch.schema != self._schema:
                process.channel.send(Kind.SCHEMA, payload=batch.schema.serialize())
                self._schema = batch.schema
            process.channel.send(Kind.PREDICT, payload=batch.serialize())
        except OSError:
            # It has died; the wait below finds out how.
            pass
        message = self._answered()
        if message.kind is Kind.FAILED:
            raise self._failure(message.control, batch)
        if message.kind is not Kind.BATCH:
            raise WorkerProblem(f"a message {message.kind.name} for a prediction", code="PROTOCOL")
        answer = pa.ipc.read_record_batch(pa.py_buffer(message.payload), self._answer)
        if answer.num_rows != batch.num_rows:
            raise WorkerProblem(f"{answer.num_rows} predictions for {batch.num_rows} rows", code="PROTOCOL")
        return answer.column(0)

    def _answered(self) -> Message:
        """The next message that is an answer; metrics and progress belong to trainings and go nowhere here."""
        while (message := conversation.receive(self._process, None)).kind is Kind.PROGRESS:
            pass
        return message

    def _removed(self) -> ModelProblem | None:
        """Why it cannot be loaded where the model itself is gone."""
        spec = self._spec
        if not spec.model_path or os.path.isdir(spec.model_path):
            return None
        return ModelProblem(
            f"the model of {spec.title}, {spec.model}, was removed",
            code="NO_MODEL",
            hint='run the statement again; keepVersion="true" at train, or an alias, keeps versions that are used',
        )

    def _failure(self, report: dict[str, Any], batch: pa.RecordBatch | None = None) -> MlsqlError:
        error = conversation.script_failure(report, self._process)
        place = self._place(report)
        if batch is None:
            error.at(place)
        elif place is not None:
            error.details = (Detail("raised at", place.render()), *error.details)
        row = report.get("row")
        if batch is not None and isinstance(row, int) and row < batch.num_rows and batch.num_columns:
            label = "group" if self.description.form == "udaf" else "row"
            error.details = (Detail(label, _shown_row(batch, row)), *error.details)
        return error

    def _place(self, report: dict[str, Any]) -> Span | None:
        """Where in an MLSQL script the line stands that failed."""
        function = self._spec.function
        if function is None or report.get("file") != function.script.name:
            return None
        return function.script.place(int(report.get("line") or 0))

    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process.running()

    def end(self) -> None:
        """End the process."""
        self._process.end()


def _function_control(function: ScriptFunction) -> dict[str, Any]:
    return {
        "script": function.script.name,
        "text": function.script.text,
        "folder": function.script.folder,
        "udfType": function.form,
        "methodName": function.method,
        "className": function.class_name,
    }


_LONGEST_ROW = 400


def _shown_row(batch: pa.RecordBatch, row: int) -> str:
    values = batch.slice(row, 1).to_pylist(maps_as_pydicts="lossy")[0]
    return ", ".join(cell(_without_packing(value), _LONGEST_ROW) for value in values.values())


def _without_packing(value: Any) -> Any:
    """The rows of a group without the fields that several arguments travel in."""
    if isinstance(value, list):
        return [
            list(row.values())
            if isinstance(row, dict) and any(name.startswith((ARGUMENT, NO_ARGUMENTS)) for name in row)
            else row
            for row in value[:_LONGEST_ROW]
        ]
    return value


class Pool:
    """The workers of one function, numbered from 0: each is started when it is first needed.

    A thread leases a number for one batch, so that a worker serves one thread at a time.
    """

    def __init__(self, spec: FunctionSpec, launcher: Launcher, folder: Path, progress: Progress) -> None:
        self.spec = spec
        self._launcher = launcher
        self._folder = folder
        self._progress = progress
        self._workers: list[PredictionWorker | None] = [None] * spec.workers
        self._idle: queue.LifoQueue[int] = queue.LifoQueue()
        for index in reversed(range(spec.workers)):
            self._idle.put(index)
        with self._lease() as worker:
            self.description = worker.description

    @property
    def workers(self) -> int:
        """How many processes it may have."""
        return self.spec.workers

    def predict(self, batch: pa.RecordBatch) -> pa.Array:
        """One value per row. See core.functions.Predictor."""
        if batch.num_rows == 0:
            return pa.nulls(0, self.description.return_type)
        with self._lease() as worker:
            return worker.predict(batch)

    @contextmanager
    def _lease(self) -> Iterator[PredictionWorker]:
        """A worker for one batch; one that broke or died is replaced at its next use."""
        index = self._idle.get()
        try:
            yield self._living(index)
        except ScriptFailed:
            raise
        except BaseException:
            # A broken or interrupted conversation cannot go on: the next lease starts a new process.
            self._end(index)
            raise
        finally:
            self._idle.put(index)

    def _living(self, index: int) -> PredictionWorker:
        worker = self._workers[index]
        if worker is None or not worker.alive():
            self._end(index)
            worker = PredictionWorker(self.spec, index, self._launcher, self._folder, self._progress)
            self._workers[index] = worker
        return worker

    def _end(self, index: int) -> None:
        worker, self._workers[index] = self._workers[index], None
        if worker is not None:
            worker.end()

    def close(self) -> None:
        """End the processes; a batch that is under way fails. A later prediction starts them again."""
        for index in range(len(self._workers)):
            self._end(index)
