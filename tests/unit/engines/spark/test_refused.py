"""What DuckDB cannot be given is refused at the user's own words."""

from __future__ import annotations

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.engines.duckdb import functions
from mlsql_engine.engines.spark_functions import MISSING
from unit.engines.duckdb.sessions import EngineSession

REFUSED = [
    ("hash(1)", "UNSUPPORTED", "Spark's function hash is missing on DuckDB", "hash"),
    ("1 + TO_CHAR(5, '9')", "UNSUPPORTED", "Spark's function to_char is missing on DuckDB", "TO_CHAR"),
    (
        "date_format('2020-01-01', 'GG')",
        "UNSUPPORTED",
        "'GG' in the pattern 'GG' cannot be had on DuckDB",
        "date_format",
    ),
    ("to_date('x', concat('y', 'y'))", "UNSUPPORTED", "the pattern must be a constant string on DuckDB", "to_date"),
    ("transform(array(1), 5)", "SQL", "a function is wanted here", "transform"),
    (
        "transform(array(1), (a, b, c) -> a)",
        "SQL",
        "the function must have 1 or 2 arguments, it has 3",
        "transform",
    ),
    (
        "array_sort(array(1), (a, b) -> 0)",
        "UNSUPPORTED",
        "array_sort with a function of two elements is missing on DuckDB",
        "array_sort",
    ),
    ("format_string('%s %s', 'a')", "SQL", "the pattern takes 2 values, 1 are given", "format_string"),
    ("from_json('{}', 'a NOTYPE')", "SQL", "'a NOTYPE' is not a schema", "from_json"),
    ("substring_index('a', 1)", "SQL", "substring_index does not take these arguments", "substring_index"),
    ("date_format(now())", "SQL", "date_format does not take 1 argument", "date_format"),
    ("array_contains(1, 1)", "SQL", "array_contains does not take (int, int)", "array_contains"),
    ("timestampdiff(eon, now(), now())", "SQL", "there is no unit of time 'eon'", "timestampdiff"),
    ("extract(eon from now())", "SQL", "there is no part of time 'eon'", None),
    ("explode(m) from (select map('a', 1) as m)", "SQL", "only an array or a map can be made rows of", "explode"),
    (
        "1 where rand(3) > 0.5",
        "UNSUPPORTED",
        "rand with a seed can only stand in the columns of a select on DuckDB",
        "rand",
    ),
    ("percentile(1, 0.5, 2)", "UNSUPPORTED", "percentile with frequencies is missing on DuckDB", "percentile"),
]


@pytest.mark.parametrize(("expression", "code", "message", "place"), REFUSED)
def test_refused(session: EngineSession, expression: str, code: str, message: str, place: str | None) -> None:
    query = f"select {expression}"
    with pytest.raises(MlsqlError) as raised:
        session.rows(query)
    assert (raised.value.code, raised.value.message) == (code, message)
    assert raised.value.span is not None
    assert raised.value.span.text == (place or query)


@pytest.mark.parametrize("name", sorted(MISSING))
def test_missing_functions_are_named(session: EngineSession, name: str) -> None:
    with pytest.raises(MlsqlError) as raised:
        session.sql(f"select {name}(1, 2)")
    assert raised.value.message == f"Spark's function {name} is missing on DuckDB"
    assert raised.value.hint == "docs/sql.md lists what is missing"


def test_a_registered_function_may_have_the_name_of_a_missing_one(session: EngineSession) -> None:
    session.model("xxhash64")
    assert session.rows("select xxhash64(2)") == [(4.0,)]
    session.engine._functions.pop("xxhash64")  # type: ignore[attr-defined]


def test_seeded_numbers_come_again(session: EngineSession) -> None:
    session.numbers(100)
    first, second, other = (session.rows(f"select rand({seed}) as r from numbers") for seed in (1, 1, 2))
    assert first == second != other
    assert len(set(first)) == 100
    assert all(0 <= value < 1 for (value,) in first)


def test_every_macro_can_be_made(session: EngineSession) -> None:
    names = functions.names()
    session.engine._database.install_macros(names)  # type: ignore[attr-defined]
    internal = {name for name in names if name.startswith("mlsql_")}
    assert internal.isdisjoint(functions.RENAMED.values())


def test_a_model_inside_a_macro_is_called_once_a_row(session: EngineSession) -> None:
    session.numbers(1000)
    model = session.model("twice")
    assert session.rows("select sum(pmod(twice(a), 7)) as x from numbers") == [(2998.0,)]
    assert model.rows == 1000
