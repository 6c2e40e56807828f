"""A worker with one loaded function: batch after batch."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from mlsql_engine.core.errors import InternalError, MlsqlError, ScriptFailed, WorkerProblem
from mlsql_engine.core.functions import Described, FunctionSpec
from mlsql_engine.workers import conversation, function_errors
from mlsql_engine.workers.activity import Activity, State
from mlsql_engine.workers.loading import load_control
from mlsql_engine.workers.process import WorkerProcess
from mlsql_sdk import accepted
from mlsql_sdk.wire import Kind, Message


# Where answers come within a millisecond, the next one is waited for without sleeping, not much longer than that.
_SHORT_SECONDS = 0.001
_SPINNING_SECONDS = 0.001


@dataclass(frozen=True)
class Loaded:
    """What a worker says of the function that it has loaded.

    `differences` are libraries of other versions than at training: name, version then, version now (None: not
    there). `sources` are the files of the user's that it has loaded, with their times in ns and sizes in bytes.
    """

    described: Described
    differences: tuple[tuple[str, str, str | None], ...]
    sources: tuple[tuple[str, int, int], ...]


class Worker:
    """One process with one loaded function. Used by one thread at a time.

    `silence` is how long it may give no sign of life, in seconds.
    """

    def __init__(self, spec: FunctionSpec, index: int, process: WorkerProcess, silence: float) -> None:
        self.index = index
        self.activity = Activity()
        self.process = process
        self.started = datetime.now(UTC)
        self._spec = spec
        self._loaded: Loaded | None = None
        self._silence = silence
        self._schema: pa.Schema | None = None
        self._short = False
        self._answer: pa.Schema | None = None

    @property
    def loaded(self) -> Loaded:
        """What it said when it had loaded the function. Raises InternalError before."""
        if self._loaded is None:
            raise InternalError("a worker that has not loaded its function")
        return self._loaded

    def load(self) -> None:
        """Have it load the function. Raises ScriptFailed, WorkerProblem or ModelProblem; it is of no use then."""
        spec, process = self._spec, self.process
        conversation.hello(process)
        process.channel.send(Kind.LOAD, load_control(spec, self.index))
        message = self._answered()
        if message.kind is Kind.FAILED:
            raise function_errors.of_loading(spec, message.control, process)
        if message.kind is not Kind.DESCRIBED:
            raise WorkerProblem(f"a message {message.kind.name} for a load", code="PROTOCOL")
        self._answer = pa.ipc.read_schema(pa.py_buffer(message.payload))
        control = message.control
        names = control.get("featureNames")
        described = Described(
            str(control["contract"]),
            self._answer.field(0).type,
            None if names is None else tuple(names),
            control["form"],
            accepted.of_control(control["accepted"]),
            control["pure"],
            spec.title,
        )
        self._begin("idle")
        self._loaded = Loaded(
            described,
            tuple((name, then, now) for name, then, now in control["differences"]),
            tuple((path, changed, size) for path, changed, size in control["sources"]),
        )

    def predict(self, batch: pa.RecordBatch, spec: FunctionSpec) -> pa.Array:
        """One value per row; `spec` is the caller's, whose words errors use.

        Raises ScriptFailed, or WorkerProblem, after which the process is of no more use.
        """
        begun = self._begin("busy")
        self.process.name = spec.title
        try:
            answer = self._predict(batch, spec)
            self._short = time.monotonic() - begun < _SHORT_SECONDS
        except MlsqlError:
            self.activity.failures += 1
            raise
        finally:
            self.activity.busy_seconds += self._begin("idle") - begun
        self.activity.batches += 1
        self.activity.rows += batch.num_rows
        return answer

    def _begin(self, state: State) -> float:
        now = time.monotonic()
        self.activity.state, self.activity.since = state, now
        return now

    def _predict(self, batch: pa.RecordBatch, spec: FunctionSpec) -> pa.Array:
        self._send(batch)
        try:
            message = self._answered()
        except (WorkerProblem, ScriptFailed) as error:
            raise function_errors.of_process(spec, error, self.process) from None
        if self.process.arena is not None:
            self.process.arena.hold(message.control.get("held", ()))
        if message.kind is Kind.FAILED:
            raise function_errors.of_batch(spec, message.control, self.process, batch, self.loaded.described.form)
        if message.kind is not Kind.BATCH:
            raise WorkerProblem(f"a message {message.kind.name} for a prediction", code="PROTOCOL")
        answer = pa.ipc.read_record_batch(pa.py_buffer(message.payload), self._answer)
        if answer.num_rows != batch.num_rows:
            raise WorkerProblem(f"{answer.num_rows} predictions for {batch.num_rows} rows", code="PROTOCOL")
        return answer.column(0)

    def _send(self, batch: pa.RecordBatch) -> None:
        channel = self.process.channel
        channel.connection.settimeout(self._silence)
        try:
            slot = None if self.process.arena is None else self.process.arena.put(batch)
            if slot is not None:
                channel.send(Kind.PREDICT, {"slot": slot})
                return
            if batch.schema != self._schema:
                channel.send(Kind.SCHEMA, payload=batch.schema.serialize())
                self._schema = batch.schema
            channel.send(Kind.PREDICT, payload=batch.serialize())
        except OSError:
            # It has died, or does not take it; waiting for the answer finds out which.
            pass

    def _answered(self) -> Message:
        """The next message that is an answer; metrics and progress belong to trainings and go nowhere here."""
        timeout, spinning = self._spec.resources.timeout, _SPINNING_SECONDS if self._short else 0.0
        while True:
            message = conversation.receive(self.process, timeout, self._silence, spinning)
            if message.kind is not Kind.PROGRESS:
                return message

    def alive(self) -> bool:
        """Whether its process runs and can be asked."""
        # The end of the connection is seen a little sooner than the end of the process.
        return self.process.running() and self.process.fate is None and not self.process.channel.ended()

    def end(self) -> None:
        """End the process."""
        self.process.end()
        self._begin("ended")
