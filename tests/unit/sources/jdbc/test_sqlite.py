"""Tables of sqlite files: load and save."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from unit.sources.jdbc.scripts import Scripts, scripts_in

CONNECT = 'connect jdbc where url="jdbc:sqlite:shop.db" and password="hunter2" as shop;\n'
ORDERS = """
    CREATE TABLE orders (id INTEGER, price REAL, item TEXT, image BLOB);
    INSERT INTO orders VALUES (1, 2.5, 'tea', x'00ff'), (NULL, NULL, NULL, NULL), (2, 3, '', x'');
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Iterator[Scripts]:
    with scripts_in(tmp_path) as scripts:
        scripts.sqlite(ORDERS)
        scripts.run(CONNECT)
        yield scripts


def test_a_table(scripts: Scripts) -> None:
    load = "load jdbc.`shop.orders` as t;"
    assert scripts.types(load) == {"id": "int64", "price": "double", "item": "string", "image": "binary"}
    assert scripts.rows(load) == [(1, 2.5, "tea", b"\x00\xff"), (None, None, None, None), (2, 3.0, "", b"")]


@pytest.mark.parametrize(
    "load",
    [
        'load jdbc.`shop` where query="select id, item from orders where id > 0 order by id desc; " as t;',
        'load jdbc.`shop` where query="select id, item from orders where id > 0 order by id desc -- all" as t;',
        'load jdbc.`shop` where directQuery="select id, item from orders where id > 0 order by id desc" as t;',
        'load jdbc.`shop` where dbtable="(select id, item from orders where id > 0 order by 1 desc) as x" as t;',
        "load jdbc.`` where url='jdbc:sqlite:shop.db' and driver='org.sqlite.JDBC' and "
        'query="select id, item from orders where id > 0 order by id desc" and fetchsize="1" as t;',
    ],
)
def test_a_query(scripts: Scripts, load: str) -> None:
    assert scripts.rows(load) == [(2, ""), (1, "tea")]


@pytest.mark.parametrize(
    "load",
    [
        "load jdbc.`SHOP.Orders` as t;",
        'load jdbc.`shop."orders"` as t;',
        "load jdbc.`shop.main.orders` as t;",
        'load jdbc.`shop` where dbtable="orders" as t;',
        'load jdbc.`orders` where url="jdbc:sqlite:shop.db" as t;',
        'load jdbc.`` where url="jdbc:sqlite:shop.db" and dbtable="orders" as t;',
    ],
)
def test_ways_to_name_a_table(scripts: Scripts, load: str) -> None:
    assert [row[0] for row in scripts.rows(load)] == [1, None, 2]


def test_a_name_that_is_no_word(scripts: Scripts) -> None:
    scripts.sqlite("""CREATE TABLE "my ""order" ("a b" INTEGER, "select" TEXT); CREATE TABLE "order" (a);
        INSERT INTO "my ""order" VALUES (1, 'x')""")
    assert scripts.rows('load jdbc.`shop."my ""order"` as t;') == [(1, "x")]
    assert scripts.rows("load jdbc.`shop.order` as t;") == []


def test_rows_are_read_at_the_first_use_and_kept(scripts: Scripts) -> None:
    scripts.run("load jdbc.`shop.orders` as t;")
    scripts.sqlite("DELETE FROM orders WHERE id IS NULL")
    count = "select count(*) as n from t as u;"
    assert scripts.rows(count) == [(2,)]
    scripts.sqlite("DELETE FROM orders")
    assert scripts.rows(count) == [(2,)]
    scripts.run("refresh table t;")
    assert scripts.rows(count) == [(0,)]


@pytest.mark.parametrize(
    ("column", "values", "kind", "rows"),
    [
        ("a INTEGER", "(1), (NULL), (9223372036854775807)", "int64", [1, None, 9223372036854775807]),
        ("a INTEGER", "(1), (2.5)", "double", [1.0, 2.5]),
        ("a INTEGER", "(1), ('x'), (2.5)", "string", ["1", "x", "2.5"]),
        ("a REAL", "(1), (2)", "double", [1.0, 2.0]),
        ("a DECIMAL(5, 2)", "(3), (4)", "double", [3.0, 4.0]),
        ("a VARCHAR(5)", "('x'), (NULL)", "string", ["x", None]),
        ("a TEXT", "(1), (2)", "string", ["1", "2"]),
        ("a BLOB", "(x'0041'), (NULL)", "binary", [b"\x00A", None]),
        ("a BLOB", "(1), ('x')", "string", ["1", "x"]),
        ("a DATE", "('2020-01-02')", "string", ["2020-01-02"]),
        ("a", "(NULL), ('x')", "string", [None, "x"]),
        ("a", "(NULL), (1.5)", "double", [None, 1.5]),
        ("a", "(NULL), (7)", "int64", [None, 7]),
    ],
)
def test_types_of_columns(scripts: Scripts, column: str, values: str, kind: str, rows: list[object]) -> None:
    scripts.sqlite(f"CREATE TABLE t ({column}); INSERT INTO t VALUES {values}")
    assert scripts.types("load jdbc.`shop.t` as t;") == {"a": kind}
    assert scripts.rows("load jdbc.`shop.t` as t;") == [(row,) for row in rows]


