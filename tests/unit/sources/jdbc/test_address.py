"""Addresses of databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.options import Secret
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text
from mlsql_engine.sources.jdbc.address import JdbcUrl, PostgresServer, SqliteFile


def read(url: str) -> SqliteFile | PostgresServer:
    source = Source("script", url, Path("/scripts"))
    return JdbcUrl.of_text(Text.literal(url, Span(source, 0, len(url)))).place


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("jdbc:sqlite:shop.db", "/scripts/shop.db"),
        ("jdbc:sqlite:/data/my shop.db", "/data/my shop.db"),
        ("JDBC:SQLite:data/shop.db ", "/scripts/data/shop.db"),
        ("jdbc:sqlite:~/shop.db", str(Path.home() / "shop.db")),
    ],
)
def test_files(url: str, path: str) -> None:
    place = read(url)
    assert isinstance(place, SqliteFile)
    assert str(place.path) == path


@pytest.mark.parametrize(
    ("url", "uri"),
    [
        ("jdbc:postgresql://db:5433/shop", "postgresql://db:5433/shop?connect_timeout=30"),
        ("jdbc:postgresql://db/shop", "postgresql://db/shop?connect_timeout=30"),
        ("jdbc:postgresql:shop", "postgresql://localhost/shop?connect_timeout=30"),
        ("jdbc:postgresql://a:1,b:2/shop", "postgresql://a:1,b:2/shop?connect_timeout=30"),
        ("jdbc:postgresql://[::1]:5432/shop", "postgresql://[::1]:5432/shop?connect_timeout=30"),
        ("jdbc:postgresql://db/my%20shop?connectTimeout=5", "postgresql://db/my%20shop?connect_timeout=5"),
        ("jdbc:postgresql://db/shop?ssl=true", "postgresql://db/shop?connect_timeout=30&sslmode=verify-full"),
        (
            "jdbc:postgresql://db/shop?currentSchema=a, b&options=-c%20geqo=off&ApplicationName=m",
            "postgresql://db/shop?connect_timeout=30&options=-csearch_path%3Da%2Cb%20-c%20geqo%3Doff"
            "&application_name=m",
        ),
        (
            "jdbc:postgresql://db/shop?user=u&password=a%26b",
            "postgresql://db/shop?connect_timeout=30&user=u&password=a%26b",
        ),
        ("jdbc:postgresql://u:p%40w@db/shop", "postgresql://db/shop?connect_timeout=30&user=u&password=p%40w"),
    ],
)
def test_servers(url: str, uri: str) -> None:
    place = read(url)
    assert isinstance(place, PostgresServer)
    assert place.uri(None, None) == uri


def test_options_go_before_the_address() -> None:
    place = read("jdbc:postgresql://u:p@db/shop")
    assert isinstance(place, PostgresServer)
    assert place.uri("v", Secret("&q")) == "postgresql://db/shop?connect_timeout=30&user=v&password=%26q"


def test_the_password_is_in_no_representation() -> None:
    assert "hunter2" not in repr(read("jdbc:postgresql://u:hunter2@db/shop"))


@pytest.mark.parametrize(
    ("url", "code", "message", "hint"),
    [
        (
            "shop.db",
            "BAD_VALUE",
            "this is not the address of a database",
            "write jdbc:sqlite:/path/shop.db or jdbc:postgresql://host:5432/shop",
        ),
        (
            "jdbc:mysql://h/d",
            "UNSUPPORTED",
            "databases of 'mysql' are not supported",
            "supported: postgresql, sqlite",
        ),
        (
            "jdbc:sqlite:shop.db?mode=ro",
            "BAD_VALUE",
            "an address of sqlite is a path, without parameters",
            "jdbc:sqlite:/path/shop.db",
        ),
        (
            "jdbc:sqlite::memory:",
            "BAD_VALUE",
            "a sqlite database in memory holds nothing",
            "name a file: jdbc:sqlite:/path/shop.db",
        ),
        (
            "jdbc:postgresql://h/a/b",
            "BAD_VALUE",
            "this is not the address of a PostgreSQL database",
            "jdbc:postgresql://host:5432/shop",
        ),
        (
            "jdbc:postgresql://h/d?sslmod=x",
            "BAD_VALUE",
            "the parameter 'sslmod' of the address is not understood",
            "did you mean 'sslmode'?",
        ),
    ],
)
def test_what_is_no_address(url: str, code: str, message: str, hint: str) -> None:
    with pytest.raises(MlsqlError) as raised:
        read(url)
    error = raised.value
    assert (error.code, error.message, error.hint) == (code, message, hint)
    assert error.span is not None
    assert error.span.text == url
