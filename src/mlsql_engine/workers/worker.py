"""A worker with one loaded function: batch after batch."""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from mlsql_engine.core.errors import InternalError, MlsqlError, ScriptFailed, WorkerProblem
from mlsql_engine.core.functions import Described, FunctionSpec
from mlsql_engine.workers import conversation, failures, function_errors
from mlsql_engine.workers.activity import Activity, State
from mlsql_engine.workers.loading import load_control
from mlsql_engine.workers.process import WorkerProcess
from mlsql_sdk import accepted
from mlsql_sdk.wire import Kind, Message, WireError

_SIGNS_OF_LIFE = (Kind.BEAT, Kind.PROGRESS)
_NUMBERS = 1 << 32
_NOT_OF_THE_PROTOCOL = (WireError, pa.ArrowException, OSError, EOFError, LookupError, TypeError, ValueError)


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


@dataclass(slots=True)
class _Question:
    """A batch that was sent under a number, by whom, and since which monotonic time the worker is at it."""

    batch: pa.RecordBatch
    spec: FunctionSpec
    number: int
    begun: float


class Worker:
    """One process with one loaded function. Used by one thread at a time.

    `silence` is how long it may give no sign of life, in seconds.
    """

    def __init__(self, spec: FunctionSpec, index: int, process: WorkerProcess, silence: float) -> None:
        self.index = index
        self.activity = Activity()
        self.process = process
        self.started = datetime.now(UTC)
        self.lost = False
        """Whether it is of no more use: instead of an answer there was none, or something else."""
        self._spec = spec
        self._loaded: Loaded | None = None
        self._silence = silence
        self._asked = 0
        self._questions: deque[_Question] = deque()
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
        with suppress(OSError):  # waiting for the answer finds out
            process.channel.send(Kind.LOAD, load_control(spec, self.index))
        message = self._answered()
        try:
            if message.kind is Kind.FAILED:
                raise function_errors.of_loading(spec, message.control, process)
            self._loaded = self._described(message)
        except _NOT_OF_THE_PROTOCOL as error:
            raise failures.broken_protocol(process, error) from error
        self._begin("idle")

    def _described(self, message: Message) -> Loaded:
        """What a DESCRIBED message says."""
        if message.kind is not Kind.DESCRIBED:
            raise WireError(f"a message {message.kind.name} for a load")
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
            self._spec.title,
        )
        return Loaded(
            described,
            tuple((name, then, now) for name, then, now in control["differences"]),
            tuple((path, changed, size) for path, changed, size in control["sources"]),
        )

    @property
    def asked(self) -> int:
        """How many batches it has not answered."""
        return len(self._questions)

    def ask(self, batch: pa.RecordBatch, spec: FunctionSpec) -> None:
        """Send it a batch, which it predicts after those that it has not answered.

        `answer` gives the answers, in this order. `spec` is the caller's, whose words errors use. A batch that is
        sent behind another must be smaller than arena.LEAST_BYTES.
        """
        self.process.name = spec.title
        self._asked = (self._asked + 1) % _NUMBERS
        begun = time.monotonic() if self._questions else self._begin("busy")
        self._send(batch)
        self._questions.append(_Question(batch, spec, self._asked, begun))

    def answer(self, *, wait: bool = True) -> pa.Array | None:
        """One value per row of the oldest batch without an answer; None where it is not there and not waited for.

        Raises ScriptFailed or WorkerProblem; `lost` tells whether it is of more use.
        """
        if not self._questions:
            raise InternalError("an answer without a question")
        question = self._questions[0]
        self.lost = True
        try:
            values = self._answer_to(question, wait)
        except BaseException as error:
            self._done(question)
            self.activity.failures += isinstance(error, MlsqlError)
            raise
        self.lost = False
        if values is not None:
            self._short = self._done(question) < _SHORT_SECONDS
            self.activity.batches += 1
            self.activity.rows += question.batch.num_rows
        return values

    def _done(self, question: _Question) -> float:
        """How long the question took, in seconds. It is at the next one from now on."""
        self._questions.popleft()
        now = self._begin("busy" if self._questions else "idle")
        if self._questions:
            self._questions[0].begun = now
        took = now - question.begun
        self.activity.busy_seconds += took
        return took

    def _begin(self, state: State) -> float:
        now = time.monotonic()
        self.activity.state, self.activity.since = state, now
        return now

    def _answer_to(self, question: _Question, wait: bool) -> pa.Array | None:
        try:
            message = self._answered() if wait else conversation.received(self.process, _SIGNS_OF_LIFE)
            if message is None:
                return None
            try:
                if message.id != question.number:
                    raise WireError("an answer that was not asked for")
                if self.process.arena is not None:
                    self.process.arena.hold(message.control.get("held", ()))
                if message.kind is not Kind.FAILED:
                    return self._values(message, question.batch.num_rows)
                form = self.loaded.described.form
                failure = function_errors.of_batch(
                    question.spec, message.control, self.process, question.batch, form
                )
            except _NOT_OF_THE_PROTOCOL as error:
                raise failures.broken_protocol(self.process, error) from error
        except (WorkerProblem, ScriptFailed) as error:
            raise function_errors.of_process(question.spec, error, self.process) from error.__cause__
        self.lost = False
        raise failure

    def _values(self, message: Message, rows: int) -> pa.Array:
        """The values of a BATCH message. What it holds comes from a process in which anything may have happened."""
        if message.kind is not Kind.BATCH:
            raise WireError(f"a message {message.kind.name} for a prediction")
        answer = pa.ipc.read_record_batch(pa.py_buffer(message.payload), self._answer)
        answer.validate(full=True)
        if answer.num_rows != rows:
            raise WireError(f"{answer.num_rows} predictions for {rows} rows")
        return answer.column(0)

    def _send(self, batch: pa.RecordBatch) -> None:
        channel = self.process.channel
        channel.connection.settimeout(self._silence)
        try:
            slot = None if self.process.arena is None else self.process.arena.put(batch)
            if slot is not None:
                channel.send(Kind.PREDICT, {"slot": slot}, id=self._asked)
                return
            if batch.schema != self._schema:
                channel.send(Kind.SCHEMA, payload=batch.schema.serialize())
                self._schema = batch.schema
            channel.send(Kind.PREDICT, payload=batch.serialize(), id=self._asked)
        except OSError:
            # It has died, or does not take it; waiting for the answer finds out which.
            pass

    def _answered(self) -> Message:
        """The next message that is an answer; metrics and progress belong to trainings and go nowhere here."""
        spinning = _SPINNING_SECONDS if self._short else 0.0
        timeout = self._spec.resources.timeout
        return conversation.receive(self.process, timeout, self._silence, _SIGNS_OF_LIFE, spinning)

    def alive(self) -> bool:
        """Whether its process runs and can be asked."""
        # The end of the connection is seen a little sooner than the end of the process.
        return self.process.running() and self.process.fate is None and not self.process.channel.ended()

    def end(self) -> None:
        """End the process."""
        self.process.end()
        self._begin("ended")
