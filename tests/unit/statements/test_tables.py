"""create, insert, drop and refresh: whole or not at all, and who sees what."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from unit.statements.scripts import Scripts

SALES = "create table sales (product string, amount int); insert into sales values ('tea', 3), ('milk', 5);"
KEPT = [{"product": "tea", "amount": 3}, {"product": "milk", "amount": 5}]


@pytest.fixture
def sales(scripts: Scripts) -> Scripts:
    scripts.run(SALES)
    return scripts


def contents(scripts: Scripts) -> list[dict[str, object]]:
    return scripts.run("select * from sales as seen;")


@pytest.mark.parametrize(
    "wrong",
    [
        "insert into sales values ('beer', 1), ('wine', 'many')",
        "insert overwrite sales values ('beer', 'many')",
        "insert into sales select product, array_string_to_int(array('x'))[0] from sales",
        "insert overwrite sales select product, array_string_to_int(array('x'))[0] from sales",
        "insert into sales (product) values ('beer', 1)",
        "create table sales as select 1 as a",
        "create or replace table sales as select array_string_to_int(array('x')) as a",
        "create or replace table sales as select nothing as a",
        "drop table sale",
    ],
)
def test_all_or_nothing(sales: Scripts, wrong: str) -> None:
    sales.fails(f"{wrong};")
    assert contents(sales) == KEPT


def test_from_itself(sales: Scripts) -> None:
    sales.run("insert into sales select concat(product, '!'), amount from sales;")
    assert [row["product"] for row in contents(sales)] == ["tea", "milk", "tea!", "milk!"]
    sales.run("insert overwrite sales select product, amount + 1 from sales where amount > 3;")
    assert contents(sales) == [{"product": "milk", "amount": 6}, {"product": "milk!", "amount": 6}]
    sales.run("insert overwrite table sales select * from sales where false;")
    assert contents(sales) == []


def test_values_are_cast_as_the_columns_are(sales: Scripts) -> None:
    sales.run("insert into sales values (7, 2.0D); insert into sales values (true, '8');")
    assert contents(sales)[2:] == [{"product": "7", "amount": 2}, {"product": "true", "amount": 8}]


def test_fractions_are_cut_off_where_whole_numbers_are_wanted(sales: Scripts) -> None:
    with sales:
        sales.run("create table whole (a int, b bigint, c double);")
        sales.run("insert into whole values (2.6, cast(-2.6 as double), 2.6); insert into whole (c) select 7;")
        assert sales.run("select * from whole as t;") == [
            {"a": 2, "b": -2, "c": 2.6},
            {"a": None, "b": None, "c": 7.0},
        ]


def test_views_see_the_rows_and_selects_kept_before_do_not(sales: Scripts) -> None:
    sales.run(
        "create view total as select sum(amount) as n from sales; create table before as select * from total;"
    )
    sales.run("insert into sales values ('beer', 10);")
    assert sales.run("select v.n as view, t.n as table from total v cross join before t as x;") == [
        {"view": 18, "table": 8}
    ]


def test_a_replaced_table_lives_on_where_it_is_used(sales: Scripts) -> None:
    sales.run("select count(*) as n from sales as counted; create or replace table sales (a int);")
    assert sales.value("select n from counted as x;") == 2
    assert sales.run("select * from sales as x;") == []


def test_a_dropped_table_lives_on_where_it_is_used(sales: Scripts) -> None:
    sales.run("select count(*) as n from sales as counted; drop table sales;")
    assert sales.value("select n from counted as x;") == 2
    assert sales.fails("select * from sales as x;").code == "UNKNOWN_TABLE"
    sales.run("create table sales (a int);")


@pytest.mark.parametrize("made", ["select 1 as a as t;", "create view t as select 1 as a;"])
def test_what_create_table_did_not_make_takes_no_rows(scripts: Scripts, made: str) -> None:
    error = scripts.fails(f"{made} insert into t values (1);")
    assert error.message == "'t' is not a table that create made, so nothing can be inserted into it"


def test_a_select_of_the_name_takes_its_place(sales: Scripts) -> None:
    sales.run("select 1 as a as sales;")
    assert sales.fails("insert into sales values (1);").code == "SQL"


def test_random_rows_are_kept(scripts: Scripts) -> None:
    script = (
        "create table r as select rand() as x from range(5); select x from r as first; select x from r as again;"
    )
    scripts.run(script)
    query = "select count(*) as n from (select x from first intersect select x from again) as t;"
    assert scripts.value(query) == 5


def test_refresh_sees_new_files_and_new_columns(scripts: Scripts, tmp_path: Path) -> None:
    rows = tmp_path / "rows"
    rows.mkdir()
    (rows / "a.csv").write_text("a\n1\n")
    scripts.run("load csv.`rows` where header='true' as t; select * from t as u; !cache t;")
    (rows / "b.csv").write_text("a\n2\n")
    assert scripts.run("select * from t as x;") == [{"a": "1"}]
    assert sorted(row["a"] for row in scripts.run("refresh table t; select * from t as x;")) == ["1", "2"]
    assert sorted(row["a"] for row in scripts.run("select * from u as x;")) == ["1", "2"]
    for name in ("a.csv", "b.csv"):
        (rows / name).write_text("a,b\n3,4\n")
    assert scripts.run("refresh t; select distinct * from t as x;") == [{"a": "3", "b": "4"}]


def test_refresh_of_files_that_are_gone(scripts: Scripts, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1\n")
    scripts.run("load csv.`a.csv` as t;")
    os.remove(tmp_path / "a.csv")
    error = scripts.fails("refresh table t;")
    assert (error.code, error.message) == ("FILE_NOT_FOUND", f"there is no file {tmp_path}/a.csv")


def test_refresh_of_a_table_without_files_changes_nothing(sales: Scripts) -> None:
    sales.run("refresh table sales; select 1 as a as t; refresh table t;")
    assert contents(sales) == KEPT


def test_vectors_in_a_table_that_was_created(scripts: Scripts) -> None:
    scripts.run("create table v as select vec_dense(array(1.0, 2.0)) as f; insert into v select f from v;")
    assert scripts.run("select vec_array(f) as a from v as x;") == [{"a": [1.0, 2.0]}, {"a": [1.0, 2.0]}]
