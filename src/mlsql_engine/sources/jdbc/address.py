"""Addresses of databases as Java's drivers write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode

from mlsql_engine.core.errors import BadValue, MlsqlError, suggestion
from mlsql_engine.core.options import Secret
from mlsql_engine.core.paths import resolve_path
from mlsql_engine.core.reach import check_address, check_path
from mlsql_engine.core.span import Span
from mlsql_engine.core.text import Text

_FORMS: Final = "jdbc:sqlite:/path/shop.db or jdbc:postgresql://host:5432/shop"
_URL = re.compile(r"\s*jdbc:([A-Za-z][\w.+-]*):(.*?)\s*", re.DOTALL | re.IGNORECASE)
_SERVER = re.compile(
    r"(?://(?:(?P<login>[^/?]*)@)?(?P<hosts>[^/?@]*)/?)?(?P<name>[^/?@]*)(?:\?(?P<parameters>.*))?"
)


@dataclass(frozen=True)
class SqliteFile:
    """A database in a file; `path` is absolute."""

    path: Path
    span: Span


@dataclass(frozen=True)
class PostgresServer:
    """A database of a server.

    `hosts` is `host:port`, several with commas between; `parameters` are libpq's. `user` and `password` are those
    of the address, or None.
    """

    hosts: str
    name: str
    parameters: tuple[tuple[str, str], ...]
    user: str | None
    password: Secret | None
    span: Span

    def uri(self, user: str | None, password: Secret | None) -> str:
        """What libpq takes. The user and the password, where given, go before those of the address."""
        user = user if user is not None else self.user
        password = password if password is not None else self.password
        parameters = dict(self.parameters)
        # In the query part they need no rules about empty names and several hosts.
        if user is not None:
            parameters["user"] = user
        if password is not None:
            parameters["password"] = password.value
        return f"postgresql://{self.hosts}/{quote(self.name, safe='')}?{urlencode(parameters, quote_via=quote)}"


@dataclass(frozen=True)
class JdbcUrl:
    """Where a database is."""

    described: ClassVar[str] = "an address"
    place: SqliteFile | PostgresServer

    @classmethod
    def of_text(cls, text: Text) -> JdbcUrl:
        """The address in an option. A relative path of a file starts from the script's folder.

        Raises BadValue for what is no address, MlsqlError with code UNSUPPORTED for a database that is not known.
        """
        found = _URL.fullmatch(text.value)
        if found is None:
            raise BadValue("this is not the address of a database", span=text.span, hint=f"write {_FORMS}")
        database, rest = found.group(1).lower(), found.group(2)
        read = _PLACES.get(database)
        if read is None:
            raise MlsqlError(
                f"databases of '{database}' are not supported",
                span=text.span,
                code="UNSUPPORTED",
                hint=f"supported: {', '.join(_PLACES)}",
            )
        return cls(read(rest, text))


def _sqlite(rest: str, text: Text) -> SqliteFile:
    if "?" in rest or rest.startswith(("file:", ":resource:")):
        raise BadValue(
            "an address of sqlite is a path, without parameters", span=text.span, hint="jdbc:sqlite:/path/shop.db"
        )
    if rest in {"", ":memory:"}:
        raise BadValue(
            "a sqlite database in memory holds nothing",
            span=text.span,
            hint="name a file: jdbc:sqlite:/path/shop.db",
        )
    start = text.value.index(rest)
    return SqliteFile(resolve_path(text.part(start, start + len(rest)), text.span.source.folder), text.span)


def _same(name: str) -> Callable[[str], tuple[str, str]]:
    return lambda value: (name, value)


# What Java's driver calls it, in lower case, and what libpq does.
_PARAMETERS: Final[Mapping[str, Callable[[str], tuple[str, str]]]] = {
    "user": _same("user"),
    "password": _same("password"),
    "ssl": lambda value: ("sslmode", "verify-full" if value.lower() in {"", "true"} else "disable"),
    "sslmode": _same("sslmode"),
    "sslrootcert": _same("sslrootcert"),
    "sslcert": _same("sslcert"),
    "sslkey": _same("sslkey"),
    "connecttimeout": _same("connect_timeout"),
    "logintimeout": _same("connect_timeout"),
    "applicationname": _same("application_name"),
    "currentschema": lambda value: ("options", f"-csearch_path={value}".replace(" ", "")),
    "options": _same("options"),
}
_FILES: Final = {"sslrootcert", "sslcert", "sslkey"}
_CONNECT_SECONDS: Final = 30


def _postgresql(rest: str, text: Text) -> PostgresServer:
    found = _SERVER.fullmatch(rest)
    if found is None:
        raise BadValue(
            "this is not the address of a PostgreSQL database",
            span=text.span,
            hint="jdbc:postgresql://host:5432/shop",
        )
    parameters = {"connect_timeout": str(_CONNECT_SECONDS)}
    for name, value in parse_qsl(found["parameters"] or "", keep_blank_values=True):
        parameter = _PARAMETERS.get(name.lower())
        if parameter is None:
            raise BadValue(
                f"the parameter '{name}' of the address is not understood",
                span=text.span,
                hint=suggestion(name, sorted(_PARAMETERS), "parameter"),
            )
        key, converted = parameter(value)
        if key in parameters and key == "options":
            converted = f"{parameters[key]} {converted}"
        parameters[key] = converted
    user, password = parameters.pop("user", None), parameters.pop("password", None)
    if found["login"] is not None:
        name, colon, word = found["login"].partition(":")
        user, password = unquote(name), unquote(word) if colon else password
    hosts = found["hosts"] or "localhost"
    for host in hosts.split(","):
        check_address(f"jdbc:postgresql://{host}/{unquote(found['name'])}", text.span)
    for key in _FILES & parameters.keys():
        check_path(parameters[key], text.span)
    return PostgresServer(
        hosts,
        unquote(found["name"]),
        tuple(parameters.items()),
        user,
        None if password is None else Secret(password),
        text.span,
    )


_PLACES: Final[Mapping[str, Callable[[str, Text], SqliteFile | PostgresServer]]] = {
    "postgresql": _postgresql,
    "sqlite": _sqlite,
}