def test_an_empty_table_has_the_types_that_it_declares(scripts: Scripts) -> None:
    scripts.sqlite("CREATE TABLE t (a BIGINT, b DOUBLE, c CLOB, d BLOB, e NUMERIC)")
    load = "load jdbc.`shop.t` as t;"
    assert scripts.types(load) == {"a": "int64", "b": "double", "c": "string", "d": "binary", "e": "double"}
    assert scripts.rows(load) == []


@pytest.mark.parametrize(("last", "kind", "value"), [("'x'", "string", "x"), ("2.5", "double", 2.5)])
def test_a_column_whose_first_values_are_null(scripts: Scripts, last: str, kind: str, value: object) -> None:
    scripts.sqlite(f"""CREATE TABLE t (a);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
        INSERT INTO t SELECT NULL FROM n;
        INSERT INTO t VALUES ({last})""")
    assert scripts.types("load jdbc.`shop.t` where fetchsize='100' as t;") == {"a": kind}
    assert scripts.rows("load jdbc.`shop.t` where fetchsize='100' as t;")[2999:] == [(None,), (value,)]


@pytest.mark.parametrize("fetchsize", ["10", "0"])
@pytest.mark.parametrize(
    ("most", "last", "words"),
    [
        ("i", "'x'", "whole numbers"),
        ("i", "2.5", "whole numbers"),
        ("i + 0.5", "'x'", "numbers"),
    ],
)
def test_a_later_value_of_another_type(scripts: Scripts, fetchsize: str, most: str, last: str, words: str) -> None:
    scripts.sqlite(f"""CREATE TABLE t (b, a);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
        INSERT INTO t SELECT NULL, {most} FROM n; INSERT INTO t VALUES (NULL, {last})""")
    script = f"load jdbc.`shop.t` where fetchsize='{fetchsize}' as t;"
    assert scripts.said(script) == (
        "DATA",
        f"the column 'a' of t holds {words}, and further on something else",
        "say its type in the option query: select cast(a as text) as a …",
        "`shop.t`",
    )
    assert scripts.rows("load jdbc.`shop` where query='select cast(a as text) as a from t' as t;")[2000:] == [
        (last.strip("'"),)
    ]


@pytest.mark.parametrize(
    ("most", "last", "value"),
    [("x'00'", "1", b"1"), ("x'00'", "'x'", b"x"), ("'x'", "x'41'", "A"), ("'x'", "1.5", "1.5")],
)
def test_later_bytes_text_and_numbers(scripts: Scripts, most: str, last: str, value: object) -> None:
    scripts.sqlite(f"""CREATE TABLE t (a);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
        INSERT INTO t SELECT {most} FROM n; INSERT INTO t VALUES ({last})""")
    assert scripts.rows("load jdbc.`shop.t` as t;")[2000:] == [(value,)]
    assert scripts.rows("load jdbc.`shop.t` where fetchsize='100' as t;")[2000:] == [(value,)]


def test_bytes_and_text_in_the_first_rows(scripts: Scripts) -> None:
    scripts.sqlite("CREATE TABLE t (a); INSERT INTO t VALUES (x'00'), ('x')")
    assert scripts.said("load jdbc.`shop.t` as t;")[:2] == (
        "DATA",
        "the column 'a' of t holds bytes and other values",
    )


def test_text_that_is_not_utf_8(scripts: Scripts) -> None:
    scripts.sqlite("CREATE TABLE t (a TEXT); INSERT INTO t VALUES (cast(x'ff' as text))")
    assert scripts.said("load jdbc.`shop.t` as t;")[:2] == ("DATA", "t holds text that is not UTF-8")


