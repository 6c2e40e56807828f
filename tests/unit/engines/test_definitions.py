"""create, insert, drop and refresh as texts. (The messages for wrong ones: tests/scripts/errors.)"""

from __future__ import annotations

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text
from mlsql_engine.engines.definitions import Create, Definition, Drop, Insert, Refresh, read


def of(text: str) -> Definition:
    return read(Text.literal(text, Span(Source("s", text), 0, len(text))))


def names(columns: tuple[Text, ...] | None) -> list[str] | None:
    return None if columns is None else [column.value for column in columns]


@pytest.mark.parametrize(
    ("text", "kind", "replace", "lenient", "columns", "query"),
    [
        ("create table t as select 1", "table", False, False, None, "select 1"),
        ("CREATE OR REPLACE TABLE t AS\nselect 1", "table", True, False, None, "select 1"),
        ("create table if not exists `t` as (select 1)", "table", False, True, None, "(select 1)"),
        ("create view t (a, `b c` ) as select 1, 2", "view", False, False, ["a", "b c"], "select 1, 2"),
        ("create temporary view t as with x as (select 1) select * from x", "view", False, False, None, None),
        ("create global temp table t as values (1)", "table", False, False, None, "values (1)"),
        ("create or replace temporary view if not exists t(a)as select 1", "view", True, True, ["a"], "select 1"),
    ],
)
def test_create_of_a_query(
    text: str, kind: str, replace: bool, lenient: bool, columns: list[str] | None, query: str | None
) -> None:
    found = of(text)
    assert isinstance(found, Create)
    assert (found.name.value, found.name.span.text.strip("`")) == ("t", "t")
    assert (found.kind, found.replace, found.lenient, names(found.columns)) == (kind, replace, lenient, columns)
    assert found.query is not None
    if query is not None:
        assert found.query.value == query
        assert found.query.span.text == query


def test_create_of_columns() -> None:
    found = of("create table t (a int, `b c` array<string>, c decimal(5, 2), d struct<x: int>)")
    assert isinstance(found, Create)
    assert found.query is None
    assert {name: kind.sql("spark") for name, kind in found.types.items()} == {
        "a": "INT",
        "b c": "ARRAY<STRING>",
        "c": "DECIMAL(5, 2)",
        "d": "STRUCT<x: INT>",
    }


@pytest.mark.parametrize(
    ("text", "overwrite", "columns", "query"),
    [
        ("insert into t values (1), (2)", False, None, "select * from values (1), (2)"),
        ("INSERT OVERWRITE TABLE t SELECT 1", True, None, "SELECT 1"),
        ("insert into table t (a,`b c`) select 1, 2", False, ["a", "b c"], "select 1, 2"),
        ("insert into t (select 1)", False, None, "(select 1)"),
        ("insert into t(a)(select 1)", False, ["a"], "(select 1)"),
        ("insert into t with x as (select 1) select * from x", False, None, "with x as (select 1) select * from x"),
        ("insert into t from u select a", False, None, "from u select a"),
        ("insert into t (a) values (')')", False, ["a"], "select * from values (')')"),
    ],
)
def test_insert(text: str, overwrite: bool, columns: list[str] | None, query: str) -> None:
    found = of(text)
    assert isinstance(found, Insert)
    assert (found.name.value, found.overwrite, names(found.columns)) == ("t", overwrite, columns)
    assert found.query.value == query


@pytest.mark.parametrize(
    ("text", "kind", "lenient"),
    [
        ("drop table t", "table", False),
        ("DROP VIEW IF EXISTS `t`", "view", True),
        ("drop temporary function t", "function", False),
        ("drop function if exists t", "function", True),
    ],
)
def test_drop(text: str, kind: str, lenient: bool) -> None:
    found = of(text)
    assert isinstance(found, Drop)
    assert (found.name.value, found.kind, found.lenient) == ("t", kind, lenient)


@pytest.mark.parametrize("text", ["refresh table t", "refresh t", "REFRESH TABLE `t`"])
def test_refresh(text: str) -> None:
    found = of(text)
    assert isinstance(found, Refresh)
    assert found.name.value == "t"


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("create table t (a int, b)", "the column 'b' has no type", "b"),
        ("create table t (a int, `A` int)", "two columns are called 'A'", "`A`"),
        (
            "create table t (a int) as select 1",
            "columns' names are expected here, with commas between them",
            "a int",
        ),
        ("create view v (a,) as select 1", "columns' names are expected here, with commas between them", "a,"),
        ("create view v ( ) as select 1", "there is nothing in these brackets", "( )"),
        ("insert into t (a, A) values (1, 2)", "the column 'A' is named twice", "A"),
        ("insert into t (1) values (1)", "columns' names are expected here, with commas between them", "1"),
        ("insert into t", "the statement ends too early", "t"),
        ("insert into t (a)", "the statement ends too early", ")"),
        ("insert t values (1)", "this is not an insert statement that mlsql has", "insert t"),
        ("drop table", "this is not a drop statement that mlsql has", "drop table"),
        ("drop", "this is not a drop statement that mlsql has", "drop"),
        ("refresh table t now", "'now' is not expected here", "now"),
        ("create table t (a (b)", "this bracket is not closed", "("),
    ],
)
def test_what_is_wrong(text: str, message: str, place: str) -> None:
    with pytest.raises(MlsqlError) as caught:
        of(text)
    assert caught.value.message == message
    assert caught.value.span is not None
    assert caught.value.span.text == place
