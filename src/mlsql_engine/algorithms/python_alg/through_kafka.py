"""A training whose data goes through Kafka, or whose log does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TypeVar

from mlsql_engine.algorithms.base import TrainRequest
from mlsql_engine.algorithms.python_alg.options import RunOptions
from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.options import written_at
from mlsql_engine.core.progress import Progress
from mlsql_engine.transport.kafka.messages import MessageForm
from mlsql_engine.transport.kafka.topic_data import TopicData, topic_data
from mlsql_engine.transport.kafka.training_log import TrainingLog
from mlsql_engine.transport.local_files import LocalFormat

Result = TypeVar("Result")


def refuse_partitions(options: RunOptions) -> None:
    """Raise MlsqlError where the parts of a table would go through Kafka: who reads a topic reads all of it."""
    if not options.enable_data_local:
        raise MlsqlError(
            "through Kafka every process gets the whole table, and this algorithm gives each a part of it",
            span=written_at(options, "enable_data_local"),
            code="UNSUPPORTED",
            hint='leave enableDataLocal out, or set it to "true"',
        )


def log_of(request: TrainRequest) -> AbstractContextManager[TrainingLog | None]:
    """Where the log of a training on local data goes; None where no broker is named."""
    options: RunOptions = request.options
    parameters = options.kafka
    if parameters is None or not options.enable_data_local:
        return nullcontext(None)
    return TrainingLog(parameters, str(request.path), request.workshop.progress)


def data_of(request: TrainRequest, form: LocalFormat, work: Path) -> AbstractContextManager[TopicData | None]:
    """The topic of the statement's table; None where the data is local, or there is none."""
    options: RunOptions = request.options
    parameters = options.kafka
    if options.enable_data_local or parameters is None or request.relation is None:
        return nullcontext(None)
    message_form: MessageForm = "arrow" if form == "arrow" else "json"
    return topic_data(parameters, request.engine, request.relation, message_form, work, request.workshop.progress)


class SentBeside:
    """The sending of the rows as one more task beside the trainings that read them; `trainings` is their number."""

    def __init__(self, topic: TopicData, trainings: int, progress: Progress) -> None:
        self._topic = topic
        self._left = trainings
        self._progress = progress
        self._lock = threading.Lock()
        self._over = threading.Event()

    def tasks(self, trainings: Sequence[Callable[[], Result]]) -> list[Callable[[], Result | None]]:
        """The sending and the trainings, whose results come in this order."""
        return [self._send, *(self._counted(training) for training in trainings)]

    def _send(self) -> None:
        """Send, then stay until the trainings are over: the place in the pool is no place for one more of them."""
        production, topic = self._topic.production, self._topic.place.topic
        if production is None:
            self._progress.note(f"train: the {self._topic.place.rows:,} rows in the topic {topic} are used again")
        else:
            clock = time.monotonic()
            production.run()
            if production.complete:
                self._progress.note(
                    f"train: {production.rows:,} rows sent through the topic {topic} as {self._topic.place.form} "
                    f"in {time.monotonic() - clock:.1f} s"
                )
        self._over.wait()

    def _counted(self, training: Callable[[], Result]) -> Callable[[], Result]:
        def train() -> Result:
            try:
                return training()
            finally:
                self._one_less()

        return train

    def _one_less(self) -> None:
        """When no training is left that reads a topic of ours, the rest of the rows need not be sent."""
        with self._lock:
            self._left -= 1
            if self._left:
                return
        self._over.set()
        if not self._topic.kept and self._topic.production is not None:
            self._topic.production.kill()

    def running(self) -> bool:
        """See Endable."""
        return not self._over.is_set() or (self._topic.production is not None and self._topic.production.running())

    def kill(self) -> None:
        """See Endable."""
        self._over.set()
        if self._topic.production is not None:
            self._topic.production.kill()
