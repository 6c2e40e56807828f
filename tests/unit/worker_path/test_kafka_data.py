"""Reading training data from Kafka, as far as it goes without a broker."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mlsql_sdk.failures import ContractError
from mlsql_sdk.kafka_data import TopicPlace, collected, plain, rows

TOLD = {"topic": "t", "run": "r", "first": 3, "group": "g", "seconds": 2.0}


def place(folder: Path) -> TopicPlace:
    given = {"bootstrap_servers": "a:1", "group_id": "x", "fetch.wait.max.ms": "7", "compression.type": "lz4"}
    return TopicPlace({**TOLD, "folder": str(folder)}, given)


def test_how_a_reader_connects(tmp_path: Path) -> None:
    assert place(tmp_path).settings == {
        "bootstrap.servers": "a:1",
        "group.id": "g",
        "fetch.wait.max.ms": "7",
        "queued.max.messages.kbytes": "16384",
        "auto.offset.reset": "error",
        "enable.auto.commit": "false",
        "max.poll.interval.ms": "86400000",
        "log_level": "0",
    }


def test_an_interpreter_without_the_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    for read in (lambda: next(rows(place(tmp_path), 10)), lambda: collected(place(tmp_path))):
        with pytest.raises(ContractError) as caught:
            read()
        assert str(caught.value) == (
            f"the training data comes through Kafka, and the interpreter {sys.executable} has no confluent_kafka"
        )
        assert caught.value.hint == f"install it: {sys.executable} -m pip install confluent-kafka"


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (
            "localhost:9/bootstrap: Connect to ipv4#127.0.0.1:9 failed: Connection refused (after 0ms in state X)",
            "Connection refused",
        ),
        ("[::1]:9/1: Disconnected (after 12ms in state UP)", "Disconnected"),
        ("Broker: Message size too large", "Broker: Message size too large"),
    ],
)
def test_what_the_client_says_is_shown_without_its_own_matters(told: str, shown: str) -> None:
    assert plain(told) == shown
