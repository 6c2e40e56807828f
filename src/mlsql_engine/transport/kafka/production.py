"""Sending a table's rows into a topic while others read them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlsql_engine.core.errors import DataProblem
from mlsql_engine.transport.kafka.broker import Broker
from mlsql_engine.transport.kafka.messages import Message
from mlsql_engine.transport.kafka.places import Place
from mlsql_sdk.kafka_settings import END, KIND, RUN

if TYPE_CHECKING:
    from confluent_kafka import KafkaError

_STEP_SECONDS = 0.1
_QUEUE_KILOBYTES = 16 << 10
# The broker decides how large a message may be.
_LARGEST_MESSAGE = 1_000_000_000


class Production:
    """Sends the rows once, in order. It works in one thread and is ended from another.

    `interrupt` makes the engine fail that is asked for the next rows. `rows` have been sent, and `complete` tells
    whether these are all.
    """

    def __init__(
        self,
        broker: Broker,
        place: Place,
        rows: Callable[[], Generator[Message, None, None]],
        interrupt: Callable[[], None],
    ) -> None:
        self._broker = broker
        self._place = place
        self._messages = rows
        self._interrupt = interrupt
        self._stopped = threading.Event()
        self._ended = threading.Event()
        self._refused: tuple[KafkaError, _Sent] | None = None
        self.rows = 0
        self.complete = False

    def run(self) -> None:
        """Send everything and say that it is everything; less, where it is ended first.

        Raises DataProblem when the broker refuses a message or is gone for longer than the seconds of the
        parameters, and what reading the rows raises. Then readers do not find the end of the run.
        """
        try:
            self._run()
        except Exception:
            if not self._stopped.is_set():
                raise
        finally:
            self._ended.set()

    def _run(self) -> None:
        producer = self._broker.producer(
            {
                "enable.idempotence": True,
                "message.timeout.ms": int(self._broker.parameters.seconds * 1000),
                "message.max.bytes": _LARGEST_MESSAGE,
                "queue.buffering.max.kbytes": _QUEUE_KILOBYTES,
            }
        )
        try:
            with closing(self._messages()) as messages:
                for message in messages:
                    self._send(producer, message)
                    self.rows += message.rows
                    if self._stopped.is_set():
                        return
            self._flush(producer)
            end = json.dumps(self._place.end_of_run(self.rows)).encode()
            self._send(producer, Message(END, end, 0))
            self._flush(producer)
            self.complete = not self._stopped.is_set()
        finally:
            producer.purge()

    def _send(self, producer: Any, message: Message) -> None:
        headers = {RUN: self._place.run.encode(), KIND: message.kind}
        sent = _Sent(self.rows, message.rows, len(message.content))

        def delivered(error: KafkaError | None, _message: Any) -> None:
            if error is not None and self._refused is None:
                self._refused = (error, sent)

        while not self._stopped.is_set():
            self._check()
            try:
                producer.produce(
                    self._place.topic, message.content, partition=0, headers=headers, on_delivery=delivered
                )
            except BufferError:
                producer.poll(_STEP_SECONDS)
            else:
                producer.poll(0)
                return

    def _flush(self, producer: Any) -> None:
        while producer.flush(_STEP_SECONDS) and not self._stopped.is_set():
            self._check()
        self._check()

    def _check(self) -> None:
        """Raise DataProblem where a message was refused."""
        if self._refused is None:
            return
        error, sent = self._refused
        if error.name() == "MSG_SIZE_TOO_LARGE":
            raise DataProblem(
                f"{sent.described} of the table would be a message of {sent.size:,} bytes, which the Kafka broker "
                "does not take",
                code="KAFKA_MESSAGE_SIZE",
                hint=self._larger_messages(),
            )
        raise self._broker.problem(error, f"the topic {self._place.topic} cannot be written")

    def _larger_messages(self) -> str:
        """How to have larger messages taken."""
        if self._broker.parameters.topic is None:
            way = "make a topic with a larger max.message.bytes and name it by kafkaParam.topic"
        else:
            way = f"raise max.message.bytes of the topic {self._place.topic}"
        return f'{way}, or use enableDataLocal="true"'

    def running(self) -> bool:
        """Whether it has not ended. See workers.running.Endable."""
        return not self._ended.is_set()

    def kill(self) -> None:
        """Have it end soon, whatever it waits for; `run` then returns. See workers.running.Endable."""
        if not self._stopped.is_set():
            self._stopped.set()
            threading.Thread(target=self._interrupt_until_ended, name="mlsql-kafka-end", daemon=True).start()

    def _interrupt_until_ended(self) -> None:
        """Again and again: the query may not have begun when it is first interrupted."""
        while not self._ended.is_set():
            self._interrupt()
            self._ended.wait(_STEP_SECONDS)


@dataclass(frozen=True)
class _Sent:
    """What is in a message: rows from `first` of the table on, and its size in bytes."""

    first: int
    rows: int
    size: int

    @property
    def described(self) -> str:
        return (
            f"row {self.first + 1:,}"
            if self.rows == 1
            else f"rows {self.first + 1:,} to {self.first + self.rows:,}"
        )
