"""A plan and the engine give the same: rows, names, types and errors, of random select lists over random rows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.span import Source
from mlsql_engine.serving import json_rows
from mlsql_engine.serving.queries import Queries
from mlsql_engine.serving.sandbox.client import Query
from mlsql_engine.serving.sandbox.limits import QueryLimits
from mlsql_engine.serving.sandbox.pool import Sandboxes
from mlsql_sdk import vectors
from stand_in_functions import StandInFunctions


@dataclass
class Both:
    """The two ways to answer a query."""

    runner: asyncio.Runner
    functions: StandInFunctions
    sandboxes: Sandboxes
    queries: Queries

    def served(self, text: str, batch: pa.RecordBatch) -> Any:
        """By a plan, where there is one."""
        return self._outcome(self.queries.rows(text, batch, time.monotonic() + 60))

    def engine(self, text: str, batch: pa.RecordBatch) -> Any:
        """By the engine."""
        query = Query(Source("sql", text), self.functions.functions)
        deadline = time.monotonic() + 60

        def predict(name: str, part: Any) -> Any:
            return self.functions.predict(name, part, deadline)

        return self._outcome(self.sandboxes.rows(query, batch, predict, deadline))

    def _outcome(self, coroutine: Any) -> Any:
        try:
            batches = self.runner.run(coroutine)
        except MlsqlError as error:
            return error.code, error.message, error.span and (error.span.start, error.span.end), error.hint
        for batch in batches:
            batch.validate(full=True)
        schema = batches[0].schema
        return [(field.name, field.type) for field in schema], json_rows.rows(batches)

    def reason(self, text: str, batch: pa.RecordBatch) -> str | None:
        """Why there is no plan, if there is none."""
        return self.queries.reason(text, batch.schema)


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    with asyncio.Runner() as runner:

        async def make() -> Both:
            functions, sandboxes = StandInFunctions(), Sandboxes(QueryLimits())
            return Both(runner, functions, sandboxes, Queries(functions, sandboxes))

        made = runner.run(make())
        yield made
        made.sandboxes.close()


doubles = st.floats(width=64) | st.sampled_from([0.0, -0.0, 1.5, float("nan"), float("inf"), 1e300])
bigints = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 5)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
tuples = st.one_of(
    st.tuples(st.just(1), st.none(), st.none(), st.lists(doubles, max_size=3)),
    st.just((0, 5, [1, 3], [2.0, 0.5])),
    st.just((0, 3, [], [])),
)
VALUES: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "a": (pa.int64(), bigints),
    "B": (pa.float64(), doubles),
    "s": (pa.string(), texts),
    "t": (pa.bool_(), st.booleans()),
    "n": (pa.int32(), st.integers(-2, 5)),
    "l": (pa.list_(pa.float64()), st.lists(doubles, max_size=3)),
    "two": (pa.list_(pa.float64()), st.lists(doubles, min_size=2, max_size=2)),
    "holes": (pa.list_(pa.float64()), st.lists(st.none() | doubles, max_size=3)),
    "k": (pa.list_(pa.int64()), st.lists(bigints, max_size=3)),
    "o": (
        pa.struct([("x", pa.int64()), ("Y", pa.list_(pa.string()))]),
        st.fixed_dictionaries({"x": st.none() | bigints, "Y": st.none() | st.lists(st.none() | texts, max_size=2)}),
    ),
    "ü d": (pa.int64(), bigints),
}


@st.composite
def batches(draw: st.DrawFn) -> pa.RecordBatch:
    """Some rows of all columns, with NULLs, maybe as a slice of more."""
    count = draw(st.sampled_from([1, 2, 3, 4, 0]))
    before = draw(st.integers(0, 1))
    nullable = draw(st.booleans())
    columns: dict[str, pa.Array] = {}
    for name, (kind, some) in VALUES.items():
        cells = st.none() | some | some if nullable else some
        columns[name] = pa.array(draw(st.lists(cells, min_size=count + before, max_size=count + before)), kind)
    rows = draw(
        st.lists(st.none() | tuples if nullable else tuples, min_size=count + before, max_size=count + before)
    )
    columns["v"] = vectors.from_tuples(rows)
    return pa.record_batch(columns).slice(before)


def comma(*parts: st.SearchStrategy[str], least: int = 0, most: int = 3) -> st.SearchStrategy[str]:
    return st.lists(st.one_of(*parts), min_size=least, max_size=most).map(", ".join)


whole_columns = ["a", "A", "n", "`ü d`", "data.a"]
wholes = st.sampled_from([*whole_columns, "1", "-2", "0", "3L", "2147483648", "(n)"])
literals = st.sampled_from(["1", "2.5D", "-3", "4L"])
doubles_ = st.sampled_from(["B", "b", "2.5D", "1e3", "-1e-3", "(data.B)"])
numbers = wholes | doubles_
scalars = numbers | st.sampled_from(
    ["s", "t", "'x'", "'it''s é'", "true", "null", '"q"', "1.5", "-0.25", "(-(1.50))"]
)
no_holes = st.sampled_from(["l", "two", "k", "L"])
number_lists = st.one_of(no_holes, comma(numbers, least=1).map("array({})".format))
wild_lists = (
    number_lists | comma(numbers, st.sampled_from(["null", "1.5"])).map("array({})".format) | st.just("holes")
)
digits = st.sampled_from(["0", "1", "2", "3", "4"])
keys = st.lists(digits, unique=True, min_size=2, max_size=4) | st.lists(digits, max_size=1)
wild_keys = st.lists(st.sampled_from(["0", "1", "n", "4", "-1"]), max_size=3)


@st.composite
def sparse(draw: st.DrawFn, keys: st.SearchStrategy[list[str]], sizes: list[str]) -> str:
    """A sparse vector of some keys."""
    entries = ", ".join(f"{key}, {draw(numbers | literals)}" for key in draw(keys))
    return f"vec_sparse({draw(st.sampled_from(sizes))}, map({entries}))"


vector_texts = st.one_of(
    st.just("v"),
    number_lists.map("vec_dense({})".format),
    sparse(keys, ["5", "7", "5L"]),
    sparse(keys, ["5", "7", "null"]),
)
wild_vectors = wild_lists.map("vec_dense({})".format) | sparse(wild_keys, ["5", "n", "a", "0", "null", "-1"])
rows = st.sampled_from(["o", "struct(*)", "seen(*)", "data.o"])


def composed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """What may hold any value."""
    named = st.tuples(inner, st.sampled_from(["x", "`y z`", "X"])).map(lambda two: "{} as {}".format(*two))
    return st.one_of(
        comma(inner, named, least=1).map("struct({})".format),
        inner.map("named_struct('p', {}, 'q', 1)".format),
        inner.map("array({0}, {0}, null)".format),
        inner.map("({})".format),
        comma(inner, least=1).map("seen({})".format),
    )


predictions = st.one_of(
    comma(numbers, least=1).map("Predict({})".format),
    st.one_of(vector_texts, number_lists).map("predict({})".format),
    comma(numbers, least=2, most=2).map("two({})".format),
    st.sampled_from(["two(two)", "two(vec_dense(two))", "predict(predict(l), two(`two`))", "predict(1, 2)"]),
)
arrays = st.one_of(comma(numbers, least=1), predictions).map("translate({})".format)
wild = st.one_of(
    wild_lists,
    wild_vectors,
    comma(scalars).map("array({})".format),
    scalars.map("predict({})".format),
    number_lists.map("two({})".format),
    st.sampled_from(["1S", "1.5BD", "2.5F", "nope", "translate()", "vec_dense(s)", "array(l, k)", "a.b", "v.type"]),
)
values = st.recursive(
    st.one_of(scalars, number_lists, vector_texts, vector_texts, rows, predictions, arrays), composed, max_leaves=4
)
items = st.one_of(
    values,
    values,
    st.tuples(values, st.sampled_from(["p", "`q r`", "P", "seen"])).map(lambda two: "{} as {}".format(*two)),
    st.just("*"),
)
lists = st.tuples(
    st.sampled_from(["", "select ", "SELECT\n"]),
    comma(items, least=1, most=6) | comma(items, items, items, wild, least=1, most=2),
).map("".join)

ROWS = pa.record_batch({"a": [1, None], "l": pa.array([[1.0, float("nan")], []], pa.list_(pa.float64()))})


FORMS = [
    "*, A, data.b, `ü d`, (s)",
    "1, -2, 3L, 2147483648, -2147483648, 1.50, -0.25, 0.5, 2.5D, 1e3, -1e-3",
    "true, false, null, 'x', 'it''s é', \"q\", '' as e",
    "array(a, n, 1), array(a, 2.5D, null), array(s, 'x'), array(t), array(), array(null), array(l, two)",
    "array(array(1), array(n)), array(o, null), array(v), array(struct(a))",
    "struct(a, B as x, 1, s), named_struct('k', l, 'm', null), struct(struct(n)), struct(*), o",
    "vec_dense(l), vec_dense(k), vec_dense(array(a, 1, 2.5D)), vec_dense(array()), v",
    "vec_sparse(5, map(3, a, 1, 2.5D, 2, n)), vec_sparse(n9, map(4, 1, 0, B)), vec_sparse(0, map())",
    "seen(a, B, s, t, null, 1, 'x', 1.5), seen(struct(*)), seen(o), seen(array(a, 1.5D)), seen(v, vec_dense(k))",
    "predict(l), predict(vec_dense(l)), predict(a, B, 2), predict(vec_sparse(5, map(3, a, 1, 2.5D))), predict(v)",
    "two(two), two(vec_dense(two)), two(a, B), two(k2), translate(two(predict(a), predict(two)))",
    "predict(1, 2), seen('x', predict(1)), predict(two) as p, PREDICT(Two) as p, a as p",
]


def _rows(*, nulls: bool) -> pa.RecordBatch:
    """Three rows, or with NULLs in the second of them."""
    made: dict[str, tuple[pa.DataType, list[Any]]] = {
        "a": (pa.int64(), [1, 9007199254740993, -(2**63)]),
        "B": (pa.float64(), [1.5, float("nan"), -0.0]),
        "s": (pa.string(), ["x", "é😀", ""]),
        "t": (pa.bool_(), [True, False, True]),
        "n": (pa.int32(), [1, 2, 3]),
        "n9": (pa.int64(), [5, 9, 5]),
        "l": (pa.list_(pa.float64()), [[1.0, float("inf")], [], [2.5]]),
        "two": (pa.list_(pa.float64()), [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
        "k2": (pa.list_(pa.int64()), [[1, 2], [3, 4], [5, 6]]),
        "k": (pa.list_(pa.int64()), [[9007199254740993], [], [3, 4]]),
        "o": (pa.struct([("x", pa.int64()), ("Y", pa.list_(pa.string()))]), [{"x": 1, "Y": ["a", None]}] * 3),
        "ü d": (pa.int64(), [1, 2, 3]),
    }
    columns = {
        name: pa.array([values[0], None, values[2]] if nulls else values, kind)
        for name, (kind, values) in made.items()
    }
    middle = None if nulls else (0, 5, [1, 3], [2.0, 0.5])
    columns["v"] = vectors.from_tuples([(1, None, None, [1.0, 2.0]), middle, (1, None, None, [])])
    return pa.record_batch(columns)


@pytest.mark.parametrize("nulls", [False, True])
@pytest.mark.parametrize("text", FORMS)
def test_every_form_is_planned_as_the_engine_has_it(both: Both, text: str, nulls: bool) -> None:
    batch = _rows(nulls=nulls)
    assert both.served(text, batch) == both.engine(text, batch)
    assert both.reason(text, batch) == ""
    for part in (batch.slice(0, 1), batch.slice(2, 1), batch.slice(1), batch.slice(0, 0)):
        assert both.served(text, part) == both.engine(text, part)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(lists, batches())
@example("struct(*), seen(struct(*)), a as b, A, a", ROWS)
@example("vec_dense(l), Predict(vec_dense(l)), predict(l), seen(vec_dense(l))", ROWS.slice(0, 0))
def test_a_plan_gives_what_the_engine_gives(both: Both, text: str, batch: pa.RecordBatch) -> None:
    served = both.served(text, batch)
    reason = both.reason(text, batch)
    event("refused" if reason is None else f"engine: {reason}" if reason else "plan")
    assert served == both.engine(text, batch)
    # What is kept gives the same once more.
    assert both.served(text, batch) == served
