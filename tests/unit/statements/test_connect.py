"""connect: a name for a place, which loads of that format take from then on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pytest

from mlsql_engine.core.options import option
from mlsql_engine.core.registry import Registry
from mlsql_engine.engines.base import Engine, Relation
from mlsql_engine.engines.requests import ArrowRows, ReadRequest
from mlsql_engine.registries import sources
from mlsql_engine.sources.base import LoadRequest, SaveRequest, Source
from unit.statements.scripts import Scripts


@dataclass(frozen=True)
class ShopConnect:
    url: str = option(doc="where the shop is")
    user: str = option("nobody", doc="who asks")


@dataclass(frozen=True)
class ShopLoad:
    most: int = option(10, doc="how many rows at most")


@dataclass(frozen=True)
class Shop:
    """A format that gives what it was asked for as a row."""

    name: str = "shop"
    load_options: type | None = ShopLoad
    save_options: type | None = None
    connect_options: type | None = ShopConnect
    place: Literal["path", "variable", "connection"] = "connection"

    def load(self, request: LoadRequest, engine: Engine) -> Relation:
        connection: Any = request.connection
        row = {
            "place": request.place,
            "most": request.options.most,
            "url": connection and connection.url,
            "user": connection and connection.user,
        }
        schema = pa.schema(
            [("place", pa.string()), ("most", pa.int32()), ("url", pa.string()), ("user", pa.string())]
        )
        return engine.read(ReadRequest(ArrowRows(pa.Table.from_pylist([row], schema))))

    def save(self, relation: Relation, request: SaveRequest, engine: Engine) -> int | None:
        raise NotImplementedError


@pytest.fixture
def shops(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Scripts:
    def with_shops() -> Registry[Source]:
        registry = sources()
        for name in ("shop", "market"):
            registry.add(name, lambda name=name: Shop(name))  # type: ignore[misc]
        return registry

    monkeypatch.setattr("mlsql_engine.session.sources", with_shops)
    return Scripts(tmp_path)


CONNECT = "connect shop where url='a://b' and user='ann' as mine;"


def test_a_table_of_a_connection(shops: Scripts) -> None:
    with shops:
        script = f"{CONNECT} load shop.`mine.orders.2026` where most='3' as t;"
        row = {"place": "orders.2026", "most": 3, "url": "a://b", "user": "ann"}
        assert shops.run(script) == [row]
        # It stays for later scripts, and its name is in any case.
        assert shops.run("load SHOP.`MINE.orders.2026` where most='3' as t;") == [row]


def test_what_is_of_no_connection_is_the_sources_matter(shops: Scripts) -> None:
    with shops:
        row = {"most": 10, "url": None, "user": None}
        assert shops.run(f"{CONNECT} load shop.`other.orders` as t;") == [{"place": "other.orders", **row}]
        assert shops.run("load shop.`other` as t;") == [{"place": "other", **row}]
        assert shops.run("load market.`mine.orders` as t;") == [{"place": "mine.orders", **row}]


def test_the_connections_name_alone_is_all_of_it(shops: Scripts) -> None:
    with shops:
        assert shops.run(f"{CONNECT} load shop.`mine` as t;") == [
            {"place": "", "most": 10, "url": "a://b", "user": "ann"}
        ]


def test_the_name_stands_for_the_new_place_from_then_on(shops: Scripts) -> None:
    with shops:
        shops.run(f"{CONNECT} load shop.`mine.a` as t;")
        shops.run("connect SHOP where url='c://d' as Mine; load shop.`mine.a` as u;")
        assert [row["url"] for row in shops.run("select url from t union all select url from u as v;")] == [
            "a://b",
            "c://d",
        ]


def test_what_show_tells(shops: Scripts) -> None:
    with shops:
        assert shops.run(f"{CONNECT} !show connections;") == [{"name": "mine", "format": "shop"}]
        assert {"name": "shop", "load": True, "save": False, "connect": True} in shops.run("!show sources;")
        assert [row["option"] for row in shops.run("!show sources shop;")] == ["most", "url", "user"]


@pytest.mark.parametrize(
    ("script", "code", "message", "hint"),
    [
        ("connect shop as s;", "BAD_VALUE", "connect shop needs the option 'url'", "url: where the shop is"),
        (
            "connect shop where url='a' and usr='b' as s;",
            "UNKNOWN_OPTION",
            "'usr' is not an option of connect shop",
            "did you mean 'user'?",
        ),
        (
            "connect csv as s;",
            "UNKNOWN_FORMAT",
            "csv cannot be connected to",
            "formats that can: jdbc, market, shop",
        ),
        ("connect shp as s;", "UNKNOWN_FORMAT", "there is no format 'shp'", "did you mean 'shop'?"),
        (
            "select 1 as a as t; save t as shop.`mine.t`;",
            "UNKNOWN_FORMAT",
            "shop cannot be saved",
            "formats that can: csv, jdbc, json, parquet",
        ),
    ],
)
def test_what_is_wrong(shops: Scripts, script: str, code: str, message: str, hint: str) -> None:
    with shops:
        error = shops.fails(script)
    assert (error.code, error.message, error.hint) == (code, message, hint)


def test_nothing_is_kept_of_what_is_refused(shops: Scripts) -> None:
    with shops:
        shops.fails("connect shop where user='b' as s;")
        assert shops.run("!show connections;") == []
