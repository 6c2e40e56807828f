"""A training log for which there is no broker."""

from __future__ import annotations

import sys

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.span import Source, Span
from mlsql_engine.transport.kafka.broker import Broker
from mlsql_engine.transport.kafka.parameters import KafkaParameters
from mlsql_engine.transport.kafka.training_log import TrainingLog
from recorded import RecordedProgress

PLACE = Span(Source("script", "127.0.0.1:9"), 0, 11)
NOBODY = KafkaParameters({"bootstrap.servers": "127.0.0.1:9"}, {"bootstrap.servers": PLACE})


def test_a_broker_that_refuses_is_one_warning() -> None:
    progress = RecordedProgress()
    for _ in range(2):
        with TrainingLog(NOBODY, "/model", progress) as log:
            for number in range(1000):
                log.send(0, "train.py", str(number))
    assert progress.warnings == [
        (
            "KAFKA_LOG",
            "the training log is shown here only: the Kafka broker 127.0.0.1:9 cannot be reached: "
            "Connection refused",
        )
    ]


def test_without_the_client_it_is_a_warning_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    progress = RecordedProgress()
    with TrainingLog(NOBODY, "/model", progress) as log:
        log.send(0, "train.py", "a line")
    assert progress.warnings == [
        (
            "KAFKA_LOG",
            "the training log is shown here only: a training log in Kafka needs confluent_kafka, which is not "
            "installed; pip install 'mlsql-engine[kafka]'",
        )
    ]


def test_without_the_client_data_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    with pytest.raises(MlsqlError) as caught:
        Broker(NOBODY, "training through Kafka")
    assert (caught.value.code, caught.value.message, caught.value.hint) == (
        "MISSING_EXTRA",
        "training through Kafka needs confluent_kafka, which is not installed",
        "pip install 'mlsql-engine[kafka]'",
    )


def test_a_broker_that_refuses_is_an_error_that_names_it() -> None:
    with pytest.raises(MlsqlError) as caught:
        Broker(NOBODY, "training through Kafka").connect()
    assert (caught.value.code, caught.value.message, caught.value.span) == (
        "KAFKA_UNREACHABLE",
        "the Kafka broker 127.0.0.1:9 cannot be reached: Connection refused",
        PLACE,
    )


def test_a_setting_that_the_client_refuses() -> None:
    place = Span(Source("script", "tls"), 0, 3)
    given = {**NOBODY.given, "security.protocol": "tls"}
    with pytest.raises(MlsqlError) as caught:
        Broker(KafkaParameters(given, {**NOBODY.spans, "security.protocol": place}), "training through Kafka")
    assert (caught.value.code, caught.value.message, caught.value.span) == (
        "BAD_VALUE",
        'kafkaParam: Invalid value "tls" for configuration property "security.protocol"',
        place,
    )
