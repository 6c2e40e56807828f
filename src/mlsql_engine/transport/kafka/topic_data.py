"""Training data in a topic: made or found before the training, written while it runs, removed after it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlsql_engine.core.errors import BadValue, DataProblem
from mlsql_engine.core.progress import Progress
from mlsql_engine.engines.base import Engine, Relation
from mlsql_engine.transport.kafka.broker import Broker
from mlsql_engine.transport.kafka.messages import MessageForm, messages
from mlsql_engine.transport.kafka.parameters import KafkaParameters
from mlsql_engine.transport.kafka.places import Place, last_run
from mlsql_engine.transport.kafka.production import Production


@dataclass(frozen=True)
class TopicData:
    """Where the rows are, and what writes them; None where they are there already.

    `kept` is whether the topic stays: the user has named it, and may read it again.
    """

    parameters: KafkaParameters
    place: Place
    production: Production | None
    kept: bool

    def told(self, folder: Path) -> dict[str, Any]:
        """What `mlsql_sdk.kafka_data.TopicPlace` asks for; who wants all rows at once has them in `folder`."""
        return {
            "topic": self.place.topic,
            "run": self.place.run,
            "first": self.place.first,
            "group": self.parameters.group or f"mlsql-{self.place.run}",
            "seconds": self.parameters.seconds,
            "folder": str(folder),
        }


@contextmanager
def topic_data(
    parameters: KafkaParameters,
    engine: Engine,
    relation: Relation,
    form: MessageForm,
    work: Path,
    progress: Progress,
) -> Iterator[TopicData]:
    """The relation's rows in a topic for the length of the block.

    A topic that is not named is made, and removed at the end; where that fails it is a warning
    (KAFKA_TOPIC_LEFT). Raises MlsqlError (MISSING_EXTRA) without the client library, and DataProblem where the
    broker cannot be reached, the topic cannot be made, or one that is to be used again has no data.
    """
    broker = Broker(parameters, "training through Kafka")
    broker.connect()
    if parameters.reuse:
        yield TopicData(parameters, _earlier(broker, relation), None, kept=True)
        return
    run = uuid.uuid4().hex
    topic = parameters.topic or f"mlsql-train-{run}"
    place = Place(topic, run, _first_offset(broker, topic), form, relation.columns)
    production = Production(broker, place, lambda: messages(engine, relation, form, work), engine.interrupt)
    try:
        yield TopicData(parameters, place, production, kept=parameters.topic is not None)
    finally:
        reason = broker.remove(topic) if parameters.topic is None else None
        if reason is not None:
            progress.warn("KAFKA_TOPIC_LEFT", f"the topic {topic} is left on {parameters.servers}: {reason}")


def _first_offset(broker: Broker, topic: str) -> int:
    """The offset that the next message gets; the topic is made if need be."""
    if broker.parameters.topic is None or not broker.has_topic(topic):
        broker.create(topic)
        return 0
    consumer = broker.consumer({})
    try:
        return broker.offsets(consumer, topic)[1]
    finally:
        consumer.close()


def _earlier(broker: Broker, relation: Relation) -> Place:
    topic = str(broker.parameters.topic)
    if not broker.has_topic(topic):
        raise DataProblem(
            f"there is no topic {topic} on {broker.parameters.servers} to use again",
            span=broker.parameters.spans["topic"],
            code="KAFKA_TOPIC",
            hint="leave kafkaParam.reuse out, and the table's rows are written into it",
        )
    place = last_run(broker, topic)
    if place.columns != relation.columns:
        raise BadValue(
            f"the topic {topic} holds rows of other columns than the table: {', '.join(place.columns)}",
            span=broker.parameters.spans["topic"],
            hint="leave kafkaParam.reuse out, and the table's rows are written into it",
        )
    return place
