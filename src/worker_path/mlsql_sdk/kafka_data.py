"""The training data that the host sends through Kafka, read while it is being sent.

A run's messages stand in partition 0 of a topic, in the order of the table's rows: JSON lines or Arrow IPC streams
of many rows each, then one that says how many rows there were. A reader starts at the run's first message, passes
over those of other runs, and ends at that last one: it neither guesses the end nor waits for ever. The client is
librdkafka (the package confluent-kafka).
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from . import local_data, runtime
from .failures import ContractError
from .kafka_settings import ARROW_STREAM, END, JSON_LINES, KIND, RUN, SERVERS, for_reading

if TYPE_CHECKING:
    import pyarrow as pa

_STEP_SECONDS = 0.5
_LONGEST_POLL_MS = 86_400_000
_WHERE = re.compile(r"^\S+/\w+: (?:Connect to \S+ failed: )?")


class KafkaReadError(ContractError):
    """The rows cannot be read to their end: the broker is gone, or has removed some of them."""


class TopicPlace:
    """Where a run's rows are: what the host says in internal_system_param["kafkaData"], and how to connect.

    `first` is the offset to read from, `run` the run's name, `seconds` how long a broker that does not answer is
    waited for, `folder` where the rows are collected for what needs them all.
    """

    def __init__(self, told: Mapping[str, Any], kafka_param: Mapping[str, str]) -> None:
        self.topic = str(told["topic"])
        self.first = int(told["first"])
        self.run = str(told["run"]).encode()
        self.seconds = float(told["seconds"])
        self.folder = str(told["folder"])
        self.settings = {
            "group.id": str(told["group"]),
            "fetch.wait.max.ms": "50",
            "queued.max.messages.kbytes": "16384",
            **for_reading(kafka_param),
            "auto.offset.reset": "error",
            "enable.auto.commit": "false",
            # A script may compute for as long as it likes between two batches.
            "max.poll.interval.ms": str(_LONGEST_POLL_MS),
            "log_level": "0",
        }
        self.servers = self.settings[SERVERS]


def of_run() -> TopicPlace | None:
    """Where the training data of this process is; None where it is on local disk."""
    told = runtime.internal_system_param.get("kafkaData")
    return None if told is None else TopicPlace(told, runtime.kafka_param)


def rows(place: TopicPlace, max_records: int) -> Iterator[list[dict[str, Any]]]:
    """Lists of up to `max_records` rows as `local_data.rows` gives them, from the first on.

    Raises KafkaReadError, and ContractError where the interpreter lacks the client, or pyarrow for Arrow messages.
    """
    batch: list[dict[str, Any]] = []
    for kind, content in _messages(place):
        for row in _rows_of(kind, content):
            batch.append(local_data.row_of(row))
            if len(batch) >= max_records:
                yield batch
                batch = []
    if batch:
        yield batch


def _rows_of(kind: bytes, content: bytes) -> Iterator[dict[str, Any]]:
    if kind == JSON_LINES:
        for line in content.splitlines():
            yield json.loads(line)
        return
    for batch in _arrow(content):
        yield from batch.to_pylist()


def _arrow(content: bytes) -> pa.RecordBatchReader:
    try:
        import pyarrow as pa
    except ModuleNotFoundError:
        raise _not_installed("pyarrow", "pyarrow") from None
    return pa.ipc.open_stream(content)


def collected(place: TopicPlace) -> str:
    """The folder with all of the rows as one part file of `local_data`, read to their end by the first call."""
    os.makedirs(place.folder, exist_ok=True)
    if not local_data.parts(place.folder):
        arriving = os.path.join(place.folder, "_arriving")
        form = _collect(place, arriving)
        os.replace(arriving, os.path.join(place.folder, f"part-00000.{form}"))
    return place.folder


def _collect(place: TopicPlace, path: str) -> str:
    """Write the rows into the new file `path` and give its form."""
    with open(path, "wb") as file:
        writer = None
        for kind, content in _messages(place):
            if kind == JSON_LINES:
                file.write(content)
                continue
            reader = _arrow(content)
            if writer is None:
                import pyarrow as pa

                writer = pa.ipc.new_file(file, reader.schema)
            for batch in reader:
                writer.write_batch(batch)
        if writer is None:
            return "json"
        writer.close()
        return "arrow"


def _messages(place: TopicPlace) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of the run's messages, without the last."""
    try:
        import confluent_kafka
    except ModuleNotFoundError:
        raise _not_installed("confluent_kafka", "confluent-kafka") from None
    told: list[str] = []
    consumer = confluent_kafka.Consumer({**place.settings, "error_cb": lambda error: told.append(error.str())})
    try:
        consumer.assign([confluent_kafka.TopicPartition(place.topic, 0, place.first)])
        count = 0
        while True:
            message = _next(consumer, place, told)
            headers = dict(message.headers() or ())
            if headers.get(RUN) != place.run:
                continue
            if headers[KIND] == END:
                _check_count(place, count, json.loads(message.value())["rows"])
                return
            count += _count(headers[KIND], message.value())
            yield headers[KIND], message.value()
    finally:
        consumer.close()


