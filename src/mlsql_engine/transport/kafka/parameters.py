"""kafkaParam.*: which broker, which topic, and how to connect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlsql_engine.core.duration import parse_duration
from mlsql_engine.core.errors import BadValue, UnknownOption
from mlsql_engine.core.reach import check_address, check_path
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text
from mlsql_sdk.kafka_settings import KEYS, OWN_KEYS, SERVERS, for_writing, key_of

_SECONDS = 10.0


@dataclass(frozen=True)
class KafkaParameters:
    """The parameters of one statement.

    `given` are the keys and values of the client; `topic` is None where none is named; `seconds` is how long a
    broker that does not answer is waited for; `spans` are where the values are written, by key.
    """

    given: Mapping[str, str]
    spans: Mapping[str, Span]
    topic: str | None = None
    group: str | None = None
    reuse: bool = False
    seconds: float = _SECONDS

    @property
    def servers(self) -> str:
        """The broker's address, or several divided by commas."""
        return self.given[SERVERS]

    @property
    def span(self) -> Span:
        """Where the broker is named."""
        return self.spans[SERVERS]

    def named_in(self, text: str) -> Span:
        """Where the key is given that a message of the client names in quotes; else where the broker is named."""
        return next((span for key, span in self.spans.items() if f'"{key}"' in text), self.span)

    @property
    def settings(self) -> dict[str, str]:
        """The client's settings to connect and to write."""
        return for_writing(self.given)


def parse(written: Mapping[str, Text]) -> KafkaParameters | None:
    """The parameters, None where none is written.

    Raises UnknownOption for a key that there is not, BadValue for one that is given twice, a value of the wrong
    form, parameters without a broker, and reuse without a topic; MlsqlError with code NOT_ALLOWED for a broker that
    the script may not reach.
    """
    if not written:
        return None
    values: dict[str, Text] = {}
    for key, value in written.items():
        name = key_of(key)
        if name not in KEYS:
            raise UnknownOption(
                f"kafkaParam.{key}", "train", [f"kafkaParam.{known}" for known in KEYS], span=value.span
            )
        if name in values:
            raise BadValue(f"the option 'kafkaParam.{key}' is given twice", span=value.span)
        values[name] = value
    if SERVERS not in values:
        raise BadValue(
            "kafkaParam does not say where the broker is",
            span=next(iter(values.values())).span,
            hint='kafkaParam.bootstrap.servers="host:9092"',
        )
    return _checked(values)


def _checked(values: Mapping[str, Text]) -> KafkaParameters:
    for key in (SERVERS, "topic", "group_id"):
        if key in values and not values[key].value.strip():
            raise BadValue(f"kafkaParam.{key} is empty", span=values[key].span)
    _check_reach(values)
    reuse = _reuse(values.get("reuse"))
    if reuse and "topic" not in values:
        raise BadValue(
            "kafkaParam.reuse needs kafkaParam.topic, the topic of an earlier training", span=values["reuse"].span
        )
    topic, group = values.get("topic"), values.get("group_id")
    return KafkaParameters(
        given={key: value.value for key, value in values.items() if key not in OWN_KEYS},
        spans={key: value.span for key, value in values.items()},
        topic=None if topic is None else topic.value,
        group=None if group is None else group.value,
        reuse=reuse,
        seconds=_seconds(values.get("timeout")),
    )


def _check_reach(values: Mapping[str, Text]) -> None:
    """Raise MlsqlError with code NOT_ALLOWED for brokers, servers and files that the script may not name."""
    for server in values[SERVERS].value.split(","):
        check_address(f"kafka://{server.strip()}", values[SERVERS].span)
    for key, text in values.items():
        if key.endswith((".location", ".keytab")):
            check_path(text.value, text.span)
        elif key.endswith(".url"):
            check_address(text.value, text.span)


def _reuse(text: Text | None) -> bool:
    if text is None:
        return False
    known = {"true": True, "false": False}
    if text.value.strip().lower() not in known:
        raise BadValue(f"kafkaParam.reuse is true or false, not '{text.value}'", span=text.span)
    return known[text.value.strip().lower()]


def _seconds(text: Text | None) -> float:
    if text is None:
        return _SECONDS
    try:
        return float(parse_duration(text.value))
    except ValueError:
        raise BadValue(
            f"kafkaParam.timeout is a length of time such as 10s or 2m, not '{text.value}'", span=text.span
        ) from None
