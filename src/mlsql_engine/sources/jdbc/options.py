"""What connect, load and save take for the format jdbc."""

from __future__ import annotations

from dataclasses import dataclass

from mlsql_engine.core.options import Secret, option
from mlsql_engine.core.text import Text
from mlsql_engine.sources.jdbc.address import JdbcUrl

_URL = "where the database is: jdbc:sqlite:/path/shop.db or jdbc:postgresql://host:5432/shop"
_USER = "the name to log in with"
_PASSWORD = "the password of the user; it stands in no error, log or table"  # noqa: S105 - the option's manual
_DRIVER = "the Java class that Spark loads; here the url alone tells the database"


@dataclass(frozen=True)
class JdbcConnect:
    """Options of connect jdbc."""

    url: JdbcUrl = option(doc=_URL)
    user: str | None = option(None, doc=_USER)
    password: Secret | None = option(None, doc=_PASSWORD)
    driver: str | None = option(None, doc=_DRIVER)


@dataclass(frozen=True)
class JdbcLoad:
    """Options of load jdbc."""

    dbtable: Text | None = option(
        None, doc="the table, or a query in brackets with a name, where the path names no table"
    )
    query: Text | None = option(
        None, aliases=("directQuery",), doc="a query in the database's own SQL, where the path names no table"
    )
    fetchsize: int | None = option(
        None, doc="how many rows sqlite gives at a time; postgresql decides that itself", least=0
    )
    url: JdbcUrl | None = option(None, doc=f"{_URL}; a connection tells it")
    user: str | None = option(None, doc=_USER)
    password: Secret | None = option(None, doc=_PASSWORD)
    driver: str | None = option(None, doc=_DRIVER)


@dataclass(frozen=True)
class JdbcSave:
    """Options of save jdbc."""

    dbtable: Text | None = option(None, doc="the table, where the path names none")
    url: JdbcUrl | None = option(None, doc=f"{_URL}; a connection tells it")
    user: str | None = option(None, doc=_USER)
    password: Secret | None = option(None, doc=_PASSWORD)
    driver: str | None = option(None, doc=_DRIVER)
