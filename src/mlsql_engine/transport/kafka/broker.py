"""A Kafka broker: whether it answers, and its topics. What the client raises becomes an error of ours here."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlsql_engine.core.errors import BadValue, DataProblem
from mlsql_engine.core.extras import require
from mlsql_engine.transport.kafka.parameters import KafkaParameters
from mlsql_sdk.kafka_data import plain

if TYPE_CHECKING:
    from confluent_kafka import KafkaError

_STEP_SECONDS = 0.1
_REMOVAL_SECONDS = 5.0
_UNREACHABLE = ("_TRANSPORT", "_ALL_BROKERS_DOWN", "_TIMED_OUT", "_MSG_TIMED_OUT", "_RESOLVE")


class Broker:
    """The broker that a statement names.

    Raises MlsqlError (MISSING_EXTRA) where the client library is not installed, BadValue for a setting that the
    client refuses. Nothing is asked of the broker before a method is called.
    """

    def __init__(self, parameters: KafkaParameters, purpose: str) -> None:
        self._kafka: Any = require("confluent_kafka", extra="kafka", purpose=purpose)
        require("confluent_kafka.admin", extra="kafka", purpose=purpose)
        self.parameters = parameters
        self.client_error: type[Exception] = self._kafka.KafkaException
        self._told: list[KafkaError] = []
        self._admin = self._client(self._kafka.admin.AdminClient, {})

    def _client(self, kind: Callable[[dict[str, Any]], Any], settings: dict[str, Any]) -> Any:
        """A client that writes nothing to standard error and keeps what it is told of the connection."""
        try:
            return kind(
                {
                    **self.parameters.settings,
                    "log_level": 0,
                    "error_cb": self._told.append,
                    **settings,
                }
            )
        except self._kafka.KafkaException as error:
            text = error.args[0].str()
            raise BadValue(f"kafkaParam: {text}", span=self.parameters.named_in(text)) from error

    def producer(self, settings: dict[str, Any]) -> Any:
        """A client to write with."""
        return self._client(self._kafka.Producer, settings)

    def consumer(self, settings: dict[str, Any]) -> Any:
        """A client to read with. It belongs to no group that anybody else is in, and commits nothing."""
        group = self.parameters.group or "mlsql"
        return self._client(self._kafka.Consumer, {"group.id": group, "enable.auto.commit": False, **settings})

    def connect(self) -> None:
        """Return when the broker has answered. Raises DataProblem (KAFKA_UNREACHABLE).

        It gives up when every address has refused, or after the seconds of the parameters.
        """
        reason = self.reason_not_to_answer(self.parameters.seconds)
        if reason is not None:
            raise self.unreachable(reason)

    def reason_not_to_answer(self, seconds: float) -> str | None:
        """None as soon as the broker has answered; else why it has not, within `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self._admin.list_topics(timeout=min(_STEP_SECONDS, seconds))
            except self._kafka.KafkaException as error:
                self._admin.poll(0)
                if self._refused() or time.monotonic() >= deadline:
                    return self.reason(error.args[0], seconds)
            else:
                return None

    def _refused(self) -> bool:
        final = ("_ALL_BROKERS_DOWN", "_AUTHENTICATION")
        return any(error.name() in final for error in self._told)

    def reason(self, error: KafkaError, seconds: float) -> str:
        """Why there was no answer within `seconds`, as the client said of the connection, or else of the call."""
        texts = [told.str() for told in self._told if told.name() != "_ALL_BROKERS_DOWN"]
        if texts:
            return plain(texts[-1])
        if error.name() in _UNREACHABLE:
            return f"no answer within {seconds:g} s"
        return plain(error.str())

    def unreachable(self, reason: str) -> DataProblem:
        """The error of a broker that does not answer."""
        return DataProblem(
            f"the Kafka broker {self.parameters.servers} cannot be reached: {reason}",
            span=self.parameters.span,
            code="KAFKA_UNREACHABLE",
            hint="kafkaParam.bootstrap.servers is its address, kafkaParam.security.protocol how it is spoken to; "
            'enableDataLocal="true" needs no broker',
        )

    def problem(self, error: KafkaError, what: str) -> DataProblem:
        """What the client or the broker refuses; `what` says what was asked of it."""
        if error.name() in _UNREACHABLE:
            return self.unreachable(self.reason(error, self.parameters.seconds))
        return DataProblem(f"{what}: {plain(error.str())}", span=self.parameters.span, code="KAFKA")

    def has_topic(self, topic: str) -> bool:
        """Whether the topic is there. Raises DataProblem."""
        try:
            return topic in self._admin.list_topics(timeout=self.parameters.seconds).topics
        except self._kafka.KafkaException as error:
            raise self.problem(error.args[0], "the broker does not list its topics") from error

    def create(self, topic: str) -> None:
        """Make the topic, with one partition and as many replicas as the broker makes. Raises DataProblem."""
        new = self._kafka.admin.NewTopic(topic, num_partitions=1, replication_factor=-1)
        made = self._admin.create_topics([new], request_timeout=self.parameters.seconds)[topic]
        try:
            made.result()
        except self._kafka.KafkaException as error:
            raise self.problem(error.args[0], f"the topic {topic} cannot be made") from error

    def remove(self, topic: str) -> str | None:
        """Have the topic removed; why it could not be, where it could not within 5 s."""
        seconds = min(_REMOVAL_SECONDS, self.parameters.seconds)
        made = self._admin.delete_topics([topic], request_timeout=seconds, operation_timeout=seconds)[topic]
        try:
            made.result(seconds)
        except self._kafka.KafkaException as error:
            return plain(str(error.args[0].str()))
        except TimeoutError:
            return f"no answer within {seconds:g} s"
        return None

    def offsets(self, consumer: Any, topic: str) -> tuple[int, int]:
        """The topic's first offset and the one that comes next. Raises DataProblem."""
        place = self._kafka.TopicPartition(topic, 0)
        try:
            low, high = consumer.get_watermark_offsets(place, timeout=self.parameters.seconds, cached=False)
        except self._kafka.KafkaException as error:
            raise self.problem(error.args[0], f"the topic {topic} cannot be read") from error
        return int(low), int(high)
