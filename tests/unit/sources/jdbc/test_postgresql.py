"""Tables of a PostgreSQL server: load and save."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import adbc_driver_manager
import adbc_driver_postgresql
import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.sources.jdbc.driver import DriverConnection
from unit.sources.jdbc.postgres import PASSWORD, USER, server
from unit.sources.jdbc.scripts import Scripts, scripts_in

pytestmark = pytest.mark.heavy
_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server() as address:
        yield address


class Shop:
    """A database of its own, connected to as `shop`."""

    def __init__(self, scripts: Scripts, address: str, name: str) -> None:
        self.scripts, self.address, self.name = scripts, address, name
        self.url = f"{address}/{name}"
        self.login = f'user="{USER}" and password="{PASSWORD}"'
        scripts.run(f'connect jdbc where url="{self.url}" and {self.login} as shop;')

    def connection(self) -> DriverConnection:
        uri = self.url.removeprefix("jdbc:") + f"?user={USER}&password={PASSWORD}"
        return DriverConnection("adbc_driver_postgresql", uri, "a test")

    def do(self, *statements: str) -> None:
        connection = self.connection()
        for statement in statements:
            connection.run(statement)
        connection.commit()
        connection.close()

    def stored(self, query: str) -> list[tuple[object, ...]]:
        connection = self.connection()
        try:
            return connection.rows(query)
        finally:
            connection.close()


@pytest.fixture
def shop(address: str, tmp_path: Path) -> Iterator[Shop]:
    name = f"shop_{next(_NUMBERS)}"
    uri = address.removeprefix("jdbc:") + f"/postgres?user={USER}&password={PASSWORD}"
    database = adbc_driver_postgresql.connect(uri)
    connection = adbc_driver_manager.AdbcConnection(database)
    statement = adbc_driver_manager.AdbcStatement(connection)
    statement.set_sql_query(f"CREATE DATABASE {name}")
    statement.execute_update()
    for handle in (statement, connection, database):
        handle.close()
    with scripts_in(tmp_path) as scripts:
        yield Shop(scripts, address, name)


def test_types(shop: Shop) -> None:
    columns = {
        "a smallint": ("1", "int16", 1),
        "b integer": ("2", "int32", 2),
        "c bigint": ("3", "int64", 3),
        "d real": ("1.5", "float", 1.5),
        "e double precision": ("2.5", "double", 2.5),
        "f text": ("'x'", "string", "x"),
        "g varchar(5)": ("'y'", "string", "y"),
        "h bytea": ("'\\x00ff'", "binary", b"\x00\xff"),
        "i boolean": ("true", "bool", True),
        "j date": ("'2020-01-02'", "date32[day]", date(2020, 1, 2)),
        "k timestamp": ("'2020-01-02 03:04:05'", "timestamp[us]", datetime(2020, 1, 2, 3, 4, 5)),  # noqa: DTZ001
        "m time": ("'01:02:03'", "time64[us]", time(1, 2, 3)),
        "n numeric(10, 2)": ("12.34", "decimal128(10, 2)", Decimal("12.34")),
        "o numeric": ("1.23456789", "decimal128(38, 18)", Decimal("1.234567890000000000")),
        "p uuid": (
            "'00000000-0000-0000-0000-000000000001'",
            "string",
            "00000000-0000-0000-0000-000000000001",
        ),
        "q jsonb": ("""'{"a": 1}'""", "string", '{"a": 1}'),
        "s interval": ("'1 day'", "string", "1 day"),
        "t money": ("1.5", "decimal128(20, 2)", Decimal("1.50")),
        "u integer[]": ("'{1,2}'", "list<l: int32>", [1, 2]),
        "v numeric(3, 1)[]": ("'{1.5}'", "string", "{1.5}"),
    }
    shop.do(
        f"CREATE TABLE t ({', '.join(columns)})",
        f"INSERT INTO t VALUES ({', '.join(value for value, _, _ in columns.values())})",
        "INSERT INTO t (a) VALUES (NULL)",
    )
    load = "load jdbc.`shop.t` as t;"
    assert list(shop.scripts.types(load).values()) == [kind for _, kind, _ in columns.values()]
    assert shop.scripts.rows(load) == [tuple(value for _, _, value in columns.values()), (None,) * len(columns)]


def test_a_time_with_its_zone(shop: Shop) -> None:
    shop.do("CREATE TABLE t (a timestamptz)", "INSERT INTO t VALUES ('2020-01-02 03:04:05+01')")
    ((when,),) = shop.scripts.rows("load jdbc.`shop.t` as t;")
    assert when == datetime(2020, 1, 2, 2, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "load",
    [
        "load jdbc.`shop.orders` as t;",
        "load jdbc.`shop.Orders` as t;",
        "load jdbc.`shop.public.orders` as t;",
        'load jdbc.`shop."orders"` as t;',
        'load jdbc.`shop` where dbtable="public.orders" as t;',
        'load jdbc.`shop` where query="select * from orders order by id;" and fetchsize="1" as t;',
        'load jdbc.`shop` where query="select * from orders -- all" as t;',
        'load jdbc.`orders` where url="URL" and LOGIN and driver="org.postgresql.Driver" as t;',
        'load jdbc.`orders` where url="URL?user=shopper&password=hunter2&ApplicationName=tests" as t;',
    ],
)
def test_ways_to_name_rows(shop: Shop, load: str) -> None:
    shop.do("CREATE TABLE orders (id bigint, item text)", "INSERT INTO orders VALUES (1, 'tea'), (2, NULL)")
    script = load.replace("URL", shop.url).replace("LOGIN", shop.login)
    assert shop.scripts.rows(script) == [(1, "tea"), (2, None)]


def test_an_empty_table(shop: Shop) -> None:
    shop.do("CREATE TABLE orders (id bigint, price numeric(5, 1))")
    load = "load jdbc.`shop.orders` as t;"
    assert shop.scripts.types(load) == {"id": "int64", "price": "decimal128(5, 1)"}
    assert shop.scripts.rows(load) == []


def test_many_rows(shop: Shop) -> None:
    shop.do("CREATE TABLE t AS SELECT g AS a, g::text AS b FROM generate_series(1, 150000) g")
    load = "load jdbc.`shop.t` as t; select count(*) as n, sum(a) as s, max(b) as b from t as u;"
    assert shop.scripts.rows(load) == [(150000, 11250075000, "99999")]


@pytest.mark.parametrize(
    ("script", "code", "message", "hint", "place"),
    [
        (
            "load jdbc.`shop.order` as t;",
            "UNKNOWN_TABLE",
            "there is no table 'order'",
            "did you mean 'orders'?",
            "`shop.order`",
        ),
        (
            'load jdbc.`shop` where query="select *\nfrom ordrs" as t;',
            "UNKNOWN_TABLE",
            "there is no table 'ordrs'",
            "did you mean 'orders'?",
            "ordrs",
        ),
        (
            'load jdbc.`shop` where query="select id,\n  nope from orders" as t;',
            "SQL",
            'PostgreSQL refuses the query: column "nope" does not exist',
            None,
            "nope",
        ),
        (
            'load jdbc.`shop` where query="delete from orders" as t;',
            "SQL",
            'PostgreSQL refuses the query: syntax error at or near "from"',
            None,
            "from",
        ),
        (
            'load jdbc.`shop` where query="select 1 / (g - 3) as a from generate_series(1, 5) g" as t;',
            "SQL",
            "PostgreSQL refuses the query: division by zero",
            None,
            '"select 1 / (g - 3) as a from generate_series(1, 5) g"',
        ),
        (
            'load jdbc.`shop` where query="select 1 as a, 2 as A" as t;',
            "DATA",
            "the query has two columns 'a'",
            "name them apart in the option query: select a as b …",
            '"select 1 as a, 2 as A"',
        ),
        (
            "load jdbc.`shop` where query=\"select 'NaN'::numeric as a\" as t;",
            "DATA",
            "the query holds a numeric that is no number, or infinite, which no decimal is",
            "say another type in the option query: select cast(a as double precision) as a …",
            "\"select 'NaN'::numeric as a\"",
        ),
        (
            "select struct(1 as a) as s as t; save t as jdbc.`shop.t`;",
            "UNSUPPORTED",
            "postgresql has no type for the column 's', which is struct<a:int>",
            "make it text in a select before, or leave it out",
            "`shop.t`",
        ),
        (
            "select 'x' as id as t; save append t as jdbc.`shop.orders`;",
            "CANNOT_WRITE",
            'orders cannot be written: invalid input syntax for type bigint: "x"',
            None,
            "`shop.orders`",
        ),
        (
            "select 1 as idd as t; save append t as jdbc.`shop.orders`;",
            "UNKNOWN_COLUMN",
            "there is no column 'idd'",
            "did you mean 'id'?",
            "`shop.orders`",
        ),
        (
            "select 1 as id as t; save t as jdbc.`shop.nope.t`;",
            "CANNOT_WRITE",
            'nope.t cannot be written: schema "nope" does not exist',
            None,
            "`shop.nope.t`",
        ),
        (
            "select 1 as id as t; save t as jdbc.`shop.a b`;",
            "BAD_VALUE",
            "'a b' is not the name of a PostgreSQL table",
            None,
            "`shop.a b`",
        ),
    ],
)
def test_what_fails(shop: Shop, script: str, code: str, message: str, hint: str | None, place: str) -> None:
    shop.do("CREATE TABLE orders (id bigint)")
    assert shop.scripts.said(script) == (code, message, hint, place)
    assert shop.stored("SELECT count(*)::int FROM orders") == [(0,)]


@pytest.mark.parametrize(
    ("login", "code", "message"),
    [
        (
            'user="shopper" and password="s3cret"',
            "LOGIN_REFUSED",
            'the database refuses the login: password authentication failed for user "shopper"',
        ),
        ('user="shopper"', "LOGIN_REFUSED", "the database refuses the login: no password supplied"),
    ],
)
def test_a_login_that_is_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, login: str, code: str, message: str
) -> None:
    for name in ("PGPASSWORD", "PGPASSFILE"):
        monkeypatch.delenv(name, raising=False)
    error = shop.scripts.error(f'load jdbc.`t` where url="{shop.url}" and {login} as t;')
    assert (error.code, error.message) == (code, message)
    assert error.hint == "the options user and password say who logs in"
    assert error.span is not None
    assert error.span.text == f'"{shop.url}"'
    assert "s3cret" not in error.render()


def test_no_such_database(shop: Shop) -> None:
    error = shop.scripts.error(f'load jdbc.`t` where url="{shop.address}/nope" and {shop.login} as t;')
    assert error.code == "CANNOT_CONNECT"
    assert error.message.endswith('failed: database "nope" does not exist')


def test_the_driver_is_an_extra(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    assert shop.scripts.said("load jdbc.`shop.t` as t;")[:3] == (
        "MISSING_EXTRA",
        "a PostgreSQL database needs adbc_driver_postgresql, which is not installed",
        "pip install 'mlsql-engine[jdbc]'",
    )


SOLD = """select 1 as id, 'x' as item, 1.50 as price, date'2020-01-02' as day, true as paid, array(1, 2) as parts,
    cast(2 as bigint) as number, cast('ab' as binary) as image, timestamp'2020-01-02 03:04:05' as at,
    null as gone as sold;"""


def test_save_makes_the_table(shop: Shop) -> None:
    shop.scripts.run(f"{SOLD} save sold as jdbc.`shop.sold`;")
    kinds = shop.stored(
        "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = 'sold'::regclass AND attnum > 0 ORDER BY attnum"
    )
    assert dict(kinds) == {
        "id": "integer",
        "item": "text",
        "price": "numeric(3,2)",
        "day": "date",
        "paid": "boolean",
        "parts": "integer[]",
        "number": "bigint",
        "image": "bytea",
        "at": "timestamp without time zone",
        "gone": "text",
    }
    same = "select count(*) as n from (select * from back intersect select * from sold) as u;"
    assert shop.scripts.rows(f"load jdbc.`shop.sold` as back; {same}") == [(1,)]


def test_save_where_the_table_is_there(shop: Shop) -> None:
    shop.do(
        "CREATE TABLE sold (item varchar(3), price numeric(5, 1), id smallint, at timestamptz DEFAULT now(),"
        " number serial, day text, paid text, parts text, image bytea, gone jsonb)"
    )
    shop.scripts.run("select 1 as ID, 'x' as Item, 1.25 as price, '{}' as gone as few;")
    assert shop.scripts.said("save few as jdbc.`shop.sold`;")[:2] == ("EXISTS", "the table sold exists already")
    shop.scripts.run("save ignore few as jdbc.`shop.sold`;")
    assert shop.stored("SELECT id FROM sold") == []
    shop.scripts.run("save append few as jdbc.`shop.sold`;")
    shop.scripts.run("save append few as jdbc.`shop.public.sold`;")
    wanted = (1, "x", "1.3", "{}")
    query = "SELECT id::int, item, price::text, gone::text FROM sold"
    assert shop.stored(query) == [wanted, wanted]
    assert shop.stored("SELECT number FROM sold ORDER BY 1") == [(1,), (2,)]
    error = shop.scripts.error("select 'long' as item as long; save append long as jdbc.`shop.sold`;")
    assert error.message == "sold cannot be written: value too long for type character varying(3)"
    shop.scripts.run("save overwrite few as jdbc.`shop.sold`;")
    assert shop.stored('SELECT "ID", "Item", price::text, gone FROM sold') == [(1, "x", "1.25", "{}")]


def test_names_between_quotes(shop: Shop) -> None:
    shop.do('CREATE SCHEMA "My"')
    shop.scripts.run('select 1 as `a "b` as t; save t as jdbc.`shop."My"."T 1"`; load jdbc.`shop."My"."T 1"` as u;')
    assert shop.stored('SELECT "a ""b" FROM "My"."T 1"') == [(1,)]
    assert shop.scripts.said("load jdbc.`shop.My.T` as u;")[:3] == (
        "UNKNOWN_TABLE",
        "there is no table 'my.t'",
        'known: "My"."T 1"',
    )


def test_the_current_schema(shop: Shop) -> None:
    shop.do("CREATE SCHEMA other")
    url = f'url="{shop.url}?currentSchema=other" and {shop.login}'
    shop.scripts.run(f"select 1 as a as t; save t as jdbc.`t` where {url}; save append t as jdbc.`t` where {url};")
    assert shop.stored("SELECT a FROM other.t") == [(1,), (1,)]
    assert shop.scripts.rows(f"load jdbc.`t` where {url} as u;") == [(1,), (1,)]


@pytest.mark.parametrize("mode", ["overwrite", "append"])
def test_a_save_that_fails_leaves_all_as_it_was(shop: Shop, mode: str) -> None:
    shop.do("CREATE TABLE sold (id bigint)", "INSERT INTO sold VALUES (7)")
    table = "select id * 1000000000000000 as id from range(100000) as many;"
    error = shop.scripts.error(f"{table} save {mode} many as jdbc.`shop.sold`;")
    assert error.message == "overflow in multiplication of bigint (9224 * 1000000000000000)"
    assert shop.stored("SELECT * FROM sold") == [(7,)]


def test_save_over_the_table_that_is_read(shop: Shop) -> None:
    shop.do("CREATE TABLE sold (id bigint)", "INSERT INTO sold VALUES (7)")
    shop.scripts.run("load jdbc.`shop.sold` as t; select id + 1 as id from t as u;")
    shop.scripts.run("save overwrite u as jdbc.`shop.sold`;")
    assert shop.stored("SELECT * FROM sold") == [(8,)]


def test_a_reading_that_is_cancelled(shop: Shop) -> None:
    raised: list[MlsqlError] = []
    shop.scripts.run('load jdbc.`shop` where query="select pg_sleep(600)::text as a" as t;')

    def read() -> None:
        try:
            shop.scripts.run("save t as csv.`t`;")
        except MlsqlError as error:
            raised.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    sleeping = "SELECT count(*)::int FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    assert any(shop.stored(sleeping) == [(1,)] for _ in range(1_000))
    (job,) = [row[0] for row in shop.scripts.rows("!show jobs;") if row[3] == "save t as csv.`t`"]
    shop.scripts.session.cancel(int(str(job)))
    thread.join(60)
    assert [error.code for error in raised] == ["CANCELLED"]
