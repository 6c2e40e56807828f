"""What Spark and DuckDB write alike and mean otherwise: Spark's rows come out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from unit.engines.duckdb.sessions import EngineSession


@pytest.mark.parametrize(
    ("query", "row"),
    [
        ("select 'it''s', \"say \"\"hi\"\"\", '''', ''", ("it's", 'say "hi"', "'", "")),
        ("select 'a' 'b', 'a' \"b\"", ("ab", "ab")),
        ("select cast(3.7 as int), cast(-3.7 as int), int(3.7), bigint(-3.5), 3.7::int", (3, -3, 3, -3, 3)),
        ("select cast(d as int), cast(m as int), cast(d * 2 as bigint) from t", (3, 3, 7)),
        ("select cast(x as int), cast(b as int), cast(big as bigint) from t", (12, 1, 9007199254740993)),
        ("select cast(cast(big as decimal(20, 0)) as bigint) from t", (9007199254740993,)),
        ("select cast('12' as int), cast(cast(null as double) as int)", (12, None)),
        ("select cast('3' as int), cast(cast(d as int) + 0.5 as int), bigint(int(d)) from t", (3, 3, 3)),
        ("select dayofweek(day), weekday(day), extract(dow from day) from t", (2, 0, 2)),
        ("select dayofweek('2024-01-07'), weekday('2024-01-07')", (1, 6)),
    ],
)
def test_values(session: EngineSession, query: str, row: tuple[Any, ...]) -> None:
    session.sql(
        "select cast(3.7 as double) as d, 3.7 as m, '12' as x, true as b, 9007199254740993 as big, "
        "cast('2024-01-01' as date) as day",
        "t",
    )
    assert session.rows("select day from t") == [(date(2024, 1, 1),)]
    assert session.rows(query) == [row]


def test_a_model_inside_a_cast_is_called_once_a_row(session: EngineSession) -> None:
    session.numbers(10_000)
    model = session.model("score")
    rows = session.rows("select max(cast(score(a) as int)) as x, max(cast(score(a) as bigint)) as y from numbers")
    assert (rows, model.rows) == ([(19998, 19998)], 10_000)


def test_casts_inside_casts_stay_small(session: EngineSession) -> None:
    query = "select " + "cast(" * 12 + "3.7" + " as int)" * 12
    assert session.rows(query) == [(3,)]


def test_names_stay_sparks(session: EngineSession) -> None:
    session.sql("select cast(3.7 as double) as d", "t")
    assert session.columns("select cast(d as int), cast(d * 2 as int), weekday(d) from t limit 0") == [
        "d",
        "CAST((d * 2) AS INT)",
        "weekday(d)",
    ]


def test_outer_keeps_rows_without_elements(session: EngineSession) -> None:
    session.sql("select array(1, 2) as l, 1 as k union all select array(), 2 union all select null, 3", "t")
    query = "select k, y from t lateral view {} explode(l) x as y order by k, y"
    assert session.rows(query.format("outer")) == [(1, 1), (1, 2), (2, None), (3, None)]
    assert session.rows(query.format("")) == [(1, 1), (1, 2)]
