"""Conditions as texts: their parts, their names, their values. (Whole conditions: tests/scripts.)"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from mlsql_engine.core.errors import BadValue, UnknownName
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text
from mlsql_engine.engines.quoting import spark_literal
from mlsql_engine.statements.conditions import literal, named_query, parts, with_values
from unit.statements.scripts import Scripts


def text(value: str) -> Text:
    return Text.literal(value, Span(Source("s", value), 0, len(value)))


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (" :a > 1 ", [":a > 1"]),
        (" select 1 as :a ; :a > 1 ;", ["select 1 as :a", ":a > 1"]),
        ("select ';' as :a; with x as (select 1) select 2 as :b; ';' = :a", None),
        ("/* ; */ :a > 1 -- ;", ["/* ; */ :a > 1 -- ;"]),
        (":a = ';' and `x;y` = \";\"", [":a = ';' and `x;y` = \";\""]),
    ],
)
def test_parts(condition: str, found: list[str] | None) -> None:
    expected = found or ["select ';' as :a", "with x as (select 1) select 2 as :b", "';' = :a"]
    assert [part.value for part in parts(text(condition))] == expected
    assert [part.span.text for part in parts(text(condition))] == expected


def test_names_of_a_select() -> None:
    query, names = named_query(text("select count(*) AS :n, max(x) as  :most_x, ':a' as b, y::int as c from t"))
    assert query.value == "select count(*) AS `n`, max(x) as  `most_x`, ':a' as b, y::int as c from t"
    assert {name: place.text for name, place in names.items()} == {"n": ":n", "most_x": ":most_x"}


@pytest.mark.parametrize(
    ("expression", "filled"),
    [
        (":n > 9", "10 > 9"),
        (":code == '007'", "'007' == '007'"),
        ("length(:n) == 2", "length('10') == 2"),
        ("(:n) > 1 and (:n + 1) > 2", "(10) > 1 and (10 + 1) > 2"),
        ("not(:n > 1)", "not(10 > 1)"),
        ("length(trim(:n)) > :n", "length(trim('10')) > 10"),
        (":n in (:n, 2)", "10 in (10, 2)"),
        ("case when (:n) then(:n) end", "case when (10) then(10) end"),
        ("cast(:n as int) > 1", "cast('10' as int) > 1"),
        (":text like 'a:n%'", "'it\\'s' like 'a:n%'"),
        ('":n" = `:n` -- :n', '":n" = `:n` -- :n'),
        (":n::int > 1", "10::int > 1"),
        (":half > 0", "-0.5 > 0"),
        (":empty == ''", "'' == ''"),
    ],
)
def test_values(expression: str, filled: str) -> None:
    given = {"n": "10", "code": "007", "text": "it's", "half": "-0.5", "empty": ""}
    values = {name: spark_literal(value) for name, value in given.items()}
    assert with_values(text(expression), values).value == filled


def test_an_unknown_name_is_placed() -> None:
    with pytest.raises(UnknownName) as caught:
        with_values(text("1 > 0 and :nn > 1"), {"n": "1"})
    assert (caught.value.message, caught.value.hint) == ("there is no variable 'nn'", "did you mean 'n'?")
    assert caught.value.span is not None
    assert caught.value.span.text == ":nn"


@pytest.mark.parametrize(
    ("value", "sql"),
    [
        (None, "NULL"),
        (True, "true"),
        (3, "3"),
        (Decimal("1.50"), "1.50"),
        (1.5, "1.5D"),
        (float("inf"), "double('inf')"),
        ("it's \\ x", "'it\\'s \\\\ x'"),
        (date(2026, 1, 2), "date '2026-01-02'"),
        (datetime(2026, 1, 2, 3, 4, 5), "timestamp '2026-01-02 03:04:05'"),  # noqa: DTZ001
        (datetime(2026, 1, 2, tzinfo=UTC), "timestamp '2026-01-02 00:00:00+00:00'"),
    ],
)
def test_literals(value: object, sql: str) -> None:
    assert literal(value) == sql


@pytest.mark.parametrize(("value", "what"), [([1], "an array"), ({"a": 1}, "a struct or a map"), (b"x", "binary")])
def test_values_that_have_no_literal(value: object, what: str) -> None:
    with pytest.raises(BadValue) as caught:
        literal(value)
    assert caught.value.message == f"the value is {what}, which cannot be given a name in a condition"


@pytest.mark.parametrize(
    "value", ["it's", 'say "x"', "back\\slash", "new\nline", "é語\U0001f600", "", "${x}", "-- x", "1e5"]
)
def test_any_text_comes_through(scripts: Scripts, value: str) -> None:
    # In the script, the quotes of SQL and a reference are escaped once more.
    sql = spark_literal(value).replace("'", "\\'").replace("${", "\\${")
    script = f"!if ''' :v == {sql} '''; select 1 as a as t; !else; select 2 as a as t; !fi;"
    assert scripts.value(script, v=value) == 1


def test_a_condition_reads_no_more_than_it_needs(scripts: Scripts) -> None:
    """The second condition would fail; it is not looked at once the first holds."""
    assert scripts.value("!if '1 > 0'; select 1 as a as t; !elif 'nope(1)'; !fi;") == 1