def _next(consumer: Any, place: TopicPlace, told: list[str]) -> Any:
    """The topic's next message. While none comes, the broker is asked whether it is still there."""
    from confluent_kafka import KafkaException, TopicPartition

    asked = time.monotonic()
    while True:
        message = consumer.poll(_STEP_SECONDS)
        if message is not None:
            if message.error() is not None:
                raise _problem(consumer, place, message.error(), told)
            return message
        if time.monotonic() - asked < place.seconds / 2:
            continue
        try:
            consumer.get_watermark_offsets(TopicPartition(place.topic, 0), place.seconds / 2, cached=False)
        except KafkaException as error:
            raise _problem(consumer, place, error.args[0], told) from None
        told.clear()
        asked = time.monotonic()


def _count(kind: bytes, content: bytes) -> int:
    if kind == ARROW_STREAM:
        return sum(batch.num_rows for batch in _arrow(content))
    return content.count(b"\n")


def _check_count(place: TopicPlace, count: int, sent: int) -> None:
    if count != sent:
        raise KafkaReadError(
            f"the topic {place.topic} has {count:,} of the {sent:,} rows that were written: the others are lost",
            "was the topic's retention.ms or retention.bytes too short for this training?",
        )


def _problem(consumer: Any, place: TopicPlace, error: Any, told: list[str]) -> KafkaReadError:
    """What the client says, as an error that names topic and broker."""
    from confluent_kafka import KafkaError, KafkaException

    if error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
        return KafkaReadError(
            f"the first rows in the topic {place.topic} are no longer there: the broker has removed them",
            "raise the topic's retention.ms and retention.bytes, or train again",
        )
    if error.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC):
        try:
            # Of a broker that is gone no topic is known either.
            consumer.list_topics(timeout=place.seconds / 2)
        except KafkaException as second:
            error = second.args[0]
        else:
            return KafkaReadError(f"the topic {place.topic} is no longer there: somebody has removed it")
    if error.code() in (KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError._ALL_BROKERS_DOWN):
        reasons = [plain(text) for text in told if _WHERE.match(text)]
        return KafkaReadError(
            f"the Kafka broker {place.servers} does not answer any more"
            + "".join(f": {text}" for text in reasons[-1:])
        )
    return KafkaReadError(f"the topic {place.topic} cannot be read: {plain(error.str())}")


def plain(text: str) -> str:
    """The client's message without the name of its thread, the address, and the state that it was in."""
    text = text.split(" (after ", 1)[0]
    return _WHERE.sub("", text)


def _not_installed(module: str, package: str) -> ContractError:
    return ContractError(
        f"the training data comes through Kafka, and the interpreter {sys.executable} has no {module}",
        f"install it: {sys.executable} -m pip install {package}",
    )
