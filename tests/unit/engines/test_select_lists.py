"""Select lists of requests: as whole queries, and as values that need no engine."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mlsql_engine.core.errors import MlsqlError, SyntaxProblem
from mlsql_engine.engines import select_lists
from mlsql_engine.engines.select_lists import (
    Array,
    Call,
    Column,
    Constant,
    Dense,
    Everything,
    Sparse,
    Struct,
    Value,
)

A = Column("a")
ONE = Constant(1, "int")


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("f(a) as p", "SELECT f(a) as p FROM data "),
        ("select a;", "select a FROM data "),
        ("a where b > 1 order by c", "SELECT a  FROM data where b > 1 order by c"),
        ("a from data", "SELECT a from data"),
        ("extract(year from d)", "SELECT extract(year from d) FROM data "),
        ("a limit 3", "SELECT a  FROM data limit 3"),
        ("select a lateral view explode(b) t as x", "select a  FROM data lateral view explode(b) t as x"),
        (
            "with t as (select 1 as x from data) select x from t",
            "with t as (select 1 as x from data) select x from t",
        ),
        ("(select a from data)", "(select a from data)"),
        ("from data", "from data"),
    ],
)
def test_the_whole_query(text: str, query: str) -> None:
    assert select_lists.whole(text).value == query


def test_what_was_added_has_no_place_of_its_own() -> None:
    query = select_lists.whole("aa where b")
    assert query.value == "SELECT aa  FROM data where b"
    shown = [query.place(place, place + 1).start for place in range(len(query.value))]
    assert shown == [0] * 7 + [0, 1, 2] + [2] * 11 + [3, 4, 5, 6, 7, 8, 9]


def test_nothing_is_no_select_list() -> None:
    with pytest.raises(SyntaxProblem, match="the select list is empty"):
        select_lists.whole(" ;")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A", Column("A")),
        ("data.`b c`", Column("b c")),
        ("data", Column("data", may_be_row=True)),
        ("(a)", A),
        ("1", ONE),
        ("-2147483648", Constant(-2147483648, "int")),
        ("-2147483648L", Constant(-2147483648, "bigint")),
        ("1L", Constant(1, "bigint")),
        ("1.50", Constant(Decimal("1.50"), "decimal")),
        ("-1.5D", Constant(-1.5, "double")),
        ("1e3", Constant(1000.0, "double")),
        ("'it''s'", Constant("it's", "string")),
        ("true", Constant(True, "boolean")),
        ("null", Constant(None, "null")),
        ("array(a, 1)", Array((A, ONE))),
        ("struct(a, 1 as x, 1)", Struct(("a", "x", "col3"), (A, ONE, ONE))),
        ("named_struct('k', a)", Struct(("k",), (A,))),
        ("struct(*)", Column("data", may_be_row=True)),
        ("vec_dense(a)", Dense(A)),
        ("vec_sparse(1, map(1, a))", Sparse(ONE, (ONE,), (A,))),
        ("Predict(translate(a), 1)", Call("predict", (Call("translate", (A,)), ONE))),
    ],
)
def test_values(text: str, value: Value) -> None:
    functions = {"predict": "model", "translate": "model"}
    made = select_lists.read(select_lists.whole(text), functions)  # type: ignore[arg-type]
    assert made.items == (value,)


def test_everything_and_aliases() -> None:
    made = select_lists.read(select_lists.whole("*, a as b, a `c`"), {})
    assert made.items == (Everything(), A, A)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a + 1", "Add"),
        ("upper(a)", "Upper"),
        ("a where a > 1", "where"),
        ("distinct a", "distinct"),
        ("a from data d, data e", "joins"),
        ("a from (select a from data)", "from"),
        ("a.b", "Dot"),
        ("-a", "Column"),
        ("array(1.5F)", "a literal of type real"),
        ("vec_norm(a, 2)", "vec_norm(…)"),
        ("g()", "Rand"),
        ("a union select a from data", "this"),
    ],
)
def test_what_only_an_engine_can_answer(text: str, reason: str) -> None:
    made = select_lists.read(select_lists.whole(text), {"g": "udf"})
    assert (made.items, made.reason) == (None, reason)


def test_the_place_of_a_call() -> None:
    made = select_lists.read(select_lists.whole("a,\n  f(a)"), {"f": "model", "g": "model"})
    assert {name: (span.start, span.end, span.text) for name, span in made.places.items()} == {"f": (5, 6, "f")}


@pytest.mark.parametrize("text", ["a; drop table data", "f(", "insert into data values (1)"])
def test_what_is_no_select(text: str) -> None:
    with pytest.raises(MlsqlError) as caught:
        select_lists.read(select_lists.whole(text), {})
    assert caught.value.code == "SYNTAX"
