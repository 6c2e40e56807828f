"""Which addresses the server calls when a job has ended: those of the settings, and no other."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from mlsql_engine.core.errors import BadValue, MlsqlError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Target:
    """Where a call goes. `path` has its query."""

    scheme: str
    host: str
    port: int
    path: str


@dataclass(frozen=True)
class _Entry:
    """One entry of the settings: a name, or a network; `port` None: any."""

    name: str
    network: Network | None
    port: int | None


class CallbackHosts:
    """`written` are names, addresses or networks, each with a port or for any: hooks.example.com, 10.0.0.0/8:8080.

    Raises BadValue for one of another form.
    """

    def __init__(self, written: Iterable[str]) -> None:
        self._entries = [_entry(text) for text in written]

    def target(self, url: str) -> Target:
        """What the URL names. Raises BadValue where it is none, MlsqlError (NOT_ALLOWED) for a foreign host."""
        parts = _parts(url)
        host = (parts.hostname or "").rstrip(".").lower()
        port = parts.port or PORTS[parts.scheme]
        target = Target(parts.scheme, host, port, f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}")
        if not self._may_be(target):
            raise _foreign(host, port)
        return target

    def address(self, target: Target) -> str:
        """The address to connect to: what the host's name stands for now, if that may be called.

        Raises OSError where the name is not known, MlsqlError (NOT_ALLOWED) where it stands for a foreign address.
        """
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        addresses = [str(item[4][0]) for item in found]
        if self._names(target):
            return addresses[0]
        for address in addresses:
            if not self._holds(address, target.port):
                raise _foreign(target.host, target.port)
        return addresses[0]

    def _may_be(self, target: Target) -> bool:
        """Whether the host is one that is named, or may turn out to be in a network."""
        if _is_address(target.host):
            return self._holds(target.host, target.port)
        networks = any(entry.network is not None and entry.port in (None, target.port) for entry in self._entries)
        return self._names(target) or networks

    def _names(self, target: Target) -> bool:
        return any(
            entry.network is None and entry.name == target.host and entry.port in (None, target.port)
            for entry in self._entries
        )

    def _holds(self, address: str, port: int) -> bool:
        found = ipaddress.ip_address(address.partition("%")[0])
        mapped = getattr(found, "ipv4_mapped", None)
        return any(
            entry.network is not None and (mapped or found) in entry.network and entry.port in (None, port)
            for entry in self._entries
        )


def _entry(text: str) -> _Entry:
    for host, port in ((text, None), _split_port(text)):
        try:
            return _Entry("", ipaddress.ip_network(host.strip("[]"), strict=False), port)
        except ValueError:
            continue
    host, port = _split_port(text)
    if not host or "/" in host or ":" in host:
        raise BadValue(
            f"'{text}' is no host that can be called",
            hint="a name, an address or a network, with a port or for any: hooks.example.com:8443, 10.0.0.0/8",
        )
    return _Entry(host.lower(), None, port)


def _split_port(text: str) -> tuple[str, int | None]:
    host, colon, port = text.rpartition(":")
    if colon and port.isdecimal() and not host.endswith(":"):
        return host, int(port)
    return text, None


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise BadValue(f"the callback is no URL: {error}") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise BadValue("the callback is no http or https URL", hint="callback=https://host/path")
    if parts.username is not None or parts.password is not None:
        raise BadValue("the URL of the callback holds a login", hint="leave it out: calls are signed instead")
    if any(ord(character) <= 32 or ord(character) >= 127 for character in url):
        raise BadValue("the URL of the callback holds blanks or other than ASCII", hint="write them as %20")
    return parts


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _foreign(host: str, port: int) -> MlsqlError:
    return MlsqlError(
        f"this server does not call {host}:{port}",
        code="NOT_ALLOWED",
        hint="whoever runs it can allow it: mlsql serve --callback-host HOST",
    )
