"""What training scripts print, sent to a topic as they print it."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.progress import Progress
from mlsql_engine.transport.kafka.broker import Broker
from mlsql_engine.transport.kafka.parameters import KafkaParameters
from mlsql_sdk.kafka_data import plain

if TYPE_CHECKING:
    from confluent_kafka import KafkaError

TOPIC: Final = "mlsql-training-log"
"""Where the log goes unless kafkaParam.topic names a topic."""
_CONNECT_SECONDS = 0.8
_FLUSH_SECONDS = 5.0
_QUEUE_KILOBYTES = 16 << 10


class TrainingLog:
    """Sends lines without ever waiting for the broker; a context manager.

    A message is a JSON object {"time", "modelPath", "groupIndex", "script", "line"}; its key is the model path.
    A log that cannot be sent is one warning (KAFKA_LOG). At the end it waits up to 5 s for a broker that has
    answered, and for one that never has at most 0.8 s since the beginning.
    """

    def __init__(self, parameters: KafkaParameters, model_path: str, progress: Progress) -> None:
        self._parameters = parameters
        self._model_path = model_path
        self._progress = progress
        self._topic = parameters.topic or TOPIC
        self._lost = 0
        self._refused: KafkaError | None = None
        self._silent = threading.Event()
        self._producer: Any = None
        self._connecting = threading.Thread(target=self._connect, name="mlsql-kafka-log", daemon=True)

    def __enter__(self) -> TrainingLog:
        try:
            broker = Broker(self._parameters, "a training log in Kafka")
            self._producer = broker.producer(
                {
                    "message.timeout.ms": int(_FLUSH_SECONDS * 1000),
                    "queue.buffering.max.kbytes": _QUEUE_KILOBYTES,
                    "topic.metadata.propagation.max.ms": 3000,
                }
            )
        except MlsqlError as error:
            if error.code != "MISSING_EXTRA":
                raise
            self._give_up(f"{error.message}; {error.hint}")
            return self
        self._broker = broker
        self._connecting.start()
        return self

    def _connect(self) -> None:
        """Find out whether anybody listens."""
        reason = self._broker.reason_not_to_answer(_CONNECT_SECONDS)
        if reason is not None:
            self._give_up(f"the Kafka broker {self._parameters.servers} cannot be reached: {reason}")

    def _give_up(self, reason: str) -> None:
        self._silent.set()
        self._progress.warn("KAFKA_LOG", f"the training log is shown here only: {reason}")

    def send(self, group: int, script: str, line: str) -> None:
        """Send a line that the script of a group printed; safe for several threads."""
        if self._silent.is_set():
            return
        message = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "modelPath": self._model_path,
            "groupIndex": group,
            "script": script,
            "line": line,
        }
        content = json.dumps(message, ensure_ascii=False).encode(errors="replace")
        try:
            self._producer.produce(self._topic, content, self._model_path, on_delivery=self._delivered)
        except (BufferError, self._broker.client_error):
            self._lost += 1
        self._producer.poll(0)

    def _delivered(self, error: KafkaError | None, _message: Any) -> None:
        if error is not None:
            self._lost += 1
            self._refused = error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._producer is None:
            return
        self._connecting.join()
        if not self._silent.is_set():
            self._finish()
        self._producer.purge()
        self._producer.flush(0)

    def _finish(self) -> None:
        left = self._producer.flush(_FLUSH_SECONDS)
        lost = self._lost + left
        if lost:
            reason = f": {plain(self._refused.str())}" if self._refused is not None else ""
            lines = "one line" if lost == 1 else f"{lost:,} lines"
            self._progress.warn(
                "KAFKA_LOG",
                f"{lines} of the training log did not reach the topic {self._topic} on "
                f"{self._parameters.servers}{reason}",
            )
