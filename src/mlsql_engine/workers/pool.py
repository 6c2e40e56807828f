"""The workers of one function: leased for a batch, replaced when they are lost, ended when nobody needs them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from mlsql_engine.core.errors import MlsqlError, WorkerProblem
from mlsql_engine.core.functions import FunctionSpec
from mlsql_engine.workers import failures, threads
from mlsql_engine.workers.asked import Asked
from mlsql_engine.workers.audience import Audience
from mlsql_engine.workers.calls import Call, cancelled, taken
from mlsql_engine.workers.capacity import Capacity
from mlsql_engine.workers.circuit import Circuit
from mlsql_engine.workers.launcher import Launcher, WorkerCommand
from mlsql_engine.workers.roster import WorkerEntry
from mlsql_engine.workers.worker import Loaded, Worker

_CLOSING_SECONDS = 10.0
_RETRIED = frozenset({"CRASHED", "PROTOCOL"})


@dataclass(frozen=True)
class Limits:
    """Seconds: after `growing` of waiting for a worker another is started; one that gives no sign of life for
    `silence` while it is busy is ended."""

    growing: float = 0.1
    silence: float = 60.0


@dataclass(frozen=True)
class Surroundings:
    """What a pool starts its workers with: in `folder`, under the cap of `capacity`."""

    launcher: Launcher
    folder: Path
    capacity: Capacity
    limits: Limits = field(default_factory=Limits)


class Pool:
    """Workers, numbered from 0, of which each serves one batch at a time. Safe for several threads.

    The first is started at `open`, others when a batch has waited for one, as many as the function's resources say.
    """

    def __init__(self, spec: FunctionSpec, surroundings: Surroundings) -> None:
        self.spec = spec
        self.most = spec.resources.most_workers
        self.circuit = Circuit()
        self.loaded: Loaded | None = None
        self._around = surroundings
        self._opening = threading.Lock()
        self._changed = threading.Condition()
        self._audiences: list[Audience] = []
        self._workers: dict[int, Worker] = {}
        self._idle: list[Worker] = []
        self._starting: dict[int, Worker | None] = {}
        self._waiting = 0
        self._closed = False
        surroundings.capacity.add(self)

    def open(self, audience: Audience, call: Call) -> Loaded:
        """Have at least one worker, which says what the function gives. Raises what loading it raises."""
        with taken(self._opening, call):
            with self._changed:
                self._audiences.append(audience)
                workers = self.workers()
            for worker in workers:
                audience.roster.add(self._entry(worker, audience))
            self.circuit.reset()
            try:
                loaded = self.loaded or self._first(call)
            except BaseException:
                self.leave(audience)
                raise
        if self.spec.resources.workers is not None:
            for _ in range(self.most - 1):
                self._grow()
        return loaded

    def _first(self, call: Call) -> Loaded:
        """What the first worker says when it is loaded."""
        worker = self._lease(self.spec, call)
        self.give(worker, call)
        return worker.loaded

    def leave(self, audience: Audience) -> None:
        """Tell this audience no more."""
        with self._changed:
            self._audiences.remove(audience)

    @property
    def pure(self) -> bool:
        """Whether a batch may be predicted twice."""
        asked = self.spec.resources.pure
        return asked if asked is not None else self.loaded is not None and self.loaded.described.pure

    def predict(self, batch: pa.RecordBatch, spec: FunctionSpec, call: Call, *, again: bool = True) -> pa.Array:
        """One value per row; `spec` is the caller's. See core.functions.Predictor.

        What was lost with its worker is predicted once more where that may be and `again`.
        """
        again = again and self.pure
        while True:
            asked = Asked(self, self._lease(spec, call), batch, spec, call)
            try:
                return asked.wait()
            except WorkerProblem as error:
                if not again or error.code not in _RETRIED:
                    raise
                again = False

    def ask(self, batch: pa.RecordBatch, spec: FunctionSpec, call: Call) -> Asked | None:
        """Have an idle worker begin with a batch; None where there is none. Waits for nothing.

        Raises Cancelled, and WorkerProblem where the function's workers crashed too often.
        """
        with self._changed:
            call.check()
            self._check_open(spec)
            worker = self._idle_worker(call)
        return None if worker is None else Asked(self, worker, batch, spec, call)

    @property
    def is_wanted(self) -> bool:
        """Whether somebody waits for a worker, or for the place of one, or the pool ends."""
        return self._closed or self._waiting > 0 or self._around.capacity.wanted > 0

    def _idle_worker(self, call: Call) -> Worker | None:
        """The worker that was used last, if it is idle and alive. The lock is held."""
        if not self._idle or not self._idle[-1].alive():
            return None
        worker = self._idle.pop()
        call.begin(worker.process)
        return worker

    def _lease(self, spec: FunctionSpec, call: Call) -> Worker:
        """A worker for one batch: the one that was used last, else a new one, else the next that is free."""
        while True:
            with self._changed:
                call.check()
                self._check_open(spec)
                worker = self._idle_worker(call)
                if worker is not None:
                    return worker
                if self._idle:
                    worker = self._idle.pop()
                    self._lost(worker, None)
                elif not self._workers and not self._starting:
                    index = self._reserve()
                    break
                else:
                    self._wait()
            if worker is not None:
                worker.activity.lost = failures.died(worker.process).code
                self._ended(worker)
        return self._start(index, call)

    def _wait(self) -> None:
        """Wait for a worker, and start one more when none comes. The lock is held."""
        self._waiting += 1
        try:
            came = self._changed.wait(self._around.limits.growing)
        finally:
            self._waiting -= 1
        if not came and not self._starting:
            self._grow()

    def _check_open(self, spec: FunctionSpec) -> None:
        if self._closed:
            raise cancelled()
        self.circuit.check(spec.title)

    def _reserve(self) -> int:
        """The number of the next worker, which is from now on being started."""
        index = next(index for index in range(self.most + 1) if index not in {*self._workers, *self._starting})
        self._starting[index] = None
        return index

    def _grow(self) -> None:
        """Start another worker beside what goes on, where there is place for one."""
        with self._changed:
            if self._closed or len(self._workers) + len(self._starting) >= self.most:
                return
            if not self._around.capacity.try_take():
                return
            index = self._reserve()
        threading.Thread(target=self._grown, args=(index,), name="mlsql-worker", daemon=True).start()

    def _grown(self, index: int) -> None:
        # Whatever is wrong with it, the next one that is started for a batch tells it to somebody.
        call = Call()
        with suppress(MlsqlError):
            self.give(self._start(index, call, has_place=True), call)

    def _start(self, index: int, call: Call, *, has_place: bool = False) -> Worker:
        """Start and load a worker."""
        process = None
        try:
            if not has_place:
                self._around.capacity.take(lambda: self._check_wanted(call))
                has_place = True
            process = self._around.launcher.start(self._command())
            worker = Worker(self.spec, index, process, self._around.limits.silence)
            self._announce(index, worker, call)
            worker.load()
        except BaseException as error:
            with self._changed:
                self._starting.pop(index, None)
                if process is not None and isinstance(error, WorkerProblem) and error.code != "CANNOT_START":
                    self.circuit.crashed(error)
                self._changed.notify_all()
            if process is not None:
                worker.end()
            if has_place:
                self._around.capacity.give_back()
            raise
        with self._changed:
            del self._starting[index]
            self._workers[index] = worker
            self.loaded = self.loaded or worker.loaded
        return worker

    def _check_wanted(self, call: Call) -> None:
        """Raise Cancelled where nobody needs a worker for the call any more."""
        call.check()
        if self._closed:
            raise cancelled()

    def _command(self) -> WorkerCommand:
        spec = self.spec
        return WorkerCommand(
            name=spec.title,
            interpreter=spec.interpreter,
            folder=self._around.folder if spec.folder is None else Path(spec.folder),
            tell=self._tell,
            flags=spec.interpreter_flags,
            environment={**threads.limited(spec.resources.threads, self.most), **spec.environment},
            shares=True,
            memory=spec.resources.memory,
        )

    def _announce(self, index: int, worker: Worker, call: Call) -> None:
        """Let it be known that a worker is being loaded, so that it can be ended."""
        with self._changed:
            self._check_wanted(call)
            call.begin(worker.process)
            self._starting[index] = worker
            audiences = list(self._audiences)
        for audience in audiences:
            audience.roster.add(self._entry(worker, audience))

    def _entry(self, worker: Worker, audience: Audience) -> WorkerEntry:
        return WorkerEntry(
            worker.process.number,
            audience.title,
            self.spec.interpreter,
            worker.started,
            worker.process,
            worker.activity,
            audience.spec.model,
        )

    def _tell(self, number: int, line: str) -> None:
        """Pass a line on, once to each session."""
        with self._changed:
            sessions = {id(audience.roster): audience for audience in reversed(self._audiences)}
        for audience in sessions.values():
            audience.tell(number, line)

    def give(self, worker: Worker, call: Call, lost: BaseException | None = None, *, aside: bool = False) -> None:
        """Take a worker back; end it (`aside`: by a thread) where it is of no more use or its place is wanted."""
        with self._changed:
            call.end()
            if lost is None:
                self.circuit.worked()
            # It may have been told to end just when it answered.
            ends = self._closed or lost is not None or worker.process.fate is not None
            ends = ends or (self._around.capacity.wanted > 0 and self._waiting == 0)
            if ends:
                self._lost(worker, lost)
            else:
                self._idle.append(worker)
                self._changed.notify()
        if ends and aside:
            threading.Thread(target=self._ended, args=(worker,), name="mlsql-worker-end", daemon=True).start()
        elif ends:
            self._ended(worker)

    def _lost(self, worker: Worker, error: BaseException | None) -> None:
        """Strike a worker off. The lock is held."""
        self._workers.pop(worker.index, None)
        if isinstance(error, MlsqlError):
            worker.activity.lost = error.code
            if isinstance(error, WorkerProblem):
                self.circuit.crashed(error)
        self._changed.notify()

    def _ended(self, worker: Worker) -> None:
        worker.end()
        self._around.capacity.give_back()

    def workers(self) -> list[Worker]:
        """Those that are loaded, and those that are loading."""
        with self._changed:
            return [*self._workers.values(), *(worker for worker in self._starting.values() if worker is not None)]

    def idle_since(self) -> float | None:
        """See capacity.Idling."""
        with self._changed:
            return self._idle[0].activity.since if self._idle else None

    def end_idlest(self) -> bool:
        """See capacity.Idling."""
        return self._end_idle(lambda _worker: True)

    def end_idle_since(self, time_: float) -> None:
        """End the workers that have had nothing to do since that monotonic time."""
        while self._end_idle(lambda worker: worker.activity.since <= time_):
            pass

    def _end_idle(self, wanted: Callable[[Worker], bool]) -> bool:
        with self._changed:
            if not self._idle or not wanted(self._idle[0]):
                return False
            worker = self._idle.pop(0)
            self._lost(worker, None)
        self._ended(worker)
        return True

    def close(self) -> None:
        """End all workers, and remove the folder that they ran in; batches that are under way fail."""
        with self._changed:
            self._closed = True
            working = [worker for worker in self.workers() if worker not in self._idle]
            self._changed.notify_all()
        for worker in working:
            worker.process.kill(cancelled())
        while self.end_idlest():
            pass
        self._around.capacity.remove(self)
        with self._changed:
            while self._starting or self._workers:
                if not self._changed.wait(_CLOSING_SECONDS):
                    break
        shutil.rmtree(self._around.folder, ignore_errors=True)