def test_many_rows(scripts: Scripts) -> None:
    scripts.sqlite("""CREATE TABLE t (a INTEGER, b TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000)
        INSERT INTO t SELECT i, 'row ' || i FROM n""")
    load = "load jdbc.`shop.t` as t; select count(*) as n, sum(a) as s, min(b) as b from t as u;"
    assert scripts.rows(load) == [(150000, 11250075000, "row 1")]
    assert [row[0] for row in scripts.rows("select a from t as u;")] == list(range(1, 150001))


@pytest.mark.parametrize(
    ("script", "code", "message", "hint", "place"),
    [
        (
            "load jdbc.`shp.orders` as t;",
            "UNKNOWN_CONNECTION",
            "there is no connection 'shp'",
            "did you mean 'shop'?",
            "`shp.orders`",
        ),
        (
            "load jdbc.`shop.order` as t;",
            "UNKNOWN_TABLE",
            "there is no table 'order'",
            "did you mean 'orders'?",
            "`shop.order`",
        ),
        (
            'load jdbc.`shop` where query="select * from order_s" as t;',
            "UNKNOWN_TABLE",
            "there is no table 'order_s'",
            "did you mean 'orders'?",
            "order_s",
        ),
        (
            'load jdbc.`shop` where query="select id, nope from orders" as t;',
            "SQL",
            "sqlite refuses the query: no such column: nope",
            None,
            "nope",
        ),
        (
            'load jdbc.`shop` where query="delete from orders" as t;',
            "SQL",
            'sqlite refuses the query: near "delete": syntax error',
            None,
            "delete",
        ),
        (
            'load jdbc.`shop.orders` where query="select 1" as t;',
            "BAD_VALUE",
            "the path names the table orders, and the option query another one",
            "with the option, the path is the connection's name alone",
            '"select 1"',
        ),
        (
            'load jdbc.`shop` where query="select 1" and dbtable="orders" as t;',
            "BAD_VALUE",
            "dbtable and query both tell what to load",
            "give one of them",
            '"select 1"',
        ),
        (
            "load jdbc.`shop` as t;",
            "BAD_VALUE",
            "nothing tells what to load",
            "jdbc.`name.table`, or one of the options dbtable and query",
            "`shop`",
        ),
        (
            "load jdbc.`` where dbtable='orders' as t;",
            "BAD_VALUE",
            "neither the path nor the option url tells the database",
            "connect jdbc where url=… as name; then jdbc.`name.table`",
            "``",
        ),
        (
            "load jdbc.`shop.orders` where url='jdbc:sqlite:other.db' as t;",
            "BAD_VALUE",
            "the option url tells a database, and the path another one's connection",
            None,
            "'jdbc:sqlite:other.db'",
        ),
    ],
)
def test_what_cannot_be_loaded(
    scripts: Scripts, script: str, code: str, message: str, hint: str | None, place: str
) -> None:
    assert scripts.said(script) == (code, message, hint, place)


def test_no_file_and_none_is_made(scripts: Scripts) -> None:
    said = scripts.said("load jdbc.`orders` where url='jdbc:sqlite:nope.db' as t;")
    assert said == (
        "FILE_NOT_FOUND",
        f"there is no sqlite database {scripts.folder}/nope.db",
        "a relative path starts from the folder of the script that holds it",
        "'jdbc:sqlite:nope.db'",
    )
    assert not (scripts.folder / "nope.db").exists()


def test_a_file_that_goes_away_before_it_is_read(scripts: Scripts) -> None:
    scripts.run("load jdbc.`shop.orders` as t;")
    scripts.database.unlink()
    error = scripts.error("select * from t as u;")
    assert (error.code, error.message) == ("FILE_NOT_FOUND", f"there is no sqlite database {scripts.database}")


def test_a_table_that_changes_before_it_is_read(scripts: Scripts) -> None:
    scripts.run("load jdbc.`shop.orders` as t;")
    scripts.sqlite("DROP TABLE orders")
    error = scripts.error("select * from t as u;")
    assert (error.code, error.message) == ("UNKNOWN_TABLE", "there is no table 'orders'")


def test_a_file_of_something_else(scripts: Scripts) -> None:
    scripts.database.write_text("id,price\n" * 100, encoding="utf-8")
    said = scripts.said("load jdbc.`shop.orders` as t;")
    assert said == ("DATA", f"{scripts.database} is not a sqlite database", None, '"jdbc:sqlite:shop.db"')


