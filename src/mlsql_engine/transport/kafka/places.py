"""Where the rows of a run stand in a topic, and how those of an earlier run are found again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from mlsql_engine.core.errors import DataProblem
from mlsql_engine.transport.kafka.broker import Broker
from mlsql_sdk.kafka_settings import END, KIND, RUN

_STEP_SECONDS = 0.5
_FIRST_LOOK = 16
_LOOK_FARTHER = 8


@dataclass(frozen=True)
class Place:
    """The rows of one run: from the offset `first` of the topic's partition 0 on, in messages named for `run`.

    `form` is json or arrow; `columns` are the names of the table's columns; `rows` is known of a run that has
    ended.
    """

    topic: str
    run: str
    first: int
    form: str
    columns: tuple[str, ...]
    rows: int | None = None

    def end_of_run(self, rows: int) -> dict[str, Any]:
        """What stands behind the last rows."""
        return {"first": self.first, "rows": rows, "form": self.form, "columns": list(self.columns)}


def last_run(broker: Broker, topic: str) -> Place:
    """The last run in the topic that was written to its end. Raises DataProblem where there is none.

    It looks at the last messages, then at more and more of those before them.
    """
    from confluent_kafka import TopicPartition

    consumer = broker.consumer({"enable.partition.eof": True, "auto.offset.reset": "error"})
    try:
        low, high = broker.offsets(consumer, topic)
        count = _FIRST_LOOK
        while True:
            start = max(low, high - count)
            consumer.assign([TopicPartition(topic, 0, start)])
            found = _last_end(broker, consumer, topic)
            if found is not None:
                return _whole(broker, found, low)
            if start == low:
                break
            count *= _LOOK_FARTHER
    finally:
        consumer.close()
    raise DataProblem(
        f"the topic {topic} holds no training data that was written to its end",
        span=broker.parameters.spans["topic"],
        code="KAFKA_TOPIC",
        hint="leave kafkaParam.reuse out, and the table's rows are written into it",
    )


def _whole(broker: Broker, place: Place, low: int) -> Place:
    """The place. Raises DataProblem where the topic begins after it."""
    if place.first >= low:
        return place
    raise DataProblem(
        f"the topic {place.topic} no longer holds all {place.rows:,} rows: the broker has removed the first ones",
        span=broker.parameters.spans["topic"],
        code="KAFKA_TOPIC",
        hint="leave kafkaParam.reuse out, and the table's rows are written into it",
    )


def _last_end(broker: Broker, consumer: Any, topic: str) -> Place | None:
    """The last end of a run from where the consumer stands on."""
    found = None
    for message in _until_end(broker, consumer, topic):
        headers = dict(message.headers() or ())
        if headers.get(KIND) == END and RUN in headers:
            told = json.loads(message.value())
            found = Place(
                topic,
                headers[RUN].decode(),
                int(told["first"]),
                str(told["form"]),
                tuple(told["columns"]),
                int(told["rows"]),
            )
    return found


def _until_end(broker: Broker, consumer: Any, topic: str) -> Any:
    """The messages up to the last one that is there. Raises DataProblem when none comes for too long."""
    waited = 0.0
    while True:
        message = consumer.poll(_STEP_SECONDS)
        if message is None:
            waited += _STEP_SECONDS
            if waited >= broker.parameters.seconds:
                raise broker.unreachable(f"no answer within {broker.parameters.seconds:g} s")
            continue
        waited = 0.0
        if message.error() is None:
            yield message
        elif message.error().name() == "_PARTITION_EOF":
            return
        else:
            raise broker.problem(message.error(), f"the topic {topic} cannot be read")
