"""kafkaParam as it is written."""

from __future__ import annotations

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text
from mlsql_engine.transport.kafka.parameters import KafkaParameters, parse
from mlsql_sdk.kafka_settings import for_reading, for_writing


def parsed(**written: str) -> KafkaParameters:
    parameters = parse(texts(written))
    assert parameters is not None
    return parameters


def texts(written: dict[str, str]) -> dict[str, Text]:
    return {
        key.replace("__", "."): Text.literal(value, Span(Source("script", value), 0, len(value)))
        for key, value in written.items()
    }


def test_nothing_written_is_no_broker() -> None:
    assert parse({}) is None


def test_what_is_left_out() -> None:
    found = parsed(bootstrap__servers="a:1,b:2")
    assert (found.servers, found.topic, found.group, found.reuse, found.seconds) == (
        "a:1,b:2",
        None,
        None,
        False,
        10,
    )


def test_everything_in_both_spellings() -> None:
    found = parsed(
        bootstrap_servers="a:1",
        topic="t",
        group__id="g",
        reuse="True",
        timeout="500ms",
        security_protocol="ssl",
        compression__type="zstd",
        fetch__max__bytes="9",
    )
    assert (found.servers, found.topic, found.group, found.reuse, found.seconds) == ("a:1", "t", "g", True, 0.5)
    assert found.settings == {"bootstrap.servers": "a:1", "security.protocol": "ssl", "compression.type": "zstd"}


def test_who_reads_and_who_writes_get_their_own_settings() -> None:
    given = {"bootstrap_servers": "a:1", "linger.ms": "5", "fetch.max.bytes": "9", "topic": "t", "group_id": "g"}
    assert for_writing(given) == {"bootstrap.servers": "a:1", "linger.ms": "5"}
    assert for_reading(given) == {"bootstrap.servers": "a:1", "fetch.max.bytes": "9"}


@pytest.mark.parametrize(
    ("written", "code", "message", "hint"),
    [
        (
            {"bootstrap__server": "a:1"},
            "UNKNOWN_OPTION",
            "'kafkaParam.bootstrap.server' is not an option of train",
            "did you mean 'kafkaParam.bootstrap.servers'?",
        ),
        (
            {"enable__auto__commit": "true", "bootstrap__servers": "a:1"},
            "UNKNOWN_OPTION",
            "'kafkaParam.enable.auto.commit' is not an option of train",
            None,
        ),
        (
            {"bootstrap__servers": "a:1", "bootstrap_servers": "a:1"},
            "BAD_VALUE",
            "the option 'kafkaParam.bootstrap_servers' is given twice",
            None,
        ),
        (
            {"topic": "t"},
            "BAD_VALUE",
            "kafkaParam does not say where the broker is",
            'kafkaParam.bootstrap.servers="host:9092"',
        ),
        ({"bootstrap__servers": " "}, "BAD_VALUE", "kafkaParam.bootstrap.servers is empty", None),
        (
            {"bootstrap__servers": "a:1", "reuse": "true"},
            "BAD_VALUE",
            "kafkaParam.reuse needs kafkaParam.topic, the topic of an earlier training",
            None,
        ),
        (
            {"bootstrap__servers": "a:1", "reuse": "1"},
            "BAD_VALUE",
            "kafkaParam.reuse is true or false, not '1'",
            None,
        ),
        (
            {"bootstrap__servers": "a:1", "timeout": "soon"},
            "BAD_VALUE",
            "kafkaParam.timeout is a length of time such as 10s or 2m, not 'soon'",
            None,
        ),
    ],
)
def test_what_is_refused(written: dict[str, str], code: str, message: str, hint: str | None) -> None:
    with pytest.raises(MlsqlError) as caught:
        parsed(**written)
    error = caught.value
    assert (error.code, error.message) == (code, message)
    assert error.span is not None
    if hint is not None:
        assert error.hint == hint