def test_the_drivers_are_an_extra(scripts: Scripts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adbc_driver_sqlite", None)
    said = scripts.said("load jdbc.`shop.orders` as t;")
    assert said == (
        "MISSING_EXTRA",
        "a sqlite database needs adbc_driver_sqlite, which is not installed",
        "pip install 'mlsql-engine[jdbc]'",
        "`shop.orders`",
    )


def test_the_password_is_not_shown(scripts: Scripts) -> None:
    script = CONNECT.replace("as shop", "as other").strip() + " load jdbc.`other.nope` as t;"
    assert "hunter2" not in scripts.error(script).render()
    for shown in ("!show jobs;", "!show connections;", "!show sources jdbc;"):
        assert "hunter2" not in str(scripts.rows(shown))


SOLD = "select 1 as id, 'x' as item union all select 2, null as sold;"


@pytest.mark.parametrize("mode", ["", "overwrite ", "append ", "errorIfExists ", "ignore "])
def test_save_makes_the_table(scripts: Scripts, mode: str) -> None:
    scripts.run(f"{SOLD} save {mode}sold as jdbc.`shop.sold`;")
    assert scripts.stored("SELECT * FROM sold") == [(1, "x"), (2, None)]
    assert scripts.stored("SELECT name, type FROM pragma_table_info('sold')") == [
        ("id", "INTEGER"),
        ("item", "TEXT"),
    ]


def test_save_makes_the_file(scripts: Scripts) -> None:
    scripts.database.unlink()
    scripts.run(f'{SOLD} save sold as jdbc.`` where url="jdbc:sqlite:shop.db" and dbtable="sold";')
    assert scripts.stored("SELECT * FROM sold") == [(1, "x"), (2, None)]


def test_save_where_the_table_is_there(scripts: Scripts) -> None:
    scripts.sqlite(
        "CREATE TABLE sold (ITEM TEXT, more TEXT DEFAULT 'd', id INTEGER); INSERT INTO sold VALUES ('a', 'b', 0)"
    )
    scripts.run(SOLD)
    for mode in ("", "errorIfExists "):
        assert scripts.said(f"save {mode}sold as jdbc.`shop.sold`;") == (
            "EXISTS",
            "the table sold exists already",
            "save overwrite …, or append, or ignore",
            "`shop.sold`",
        )
    scripts.run("save ignore sold as jdbc.`shop.sold`;")
    assert scripts.stored("SELECT * FROM sold") == [("a", "b", 0)]
    scripts.run("save append sold as jdbc.`shop.sold`;")
    assert scripts.stored("SELECT * FROM sold") == [("a", "b", 0), ("x", "d", 1), (None, "d", 2)]
    scripts.run("save overwrite sold as jdbc.`shop.sold`;")
    assert scripts.stored("SELECT * FROM sold") == [(1, "x"), (2, None)]


def test_save_over_the_table_that_is_read(scripts: Scripts) -> None:
    scripts.run("load jdbc.`shop.orders` as t; select id + 1 as id from t where id > 0 as u;")
    scripts.run("save overwrite u as jdbc.`shop.orders`;")
    assert scripts.stored("SELECT * FROM orders") == [(2,), (3,)]


def test_types_that_sqlite_stores_otherwise(scripts: Scripts) -> None:
    scripts.run("""select true as a, 1.50 as b, date'2020-01-02' as c, timestamp'2020-01-02 03:04:05' as d,
        1.5D as e, cast('ab' as binary) as f, null as g as t; save t as jdbc.`shop.t`;""")
    assert scripts.stored("SELECT * FROM t") == [
        (1, 1.5, "2020-01-02", "2020-01-02 03:04:05.000000", 1.5, b"ab", None)
    ]
    assert scripts.stored("SELECT strftime('%H', d) FROM t") == [("03",)]


@pytest.mark.parametrize(
    ("mode", "table", "code", "message"),
    [
        (
            "append",
            "select id + 1 as id from range(100000) as many;",
            "CANNOT_WRITE",
            "sold cannot be written: CHECK constraint failed: id < 100000",
        ),
        (
            "overwrite",
            "select id * 1000000000000000 as id from range(100000) as many;",
            "SQL",
            "overflow in multiplication of bigint (9224 * 1000000000000000)",
        ),
    ],
)
def test_a_save_that_fails_leaves_all_as_it_was(
    scripts: Scripts, mode: str, table: str, code: str, message: str
) -> None:
    scripts.sqlite("CREATE TABLE sold (id INTEGER CHECK (id < 100000)); INSERT INTO sold VALUES (7)")
    error = scripts.error(f"{table} save {mode} many as jdbc.`shop.sold`;")
    assert (error.code, error.message) == (code, message)
    assert scripts.stored("SELECT * FROM sold") == [(7,)]


def test_a_save_that_fails_leaves_no_file(scripts: Scripts) -> None:
    scripts.database.unlink()
    assert scripts.error("select array(1) as a as t; save t as jdbc.`shop.t`;").code == "UNSUPPORTED"
    assert not scripts.database.exists()


@pytest.mark.parametrize(
    ("script", "code", "message", "hint", "place"),
    [
        (
            "select vec_dense(array(1.0)) as v as t; save t as jdbc.`shop.t`;",
            "UNSUPPORTED",
            "sqlite has no type for the column 'v', which is vector",
            "make it text in a select before, or leave it out",
            "`shop.t`",
        ),
        (
            "select 1 as idd as t; save append t as jdbc.`shop.orders`;",
            "UNKNOWN_COLUMN",
            "there is no column 'idd'",
            "did you mean 'id'?",
            "`shop.orders`",
        ),
        (
            "select 1 as a, 2 as b as t; save t as jdbc.`shop.t` partitionBy b;",
            "BAD_VALUE",
            "partitionBy makes folders, and jdbc has none",
            None,
            "b",
        ),
        (
            "select 1 as a as t; save t as jdbc.`shop`;",
            "BAD_VALUE",
            "the path names no table, and there is no option dbtable",
            None,
            "`shop`",
        ),
        (
            "select 1 as a as t; save t as jdbc.`shop.t` where dbtable='u';",
            "BAD_VALUE",
            "the path names the table t, and the option dbtable another one",
            "with the option, the path is the connection's name alone",
            "'u'",
        ),
        (
            "select 1 as a as t; save t as jdbc.`shop.a b`;",
            "BAD_VALUE",
            "'a b' is not the name of a sqlite table",
            None,
            "`shop.a b`",
        ),
        (
            "select 1 as a as t; save t as jdbc.`shp.t`;",
            "UNKNOWN_CONNECTION",
            "there is no connection 'shp'",
            "did you mean 'shop'?",
            "`shp.t`",
        ),
    ],
)
def test_what_cannot_be_saved(
    scripts: Scripts, script: str, code: str, message: str, hint: str | None, place: str
) -> None:
    assert scripts.said(script) == (code, message, hint, place)
    assert scripts.stored("SELECT name FROM sqlite_master") == [("orders",)]


def test_save_into_no_folder(scripts: Scripts) -> None:
    said = scripts.said("select 1 as a as t; save t as jdbc.`t` where url='jdbc:sqlite:nope/shop.db';")
    assert said == (
        "FILE_NOT_FOUND",
        f"there is no folder {scripts.folder}/nope",
        None,
        "'jdbc:sqlite:nope/shop.db'",
    )


def test_there_and_back(scripts: Scripts) -> None:
    scripts.run("select id, cast(id as string) as name from range(100000) as t; save t as jdbc.`shop.t`;")
    same = "select count(*) as n from back join t on back.id = t.id and back.name = t.name as u;"
    assert scripts.rows(f"load jdbc.`shop.t` as back; {same}") == [(100000,)]


def test_check(scripts: Scripts) -> None:
    assert scripts.found(f"{CONNECT} load jdbc.`shop.t` as t; save t as jdbc.`shop.u`;") == []
    assert scripts.found("load jdbc.`t` where url='jdbc:sqlite:shop.db' as t;") == []
    assert scripts.found(f"{CONNECT} load jdbc.`shp.t` as t; save t as jdbc.`shp.t`;") == [
        "there is no connection 'shp'",
        "there is no connection 'shp'",
    ]
    assert scripts.found('connect jdbc where url="jdbc:mysql:x" as shop;') == [
        "databases of 'mysql' are not supported"
    ]
    assert scripts.found("connect jdbc where user='x' as shop;") == ["connect jdbc needs the option 'url'"]


def test_a_decimal_is_a_double(scripts: Scripts) -> None:
    scripts.run("select 1.25 as a as t; save t as jdbc.`shop.t`;")
    assert scripts.rows("select a from t as u;") == [(Decimal("1.25"),)]
    assert scripts.rows("load jdbc.`shop.t` as back;") == [(1.25,)]
