"""Spark's functions of groups on DuckDB: the values that Spark 4.3 gives with its ANSI mode off."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from unit.engines.duckdb.sessions import EngineSession
from unit.engines.spark.values import same

ROWS = "(1, 10, 'a'), (cast(null as int), 20, 'b'), (4, 5, 'a'), (3, null, null)"
VALUES: list[tuple[str, Any]] = [
    ("collect_list(x)", [1, 4, 3]),
    ("array_agg(x)", [1, 4, 3]),
    ("first(x)", 1),
    ("first(x, true)", 1),
    ("last(x)", 3),
    ("last(x, true)", 3),
    ("any_value(x)", 1),
    ("any_value(x, true)", 1),
    ("max_by(y, x)", 5),
    ("min_by(y, x)", 10),
    ("percentile(x, 0.5)", 3.0),
    ("percentile(x, array(0.25, 0.75))", [2.0, 3.5]),
    ("percentile_approx(x, 0.5)", 3),
    ("approx_percentile(x, array(0.5, 1.0))", [3, 4]),
    ("median(x)", 3.0),
    ("count_if(x > 2)", 2),
    ("bool_and(x > 0)", True),
    ("every(x > 1)", False),
    ("some(x > 3)", True),
    ("any(x > 9)", False),
    ("skewness(x)", -0.38180177416060623),
    ("kurtosis(x)", -1.5000000000000004),
    ("stddev(x)", 1.5275252316519468),
    ("stddev_pop(x)", 1.247219128924647),
    ("var_samp(x)", 2.3333333333333335),
    ("try_sum(x)", 8),
    ("try_avg(x)", 2.6666666666666665),
    ("listagg(z)", "aba"),
    ("listagg(z, '-')", "a-b-a"),
    ("string_agg(z)", "aba"),
    ("count(distinct z)", 2),
    ("sum(distinct x)", 8),
    ("avg(x)", 2.6666666666666665),
    ("min(z)", "a"),
    ("max(x)", 4),
    ("mode(z)", "a"),
    ("bit_and(x)", 0),
    ("bit_or(x)", 7),
    ("bit_xor(x)", 6),
    ("corr(x, y)", -1.0),
    ("covar_samp(x, y)", -7.5),
    ("regr_slope(x, y)", -0.6),
    ("collect_list(x) filter (where x > 1)", [4, 3]),
    ("first(x) filter (where x > 2)", 4),
    ("last(x, true) filter (where x < 4)", 3),
    ("sum(x) filter (where z = 'a')", 5),
    ("std(x)", 1.5275252316519468),
    ("count(*)", 4),
    ("count(x)", 3),
    ("size(collect_set(z))", 2),
    ("percentile_cont(0.5) within group (order by x)", 3.0),
    # Functions that are chosen by the types of what they are given, over aggregates.
    ("cast(max(x) as string)", "4"),
    ("cast(sum(x) as string)", "8"),
    ("cast(max(z) as string)", "b"),
    ("concat('n=', count(*))", "n=4"),
    ("hex(max(y))", "14"),
    ("hex(max(z))", "62"),
    ("base64(max(z))", "Yg=="),
    ("reverse(max(z))", "b"),
    ("reverse(collect_list(x))", [3, 4, 1]),
    ("collect_list(x)[0]", 1),
    ("cast(max(date '2020-01-31') as string)", "2020-01-31"),
    ("cast(max(timestamp '2020-01-31 10:00:00') as date)", date(2020, 1, 31)),
    ("max(date '2020-01-31') + interval 1 day", date(2020, 2, 1)),
    ("concat_ws(',', max(z), min(z))", "b,a"),
    ("length(max(z))", 1),
    ("max(cast(max(x) as string)) over ()", "4"),
]


@pytest.mark.parametrize(("expression", "value"), VALUES)
def test_value(session: EngineSession, expression: str, value: Any) -> None:
    ((found,),) = session.rows(f"select {expression} from values {ROWS} as t(x, y, z)")
    same(found, value)
