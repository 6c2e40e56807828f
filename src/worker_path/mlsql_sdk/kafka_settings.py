"""The keys of kafkaParam, and the headers of messages that hold training data: what host and worker agree on.

Keys are librdkafka's, also in the spelling of kafka-python (`security_protocol`). Left out are those that would
change what is read or written (offsets, groups, transactions), and those whose value is a secret that is not called
one (`ssl.key.pem`).
"""

from __future__ import annotations

from collections.abc import Mapping

SERVERS = "bootstrap.servers"
OWN_KEYS = ("topic", "group_id", "reuse", "timeout")
"""Keys that mlsql itself reads, as they are written."""

_CONNECTION_KEYS = (
    *("client.id", "client.rack", "broker.address.family", "broker.address.ttl", "metadata.max.age.ms"),
    *("security.protocol", "sasl.mechanism", "sasl.mechanisms", "sasl.username", "sasl.password"),
    *("sasl.kerberos.service.name", "sasl.kerberos.principal", "sasl.kerberos.keytab"),
    *("sasl.oauthbearer.method", "sasl.oauthbearer.client.id", "sasl.oauthbearer.client.secret"),
    *("sasl.oauthbearer.scope", "sasl.oauthbearer.token.endpoint.url", "sasl.oauthbearer.extensions"),
    *("ssl.ca.location", "ssl.certificate.location", "ssl.key.location", "ssl.key.password"),
    *("ssl.keystore.location", "ssl.keystore.password", "ssl.cipher.suites"),
    *("ssl.endpoint.identification.algorithm", "enable.ssl.certificate.verification"),
    *("socket.timeout.ms", "socket.keepalive.enable", "socket.connection.setup.timeout.ms"),
    *(
        "socket.send.buffer.bytes",
        "socket.receive.buffer.bytes",
        "reconnect.backoff.ms",
        "reconnect.backoff.max.ms",
    ),
)
_WRITING_KEYS = ("compression.type", "compression.level", "linger.ms", "batch.size")
_READING_KEYS = ("fetch.wait.max.ms", "fetch.message.max.bytes", "fetch.max.bytes", "queued.max.messages.kbytes")

KEYS = (SERVERS, *OWN_KEYS, *_CONNECTION_KEYS, *_WRITING_KEYS, *_READING_KEYS)

RUN = "mlsql-run"
"""The header that names the run which a message belongs to: several may have written into one topic."""
KIND = "mlsql-kind"
"""The header that tells what a message is: JSON_LINES, ARROW_STREAM or END."""
JSON_LINES = b"json"
ARROW_STREAM = b"arrow"
END = b"end"
"""Behind the last rows of a run: a JSON object {"first", "rows", "form", "columns"}; `first` is an offset at or
before that of the run's first message, `columns` are the names."""


def key_of(written: str) -> str:
    """The key that is meant by one as it is written in a script or handed to a script."""
    if written in ("group_id", "group.id"):
        return "group_id"
    return written.replace("_", ".")


def for_writing(given: Mapping[str, str]) -> dict[str, str]:
    """The client's settings to connect and write with, from the keys and values of kafkaParam."""
    return _chosen(given, (SERVERS, *_CONNECTION_KEYS, *_WRITING_KEYS))


def for_reading(given: Mapping[str, str]) -> dict[str, str]:
    """The client's settings to connect and read with, from the keys and values of kafkaParam."""
    return _chosen(given, (SERVERS, *_CONNECTION_KEYS, *_READING_KEYS))


def _chosen(given: Mapping[str, str], keys: tuple[str, ...]) -> dict[str, str]:
    settings = {key_of(written): value for written, value in given.items()}
    return {key: value for key, value in settings.items() if key in keys}
