"""Which names of a query are tables of the session, and which are its own."""

from __future__ import annotations

import pytest

from mlsql_engine.core.errors import UnknownName
from mlsql_engine.engines.dialect import translate
from unit.engines.duckdb.sessions import text

TABLES = {name: f"view of {name}" for name in "tuv"}


def read(query: str) -> list[str]:
    return sorted(translate(text(query), TABLES, {}).tables)


@pytest.mark.parametrize(
    ("query", "tables"),
    [
        ("with t as (select 1 as a), u as (select a from t) select * from u, t, v", ["v"]),
        ("with u as (select a from t), t as (select 1 as a) select * from u, t", ["t"]),
        ("with t as (select a from t) select a from t", ["t"]),
        ("with recursive t as (select 1 as a union all select a + 1 from t where a < 3) select a from t", []),
        ("with t as (select 1 as a) select * from (with u as (select a from t) select * from u) x, u", ["u"]),
        ("with t as (with u as (select a from v) select a from u, t) select * from t, u", ["t", "u", "v"]),
        ("select a from (with t as (select 1 as a) select a from t) x union all select a from t", ["t"]),
        ("select (with t as (select 1 as a) select max(a) from t) as m, (select max(a) from t) as n", ["t"]),
        ("with T as (select 1 as a) select a from t", []),
        ("with t as (select 1 as a), t as (select a from u) select a from t", ["u"]),
        (
            "with t as (select 1 as a) select a from u where a in (select a from t union select a from v)",
            ["u", "v"],
        ),
    ],
)
def test_tables_of_the_session(query: str, tables: list[str]) -> None:
    assert read(query) == tables


def test_a_schema_is_no_table_of_the_query() -> None:
    with pytest.raises(UnknownName, match=r"there is no table 'x\.t'") as raised:
        read("with t as (select 1 as a) select a from x.t")
    assert raised.value.span is not None
    assert raised.value.span.text == "x.t"
